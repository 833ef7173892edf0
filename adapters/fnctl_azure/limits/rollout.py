"""What a canary on a plan with slots does not move."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Function
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.apps import App, apps
from fnctl_azure.limits.plans import plan_of

SLOTS = ("platform: Azure Functions deployment slots, as read (2026-11)",)
APART = "nothing to do where that is meant; else give it a route, or an app of its own: `targets: { azure: { app: ... } }`"
SLOTTED = "premium"


@rule("AZ412", "warning", "azure", needs="rollout")
def canary_moves_http_only(subject: Subject) -> Iterator[Found]:
    """Find functions that a canary on Premium does not reach: those that something else than HTTP starts.

    Why: The platform sends a share of the HTTP traffic to a slot. A message goes to whoever takes it first, so other triggers wait for the swap.

    Example:
        targets: { azure: { plan: premium } }
        rollout: { canary: 10% }
        functions:
          work: { handler: "work.py:work", triggers: [{ schedule: every 5m }] }

    Use instead: A canary for what has a route. An app without one, or one that comes packed, changes at once, and `fnctl rollback` is the way back.

    Sources: Azure Functions deployment slots, as read 2026-11.
    """
    if not subject.service.rollout.get("canary"):
        return
    span = subject.service.span("rollout", "canary")
    for app in (app for app in apps(subject.service) if plan_of(subject, app.functions[0]) == SLOTTED):
        if why := _whole(app):
            yield Found(f"the app `{app.name}` gets a new release at once", span, why, SLOTS, APART)
            continue
        others = [function.name for function in app.functions if any(trigger.kind != "http" for trigger in function.triggers)]
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            message = f"`{others[0]}`{more} of the app `{app.name}` gets a new release with the swap"
            yield Found(message, span, "moves HTTP only", SLOTS, APART, "advice")


def _whole(app: App) -> str:
    """Say why no share of an app's traffic can be moved; "" where it can."""
    if any(function.artifact for function in app.functions):
        return "it comes packed, and would take messages in the slot"
    return "" if any(_routed(function) for function in app.functions) else "nothing in it has a route"


def _routed(function: Function) -> bool:
    return any(trigger.kind == "http" for trigger in function.triggers) or (not function.triggers and function.interface != "task")


RULES: tuple[Rule, ...] = (canary_moves_http_only,)

"""What a manifest asks for and fnctl does not act on at Vercel yet: an error where the service would not be whole, a warning for comfort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fnctl.manifest.model import Key, Resource, Service
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_vercel.names import PRODUCTION, environment

COMFORTS = ("alarms",)
"""Words of `rollout` that only cost comfort."""


@rule("FN190", "error", "vercel", fixed=True)
def not_acted_on_yet(subject: Subject) -> Iterator[Found]:
    """Say what the manifest asks for and fnctl does not act on at Vercel yet.

    Why: What is asked for and not done must not be silent.

    Example:
        targets: { vercel: {} }
        resources: { uploads: { type: bucket } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], uses: { uploads: read } }

    Use instead:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }] }

    Sources: docs/platforms/vercel.md
    """
    service = subject.service
    for name in service.joined:
        yield _missing(service, f"the workflow `{name}`", "workflows", name)
    for resource in service.resources.values():
        yield from _resource_not_yet(service, resource)
    yield from _comforts(service)


def _resource_not_yet(service: Service, resource: Resource) -> Iterator[Found]:
    made = resource.type == "bucket" and not resource.existing
    if made and any(resource.name in function.uses for function in service.functions.values()):
        help = "make a Blob store by hand, and pass its token as a secret"
        yield _missing(service, f"the bucket `{resource.name}`", "resources", resource.name, help=help)
    if resource.own.get("raw"):
        yield _missing(service, "`targets.vercel.raw` of a resource", "resources", resource.name, "raw")


def _comforts(service: Service) -> Iterator[Found]:
    for word in COMFORTS:
        if service.rollout.get(word):
            yield _missing(service, f"`rollout.{word}`", "rollout", word, severity="warning")
    if service.rollout.get("canary") and environment(service.settings) != PRODUCTION:
        yield _missing(service, "`rollout.canary` outside production", "rollout", "canary", severity="warning")
    if service.ttl is not None:
        yield _missing(service, "`ttl`", "ttl", severity="warning")


def _missing(
    service: Service, what: str, *at: Key, severity: Literal["warning"] | None = None, help: str = "leave it out, or keep it for another target"
) -> Found:
    return Found(f"{what} is not acted on by Vercel yet", service.span(*at), help=help, severity=severity)


RULES: tuple[Rule, ...] = (not_acted_on_yet,)

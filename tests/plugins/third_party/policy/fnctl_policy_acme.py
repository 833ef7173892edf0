"""What Acme asks of every service: somebody who answers for it, data that stays in Europe, logs that end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fnctl.hookspecs import hookimpl
from fnctl.rules.model import Found, Rule, Subject, rule


@rule("ACME001", "error")
def owner_is_missing(subject: Subject) -> Iterator[Found]:
    """Find services without the tag `owner`.

    Why: At three in the morning somebody has to know whom to call.

    Example:
      tags: { team: shop }

    Use instead:
      tags: { team: shop, owner: anna@example.com }

    Sources: Acme's handbook, chapter 4, 2026-02
    """
    if "owner" not in subject.service.tags:
        span = subject.service.span("tags", key=True)
        yield Found(f"nobody answers for `{subject.service.name}`", span, "no `owner`", help="name a person: tags: { owner: ... }")


@rule("ACME002", "error", "aws")
def outside_europe(subject: Subject) -> Iterator[Found]:
    """Find services of production that run outside Europe.

    Why: The contract with our customers says where their data is.

    Example:
      targets: { aws: { region: us-east-1 } }

    Use instead:
      targets: { aws: { region: eu-central-1 } }

    Sources: Acme's data agreement, 2025-11
    """
    service = subject.service
    region = str(service.settings.get("region", ""))
    if service.protect and region and not region.startswith("eu-"):
        span = service.span("targets", "aws", "region")
        yield Found(f"{service.stage} runs in {region}", span, "not in Europe", help="take eu-central-1")


@rule("ACME003", "advice", preset="strict")
def logs_are_kept_long(subject: Subject) -> Iterator[Found]:
    """Point at logs that are kept for more than 90 days.

    Why: They may hold personal data, which we promise to delete.

    Example:
      functions:
        api: { handler: "api.py:app", logs: { retention: 365d } }

    Use instead:
      functions:
        api: { handler: "api.py:app", logs: { retention: 90d } }

    Sources: Acme's data agreement, 2025-11
    """
    for function in subject.service.functions.values():
        if (function.logs.retention or 3650) > 90:
            span = subject.service.span("functions", function.name, "logs", "retention")
            yield Found(f"the logs of `{function.name}` are kept too long", span, help="say `retention: 90d`")


@hookimpl
def fnctl_rules() -> Iterable[Rule]:
    """Bring them to every `fnctl validate`."""
    return (owner_is_missing, outside_europe, logs_are_kept_long)

"""Rules about the manifest's own `limits:`, which says where an account's quota differs from the platform's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fnctl.rules.model import Found, Subject, rule


@rule("FN070", "error")
def unknown_limit(subject: Subject) -> Iterable[Found]:
    """A limit in `limits:` that the platform does not have, or a value that is no number of its unit.

    ## What it does

    Looks up every name in `limits.TARGET`, and reads its value.

    ## Why

    A misspelt limit changes nothing, and the quota that it stands for keeps being reported.

    ## Example

        limits: { aws: { lambda.concurency: 5000 } }

    ## Use instead

    A name that `fnctl limits` lists: `lambda.concurrency`. Times and sizes are numbers of the limit's unit, or `30m` and `2GB`.

    ## Sources

    schemas/fnctl_schemas/limits
    """
    return _found(subject, "error")


@rule("FN071", "warning")
def fixed_limit(subject: Subject) -> Iterable[Found]:
    """A limit in `limits:` that the platform raises for nobody, or that the plan in use does not have.

    ## What it does

    Compares `limits.TARGET` with the limits that the platform raises on request.

    ## Why

    fnctl counts with the manifest's number, and the platform with its own: the deploy fails where validate was silent.

    ## Example

        limits: { aws: { lambda.timeout: 30m } }

    ## Use instead

    Leave it out. `fnctl limits` marks the limits that can be raised.

    ## Sources

    schemas/fnctl_schemas/limits
    """
    return _found(subject, "warning")


def _found(subject: Subject, severity: Literal["error", "warning"]) -> Iterable[Found]:
    target = subject.limits.target
    for problem in subject.limits.problems:
        if problem.severity == severity:
            span = subject.service.span("limits", target, problem.id, key=problem.what == "name")
            yield Found(problem.message, span, help=problem.help)

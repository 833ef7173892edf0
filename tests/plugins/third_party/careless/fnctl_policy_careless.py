"""Rules that raise, rules that are none, and a code that is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fnctl.hookspecs import hookimpl
from fnctl.rules.model import Found, Subject, rule


@rule("ODD001", "warning")
def raises(subject: Subject) -> Iterator[Found]:
    """Raise in the middle."""
    yield Found("the first of two", subject.service.span("service"))
    raise KeyError(subject.service.name)


@rule("AWS101", "advice")
def somebody_elses_code(_subject: Subject) -> Iterable[Found]:
    """Take a code of fnctl's own."""
    return [Found("never heard")]


@rule("odd-2", "advice")
def code_of_another_form(_subject: Subject) -> Iterable[Found]:
    """Take a code that nobody can write in a manifest."""
    return [Found("never heard")]


@hookimpl
def fnctl_rules() -> Iterable[Any]:
    """Return what should not be here, too."""
    return [raises, somebody_elses_code, code_of_another_form, "ODD003"]

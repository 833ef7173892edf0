"""What AWS's rules share: where a function's word stands, numbers out of a manifest's options, a range out of the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fnctl.graph import Json
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limit, Limits
from fnctl.rules.model import Found, Subject
from fnctl.source import Span

ASYNCHRONOUS = frozenset({"bucket", "topic", "bus"})
STREAMS = frozenset({"stream", "table"})
MAPPED = frozenset({"queue", "stream", "table"})
"""Kinds of trigger that Lambda polls for: an event source mapping each."""


def whole(value: Json) -> int | None:
    """Read a number that may be written as a text; None for a word and for nothing."""
    text = str(value)
    return int(text) if text.isdigit() else None


def at(subject: Subject, function: Function, *words: str | int) -> Span | None:
    """Find a function's word."""
    return subject.service.span("functions", function.name, *words)


def mapped(service: Service) -> Iterator[tuple[Function, Trigger]]:
    """Yield every trigger that Lambda polls for."""
    return ((f, t) for f in service.functions.values() for t in f.triggers if t.kind in MAPPED)


def asynchronous(function: Function) -> Trigger | None:
    """Return the first trigger of a function that calls it without waiting for the answer."""
    return next((trigger for trigger in function.triggers if trigger.kind in ASYNCHRONOUS), None)


def source(service: Service, trigger: Trigger) -> Resource | None:
    """Return the resource that a trigger listens to."""
    return service.resources.get(trigger.resource or "")


def outside(limits: Limits, id_: str, value: float | None, what: str, span: Callable[[], Span | None], help: str) -> Iterator[Found]:
    """Find a value above the limit `id_` or below `id_.min`. `span` is asked only then: one place costs a second reading of the manifest."""
    if value is None:
        return
    most, least = limits.get(id_), limits.get(f"{id_}.min")
    if most is not None and value > most.value:
        yield breach(most, f"{what} is over the platform's maximum", span(), f"{_written(value, most)}, and at most {most.amount()}", help)
    elif least is not None and value < least.value:
        yield breach(least, f"{what} is under the platform's minimum", span(), f"{_written(value, least)}, and at least {least.amount()}", help)


def _written(value: float, limit: Limit) -> str:
    """Write a value with its unit where that is short; `at most 5 subnets` says the others."""
    units = {"seconds": " s", "MB": " MB"}
    return f"{value:,}{units.get(limit.unit, '')}"

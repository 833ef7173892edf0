"""A finding about a limit: its source as a note, and softer where the number is not sure. What every adapter's rules share."""

from __future__ import annotations

import math
from typing import TypeAlias

from fnctl.dataclass import replace
from fnctl.diagnostics import Severity
from fnctl.rules.limits import Limit, Pattern, Runtime, Words
from fnctl.rules.model import Found, Measured, Subject
from fnctl.source import Span

Fact: TypeAlias = Limit | Pattern | Runtime | Words
"""One entry of a platform's limits."""


def breach(fact: Fact, message: str, span: Span | None = None, label: str | None = None, help: str | None = None) -> Found:
    """Make a finding about a fact. A number that is quoted or unsure warns and never blocks; a limit may itself ask for less than the rule."""
    return Found(message, span, label, (note(fact),), help, _softened(fact))


def oversize(subject: Subject, limit: Limit, built: Measured, size: int, help: str) -> Found:
    """Make a finding about an artifact that is too large, with its largest files: the platforms name neither."""
    first = built.functions[0]
    message = f"the artifact of `{first}` is over the platform's maximum"
    label = f"{megabytes(size)} {'packed' if size == built.size else 'unpacked'}, and at most {limit.amount()}"
    found = breach(limit, message, subject.service.span("functions", first, key=True), label, help)
    weighty = [(path, bytes_) for path, bytes_ in built.largest if bytes_ * 100 >= built.unpacked_size]  # what is less is not why
    files = ", ".join(f"{path} {megabytes(bytes_)}" for path, bytes_ in weighty or built.largest)
    return replace(found, notes=(*found.notes, f"largest: {files}") if files else found.notes)


def megabytes(size: int) -> str:
    """Write a size in bytes for people: `251.3 MB`. A size just over a whole number never reads as that number."""
    return f"{math.ceil(size / 1024**2 * 10) / 10:,.1f} MB"


def note(fact: Fact) -> str:
    """Name where a fact is from, and when that was written."""
    return f"limit: {fact.source} ({fact.date})" if fact.date else f"limit: {fact.source}"


def _softened(fact: Fact) -> Severity | None:
    asked = fact.severity if isinstance(fact, Limit) else "error"
    if asked == "error" and fact.sure in ("quoted", "unsure"):
        return "warning"
    return None if asked == "error" else asked

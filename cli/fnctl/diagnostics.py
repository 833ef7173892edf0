"""Findings: what is wrong, where, why it matters, and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, TypeAlias

from fnctl.dataclass import dataclass
from fnctl.source import Span

Severity: TypeAlias = Literal["error", "warning", "advice"]
SECRET = frozenset({"SEC001", "SEC006"})
"""Codes whose marked text is a credential: nothing shows it."""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "advice")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    `message` is one terse sentence without a full stop. `label` says what is wrong with the marked text, in a few words. `notes` are
    facts (a limit and its source). `help` is the next step; a command to copy stands on a line of its own. `fix` is what may stand in the
    marked text's place without a person's judgement.
    """

    code: str
    severity: Severity
    message: str
    span: Span | None = None
    label: str | None = None
    notes: tuple[str, ...] = ()
    help: str | None = None
    target: str | None = None
    fix: str | None = None


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any finding is an error, so that the run cannot go on."""
    return any(d.severity == "error" for d in diagnostics)


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Drop repeated findings and sort by file and position, the worst first on one spot; findings without a place come first."""
    unique = dict.fromkeys(diagnostics)

    def key(d: Diagnostic) -> tuple[str, int, int, int, str]:
        line, column = (d.span.line, d.span.column) if d.span else (0, 0)
        return (d.span.path if d.span else "", line, column, SEVERITIES.index(d.severity), d.code)

    return sorted(unique, key=key)


def summary(diagnostics: Iterable[Diagnostic]) -> dict[str, int]:
    """Count by severity; every severity is present."""
    counts = Counter(d.severity for d in diagnostics)
    return {severity: counts[severity] for severity in SEVERITIES}


def as_json(diagnostic: Diagnostic) -> dict[str, str | int | list[str] | None]:
    """Write one finding in the form of fnctl/diagnostics/1."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "path": span.path if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "target": diagnostic.target,
        "label": diagnostic.label,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }

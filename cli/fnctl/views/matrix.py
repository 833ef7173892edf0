"""The portability matrix for people and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.rules.matrix import Matrix, State
from fnctl.views.machine import document
from fnctl.views.theme import Paint, count

_WORDS: Mapping[State, str] = {"works": "yes", "differs": "differs", "later": "not yet", "no": "no", "elsewhere": "-"}
_STYLES: Mapping[State, str] = {"works": "good", "differs": "warning", "later": "warning", "no": "error", "elsewhere": "dim"}
LEGEND = (
    "yes: as the manifest says; differs: with a difference to know; not yet: fnctl does not do it there yet; no: refused; "
    "-: the manifest does not send it there"
)


def matrix(made: Matrix, paint: Paint, *, verbose: bool = False, width: int = 80) -> str:
    """One line a function, one column a target; then why, and what to use instead. Advice is for `verbose`."""
    lines = [paint(f"{made.service}, stage {made.stage}", "bold"), "", *_table(made, paint), "", *textwrap.wrap(LEGEND, width)]
    if undeclared := [target for target in made.targets if target not in made.declared]:
        lines += textwrap.wrap(f"*: the manifest does not name {' and '.join(undeclared)}; this is how it would be", width)
    for target in made.targets:
        lines += _reasons(made, target, paint, verbose=verbose, width=width)
    return "\n".join(lines)


def _table(made: Matrix, paint: Paint) -> Iterator[str]:
    first = max(len("FUNCTION"), *(len(name) for name in made.rows)) if made.rows else len("FUNCTION")
    heads = {target: target if target in made.declared else f"{target}*" for target in made.targets}
    widths = {target: max(len(head), len("not yet")) for target, head in heads.items()}
    yield paint("  ".join(["FUNCTION".ljust(first), *(heads[target].ljust(widths[target]) for target in made.targets)]).rstrip(), "dim")
    for name, row in made.rows.items():
        cells = [paint(_WORDS[row[target].state].ljust(widths[target]), _STYLES[row[target].state]) for target in made.targets]
        yield "  ".join([name.ljust(first), *cells]).rstrip()


def _reasons(made: Matrix, target: str, paint: Paint, *, verbose: bool, width: int) -> Iterator[str]:
    """Say once why something is not as the manifest says, and of which functions."""
    about: dict[Diagnostic, list[str]] = {d: [] for d in made.general[target]}
    for name, row in made.rows.items():
        for d in row[target].found:
            about.setdefault(d, []).append(name)
    shown = {d: names for d, names in about.items() if verbose or d.severity != "advice"}
    if shown:
        yield from ("", paint(target, "bold"))
    for d, names in shown.items():
        place = f" ({d.span.path}:{d.span.line})" if d.span else ""
        whose = ", ".join(names) if len(names) < 4 else count(len(names), "function")
        yield paint(d.code, d.severity) + f"  {whose}{': ' if whose else ''}{d.message}{place}"
        text = f"instead: {d.help}" if d.help else d.label or ""
        yield from textwrap.wrap(text, width, initial_indent="       ", subsequent_indent="       ", break_long_words=False, break_on_hyphens=False)


def matrix_document(made: Matrix) -> dict[str, Any]:
    """fnctl/matrix/1."""
    body = {
        "service": made.service,
        "stage": made.stage,
        "targets": [{"target": target, "declared": target in made.declared, "general": _found(made.general[target])} for target in made.targets],
        "functions": [
            {"name": name, "targets": {target: {"state": cell.state, "findings": _found(cell.found)} for target, cell in row.items()}}
            for name, row in made.rows.items()
        ],
    }
    return document("matrix", body)


def _found(found: tuple[Diagnostic, ...]) -> list[dict[str, Any]]:
    return [
        {
            "code": d.code,
            "severity": d.severity,
            "message": d.message,
            "path": d.span.path if d.span else None,
            "line": d.span.line if d.span else None,
            "column": d.span.column if d.span else None,
            "instead": d.help,
        }
        for d in found
    ]

"""Findings as GitHub Actions' workflow commands: annotations on the lines of a pull request."""

from __future__ import annotations

from fnctl.diagnostics import Diagnostic
from fnctl.views.placed import Findings, text

_LEVELS = {"error": "error", "warning": "warning", "advice": "notice"}


def render(findings: Findings) -> str:
    """Write one command a finding."""
    return "\n".join(_command(d, findings) for d in findings.found)


def _command(d: Diagnostic, findings: Findings) -> str:
    where = {"file": findings.path(d), **_position(d), "title": f"{d.code} ({d.target})" if d.target else d.code}
    properties = ",".join(f"{key}={_property(str(value))}" for key, value in where.items())
    return f"::{_LEVELS[d.severity]} {properties}::{_data(text(d))}"


def _position(d: Diagnostic) -> dict[str, int]:
    if d.span is None:
        return {"line": 1}
    start = {"line": d.span.line, "endLine": d.span.end_line or d.span.line}
    if start["endLine"] != d.span.line:
        return start  # GitHub refuses columns on an annotation of several lines
    return {**start, "col": d.span.column, "endColumn": max(d.span.column, (d.span.end_column or d.span.column + 1) - 1)}  # inclusive there


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")

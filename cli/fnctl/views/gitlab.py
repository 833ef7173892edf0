"""Findings as GitLab's code quality report: a JSON list, shown in merge requests."""

from __future__ import annotations

import json
from typing import Any

from fnctl.diagnostics import Diagnostic
from fnctl.views.placed import Findings, fingerprints, text

_SEVERITIES = {"error": "critical", "warning": "minor", "advice": "info"}


def render(findings: Findings) -> str:
    """Write the report."""
    entries = [_entry(d, mark, findings) for d, mark in zip(findings.found, fingerprints(findings), strict=True)]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def _entry(d: Diagnostic, mark: str, findings: Findings) -> dict[str, Any]:
    lines = {"begin": d.span.line if d.span else 1, **({"end": d.span.end_line} if d.span and d.span.end_line else {})}
    return {
        "description": text(d),
        "check_name": d.code,
        "fingerprint": mark,
        "severity": _SEVERITIES[d.severity],
        "location": {"path": findings.path(d), "lines": lines},
    }

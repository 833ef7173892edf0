"""Findings as SARIF 2.1.0, for code scanning and for editors that read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fnctl import __version__
from fnctl.diagnostics import Diagnostic
from fnctl.rules import pages
from fnctl.rules.model import Rule
from fnctl.source import Span
from fnctl.views.placed import Findings, fingerprints, safe, text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "advice": "note"}
_ROOT = "%SRCROOT%"


def render(findings: Findings) -> str:
    """Write one run."""
    codes = sorted({d.code for d in findings.found})
    marks = fingerprints(findings)
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "fnctl", "version": __version__, "rules": [_rule(code, findings) for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the checkout."}}},
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(d, codes.index(d.code), mark, findings) for d, mark in zip(findings.found, marks, strict=True)],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str, findings: Findings) -> dict[str, Any]:
    """Describe a rule, with all that GitHub's code scanning asks for. Its whole page is `help`, so that nobody needs a `helpUri`."""
    rule = findings.rules.get(code)
    if rule is None:  # a plugin's finding that no rule of its own declares: its sentence is all there is
        first = next(d for d in findings.found if d.code == code)
        return {"id": code, **_described(safe(first.message), safe(first.message), text(first)), "defaultConfiguration": _level(first)}
    page, tables = rule.page or rule.name, pages.every_plan(rule.targets)
    told = pages.sections(rule)
    full = "\n\n".join(told[heading] for heading in pages.HEADINGS[:2] if told.get(heading)) or page
    return {
        "id": code,
        "name": rule.name.title().replace("-", ""),
        **_described(page.partition("\n")[0], full, page, pages.body(rule, tables) if rule.page else page),
        "defaultConfiguration": _level(rule),
        "properties": {"tags": sorted(rule.targets)},
    }


def _described(short: str, full: str, text: str, markdown: str = "") -> dict[str, Any]:
    told = {"text": text, "markdown": markdown} if markdown else {"text": text}
    return {"shortDescription": {"text": short}, "fullDescription": {"text": full}, "help": told}


def _level(of: Rule | Diagnostic) -> dict[str, str]:
    return {"level": _LEVELS[of.severity]}


def _result(d: Diagnostic, index: int, mark: str, findings: Findings) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": _LEVELS[d.severity],
        "message": {"text": text(d)},
        "locations": [{"physicalLocation": _location(d, findings)}],
        "partialFingerprints": {"fnctl/v1": mark},
    }
    if d.fix is not None and d.span is not None:
        result["fixes"] = [_fix(d.fix, d.span, findings.path(d))]
    if d.target:
        result["properties"] = {"target": d.target}
    return result


def _location(d: Diagnostic, findings: Findings) -> dict[str, Any]:
    return {"artifactLocation": _artifact(findings.path(d)), "region": _region(d.span)}


def _artifact(path: str) -> Mapping[str, str]:
    return {"uri": quote(path), "uriBaseId": _ROOT}


def _region(span: Span | None) -> dict[str, int]:
    if span is None:
        return {"startLine": 1}
    start = {"startLine": span.line, "startColumn": span.column}
    return {**start, "endLine": span.end_line, "endColumn": span.end_column} if span.end_line and span.end_column else start


def _fix(new: str, span: Span, path: str) -> dict[str, Any]:
    replacement = {"deletedRegion": _region(span), "insertedContent": {"text": new}}
    return {
        "description": {"text": f"Write `{new}`."},
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": [replacement]}],
    }

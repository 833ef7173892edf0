"""Findings as a JUnit report, for CI systems that show test results: what fails the run is a failed test, the rest is told beside it."""

from __future__ import annotations

import re
import time
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from fnctl.diagnostics import Diagnostic
from fnctl.views.placed import Findings, text

# What XML 1.0 cannot hold, not even escaped.
_IMPOSSIBLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def render(findings: Findings) -> str:
    """Write one suite: a case for each failing finding, or one that passed."""
    failing = [d for d in findings.found if findings.fails(d)]
    counts = {"tests": str(len(failing) or 1), "failures": str(len(failing)), "errors": "0", "time": "0"}
    root = Element("testsuites")
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(findings.now))
    # Ant's schema asks for all of these attributes and elements, in this order, and Jenkins' for properties that are not empty.
    names = {"name": "fnctl validate", "package": "fnctl", "id": "0", "timestamp": when, "hostname": "localhost"}
    suite = SubElement(root, "testsuite", {**names, **counts})
    SubElement(SubElement(suite, "properties"), "property", {"name": "manifest", "value": _clean(findings.manifest)})
    for d in failing:
        _case(suite, d, findings)
    if not failing:
        SubElement(suite, "testcase", {"classname": _clean(findings.manifest), "name": "fnctl validate", "time": "0"})
    SubElement(suite, "system-out").text = _clean("\n\n".join(_told(d, findings) for d in findings.found if not findings.fails(d)))
    SubElement(suite, "system-err")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _case(suite: Element, d: Diagnostic, findings: Findings) -> None:
    name = f"{d.code} {_place(d, findings)}" + (f" ({d.target})" if d.target else "")
    case = SubElement(suite, "testcase", {"classname": _clean(findings.path(d)), "name": _clean(name), "time": "0"})
    failure = SubElement(case, "failure", {"message": _clean(d.message), "type": d.code})
    failure.text = _clean(_told(d, findings))


def _told(d: Diagnostic, findings: Findings) -> str:
    return f"{_place(d, findings)}: {d.severity}[{d.code}]: {text(d)}"


def _place(d: Diagnostic, findings: Findings) -> str:
    return str(d.span) if d.span else findings.manifest


def _clean(value: str) -> str:
    return _IMPOSSIBLE.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n"))

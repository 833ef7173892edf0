"""Findings for other programs: each form as a golden file, and against the rules of those who read it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema_rs
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from fnctl.diagnostics import Diagnostic
from fnctl.rules.model import Rule
from fnctl.source import Span
from fnctl.views import github, gitlab, junit, sarif
from fnctl.views.placed import Findings, fingerprints, placed, text
from formats import official

HERE = Path(__file__).parent
FORMS = {"sarif": sarif.render, "github": github.render, "junit": junit.render, "gitlab": gitlab.render}
LINES = {"shop, inc/50%: a b/fnctl.yaml": ["fnctl: 1", "service: orders", "    timeout: 20m", "    handlr: é"]}
PATH = next(iter(LINES))
FOUND = (
    Diagnostic("AWS101", "error", "timeout is over the platform's maximum", Span(PATH, 3, 14, 3, 17), "1200 s", ("limit: 900 s",), "split it", "aws"),
    Diagnostic("FN010", "error", "unknown key `handlr`, 100%:\r\na::b", Span(PATH, 4, 5, 4, 11), help="did you mean `handler`?", fix="handler"),
    Diagnostic("FN035", "warning", 'the secret <X> & "Y" is granted to no function \x1b\x00', Span(PATH, 1, 1, 2, 4)),
    Diagnostic("FN045", "advice", "not portable", Span(PATH, 2, 1)),
    Diagnostic("FN001", "error", "nothing there"),
)
RULE_101 = Rule(
    "AWS101", "error", "timeout-over-maximum", lambda _subject: (), "The timeout is over the maximum.\n\nWhy: it ends.", frozenset({"aws"})
)
FINDINGS = Findings(FOUND, PATH, LINES, now=1_795_000_000.0, rules={"AWS101": RULE_101})


def _closed(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required), "additionalProperties": False}


TEXT = _closed({"text": {"type": "string"}})
COUNT = {"type": "integer", "minimum": 1}
REGION = _closed({"startLine": COUNT}, startColumn=COUNT, endLine=COUNT, endColumn=COUNT)
ARTIFACT = _closed({"uri": {"type": "string", "pattern": r"^([A-Za-z0-9._~/@!$&'()*+,;=-]|%[0-9A-F]{2})+$"}, "uriBaseId": {"const": "%SRCROOT%"}})
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = _closed(
    {
        "id": {"type": "string"},
        "shortDescription": TEXT,
        "fullDescription": TEXT,
        "help": _closed({"text": {"type": "string"}}, markdown={"type": "string"}),
        "defaultConfiguration": _closed({"level": LEVEL}),
    },
    name={"type": "string"},
    properties=_closed({"tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}),
)
CHANGE = _closed({"artifactLocation": ARTIFACT, "replacements": {"minItems": 1, "items": _closed({"deletedRegion": REGION}, insertedContent=TEXT)}})
RESULT = _closed(
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "items": _closed({"physicalLocation": _closed({"artifactLocation": ARTIFACT, "region": REGION})})},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    fixes={"minItems": 1, "items": _closed({"artifactChanges": {"minItems": 1, "items": CHANGE}}, description=TEXT)},
    properties=_closed({"target": {"type": "string"}}),
)
RUN = _closed(
    {
        "tool": _closed(
            {"driver": _closed({"name": {"type": "string"}, "version": {"type": "string"}, "rules": {"uniqueItems": True, "items": RULE}})}
        ),
        "columnKind": {"const": "unicodeCodePoints"},
        "originalUriBaseIds": {"additionalProperties": _closed({"description": TEXT})},
        "invocations": {"items": _closed({"executionSuccessful": {"type": "boolean"}})},
        "results": {"type": "array", "items": RESULT},
    }
)
SARIF = _closed({"$schema": {"const": sarif.SCHEMA}, "version": {"const": "2.1.0"}, "runs": {"type": "array", "minItems": 1, "items": RUN}})
"""The part of the SARIF 2.1.0 schema that fnctl uses, closed: what we write is what we mean to write."""

GITLAB = {
    "type": "array",
    "items": _closed(
        {
            "description": {"type": "string"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _closed({"path": {"type": "string", "not": {"pattern": r"^(\./|/)"}}, "lines": _closed({"begin": COUNT}, end=COUNT)}),
        }
    ),
}
"""What GitLab's documentation asks of a code quality report (docs.gitlab.com, Code Quality, "Custom tool", read 2026-11)."""


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_as_it_was(form: str) -> None:
    golden = HERE / "golden" / f"{form}.txt"
    report = FORMS[form](FINDINGS) + "\n"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.write_text(report, "utf-8", newline="\n")
    assert report == golden.read_text("utf-8")


@pytest.mark.parametrize("form", FORMS)
def test_no_findings_are_a_whole_report(form: str) -> None:
    report = FORMS[form](Findings((), "fnctl.yaml", {}))
    if form == "sarif":
        assert not sarif_problems(report)
    elif form == "junit":
        assert junit_problems(report) == []
        assert len(ElementTree.fromstring(report).findall("testsuite/testcase")) == 1
    else:
        assert report == {"github": "", "gitlab": "[]"}[form]


def sarif_problems(report: str) -> list[str]:
    document = json.loads(report)
    validators = (official_sarif(), jsonschema_rs.Draft202012Validator(SARIF))
    problems = [error.message for validator in validators for error in validator.iter_errors(document)]
    for run in document["runs"]:
        ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        problems += [r["ruleId"] for r in run["results"] if ids[r["ruleIndex"]] != r["ruleId"]]
        regions = [r["locations"][0]["physicalLocation"]["region"] for r in run["results"]]
        problems += [str(r) for r in regions if r.get("endLine", r["startLine"]) < r["startLine"]]
    return problems


@cache
def official_sarif() -> Any:  # one of jsonschema-rs's validators
    """The whole schema; its two patterns of languages have a bracket too many, and we write no language."""
    schema = json.loads(official.read(official.SARIF))
    for name in ("run", "toolComponent"):
        del schema["definitions"][name]["properties"]["language"]["pattern"]
    return jsonschema_rs.validator_for(schema)


@cache
def junit_schemas() -> list[xmlschema.XMLSchema]:
    return [xmlschema.XMLSchema(BytesIO(official.read(name))) for name in (official.ANT, official.JENKINS)]


SUITE = ["name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"]


def junit_problems(report: str) -> list[str]:
    """The schemas of Ant and of Jenkins; and what they leave open: the order of elements, and counts that are right."""
    refused = [str(error.reason) for schema in junit_schemas() for error in schema.iter_errors(report)]
    if refused:
        return refused
    root = ElementTree.fromstring(report)
    suite = root[0]
    tags = [child.tag for child in suite]
    cases = suite.findall("testcase")
    failures = suite.findall("testcase/failure")
    wrong = {
        "root": (root.tag, root.attrib, len(root)) != ("testsuites", {}, 1),
        "suite": list(suite.attrib) != SUITE or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"]),
        "order": tags != ["properties", *["testcase"] * len(cases), "system-out", "system-err"],
        "cases": any(set(case.attrib) != {"classname", "name", "time"} or len(case) > 1 for case in cases),
        "failures": any(set(failure.attrib) != {"message", "type"} for failure in failures),
        "counts": (suite.attrib["tests"], suite.attrib["failures"]) != (str(len(cases)), str(len(failures))),
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


COMMAND = re.compile(r"::(error|warning|notice) ([a-zA-Z]+=[^:,\r\n]*(?:,[a-zA-Z]+=[^:,\r\n]*)*)::(.*)")


def github_read(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as the runner does."""
    match = COMMAND.fullmatch(line)
    assert match, line
    return match[1], {key: unquote(value) for key, value in (part.split("=", 1) for part in match[2].split(","))}, unquote(match[3])


MEAN = "%\r\n:,;=&<>\"'`[]{}()\\/?#@!|~ \t\x00\x07\x1b\x7f\x85\u2028\u200f\ufeff\ufffe\ud800\udcffé日\U0001f600"
texts = st.text(st.sampled_from(MEAN), max_size=12) | st.text(max_size=40)
spans = st.builds(
    lambda path, line, column, more: Span(path or "a", line, column, line + more, column + more),
    texts.filter(lambda t: "\x00" not in t and not t.startswith(("/", "./"))),  # relative to the checkout
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 3),
)
findings = st.lists(
    st.builds(
        Diagnostic,
        st.sampled_from(["FN010", "AWS101", "SEC001"]),
        st.sampled_from(["error", "warning", "advice"]),
        texts,
        st.none() | spans,
        st.none() | texts,
        st.just(()),
        st.none() | texts,
        fix=st.none() | st.text(max_size=40),  # it is written into a file of UTF-8
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=200)
@given(findings, st.booleans())
def test_no_text_breaks_a_form(found: list[Diagnostic], strict: bool) -> None:
    given = Findings(found, "fnctl.yaml", {}, strict)
    assert not sarif_problems(sarif.render(given))
    assert junit_problems(junit.render(given)) == []
    for form in FORMS.values():
        form(given).encode()
    report = json.loads(gitlab.render(given))
    assert [error.message for error in jsonschema_rs.Draft202012Validator(GITLAB).iter_errors(report)] == []
    assert len({entry["fingerprint"] for entry in report}) == len(found)
    lines = github.render(given).split("\n") if found else []
    for line, d in zip(lines, found, strict=True):
        _, properties, message = github_read(line)
        assert message == text(d)
        assert properties["file"] == given.path(d)
        assert "col" not in properties or properties["endLine"] == properties["line"]


def test_github_reads_back_paths_and_messages_with_special_characters() -> None:
    level, properties, message = github_read(github.render(FINDINGS).split("\n")[1])
    assert (level, properties["file"], properties["title"]) == ("error", PATH, "FN010")
    assert message.startswith("unknown key `handlr`, 100%:\r\na::b\nhelp: ")
    assert (properties["col"], properties["endColumn"]) == ("5", "10")


def test_warnings_fail_a_junit_report_when_they_fail_the_run() -> None:
    def failures(*, strict: bool) -> int:
        return len(ElementTree.fromstring(junit.render(Findings(FOUND, PATH, LINES, strict))).findall(".//failure"))

    assert (failures(strict=False), failures(strict=True)) == (3, 4)


def test_a_fingerprint_outlives_lines_that_move() -> None:
    moved = [Diagnostic(d.code, d.severity, d.message, d.span and Span(PATH, d.span.line + 2, d.span.column), target=d.target) for d in FOUND]
    after = Findings(moved, PATH, {PATH: ["", "# new", *LINES[PATH]]})
    assert fingerprints(after) == fingerprints(FINDINGS)
    assert len(set(fingerprints(Findings(FOUND + FOUND, PATH, LINES)))) == 2 * len(FOUND)


def test_a_fingerprint_holds_nothing_of_a_secret() -> None:
    d = Diagnostic("SEC001", "error", "the value of KEY looks like a secret", Span("a", 1, 1))
    one, other = (fingerprints(Findings([d], "a", {"a": [f"KEY: {value}"]})) for value in ("hunter2", "hunter3"))
    assert one == other


@pytest.mark.parametrize(
    ("cwd", "environ", "expected"),
    [
        (".", {}, "shop/fnctl.yaml"),
        ("shop", {}, "fnctl.yaml"),
        ("shop", {"GITHUB_WORKSPACE": "."}, "shop/fnctl.yaml"),
        ("else", {}, "../shop/fnctl.yaml"),
    ],
)
def test_paths_are_what_the_reader_of_the_form_sees(tmp_path: Path, cwd: str, environ: dict[str, str], expected: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "else").mkdir()
    (tmp_path / "shop/fnctl.yaml").write_text("fnctl: 1\n")
    given = {key: str(tmp_path / value) for key, value in environ.items()}
    found = placed([Diagnostic("FN011", "error", "x", Span("fnctl.yaml", 1, 1))], tmp_path / "shop/fnctl.yaml", tmp_path / cwd, given)
    assert (found.path(found.found[0]), found.manifest, found.lines[expected]) == (expected, expected, ["fnctl: 1"])


def test_a_rules_page_comes_along(tmp_path: Path) -> None:
    text = BROKEN.replace("handlr: src/api.py:app", "handler: src/api.py:app, timeout: 20m")
    (tmp_path / "fnctl.yaml").write_text(text)
    [found] = json.loads(run(tmp_path, "validate", "--no-files", "--output", "sarif").stdout)["runs"]
    rules = {rule["id"]: rule for rule in found["tool"]["driver"]["rules"]}
    over = next(result["ruleId"] for result in found["results"] if result["ruleId"].startswith("AWS"))
    assert rules[over]["help"]["text"].startswith(rules[over]["shortDescription"]["text"])
    assert all(part in rules[over]["help"]["markdown"] for part in ("## Why\n", "```yaml", "- `lambda.timeout`: 900 s"))


BROKEN = "fnctl: 1\nservice: orders\ntargets: { aws: { region: eu-west-1 } }\nfunctions:\n  api: { handlr: src/api.py:app, runtime: python3.13 }\n"


def run(folder: Path, *words: str, code: str = "from fnctl.__main__ import main; sys.exit(main())") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import sys; {code}", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, encoding="utf-8", timeout=60)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", [("validate", "--output"), ("--output",)])
def test_validate_speaks_each_form(tmp_path: Path, form: str, words: tuple[str, ...]) -> None:
    (tmp_path / "fnctl.yaml").write_text(BROKEN)
    done = run(tmp_path, *words, form, *(() if "validate" in words else ("validate",)))
    assert (done.returncode, done.stderr) == (1, "")
    assert "handlr" in done.stdout
    if form == "sarif":
        assert not sarif_problems(done.stdout)


@pytest.mark.parametrize("form", FORMS)
def test_a_manifest_that_is_not_there_is_a_report_too(tmp_path: Path, form: str) -> None:
    done = run(tmp_path, "validate", "--output", form)
    assert done.returncode == 1
    assert "FN001" in done.stdout


@pytest.mark.parametrize("form", [*FORMS, "text", "json"])
def test_only_the_form_that_was_asked_for_is_imported(tmp_path: Path, form: str) -> None:
    (tmp_path / "fnctl.yaml").write_text(BROKEN)
    code = "from fnctl.__main__ import main; main(); sys.stderr.write('\\n'.join(m for m in sys.modules))"
    loaded = set(run(tmp_path, "validate", "--output", form, code=code).stderr.split("\n"))
    assert {name for name in FORMS if f"fnctl.views.{name}" in loaded} == {form} - {"text", "json"}
    assert not loaded & {"pygls", "lsprotocol", "typer", "rich", "fnctl.manifest.layout", "fnctl.fix"}

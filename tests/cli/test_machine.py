"""Every document and line of a stream is what its published schema says, and says no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest

import fnctl_schemas
from cli import samples
from cli.conftest import problems, strict
from cli.test_screens import PLUGINS, SHOWN
from fnctl.adapter import Reply
from fnctl.commands.schema import manifest
from fnctl.commands.table import FORMS
from fnctl.diagnostics import Diagnostic
from fnctl.events import Event
from fnctl.manifest.words import find
from fnctl.rules import habits, portable, running
from fnctl.rules.compare import compare
from fnctl.rules.limits import load
from fnctl.rules.matrix import Checkup
from fnctl.rules.matrix import matrix as lay_out
from fnctl.source import Span
from fnctl.views import diagnostics, document, limits, machine, plan, rules, sizes
from fnctl.views import matrix as view_matrix
from fnctl.views.machine import Stream
from fnctl.views.rules import Ability

FINDINGS = [samples.FINDING, Diagnostic("FN001", "warning", "odd", Span("fnctl.yaml", 3, 7, 3, 9), target="aws")]
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "diagnostics": [diagnostics.document(FINDINGS), diagnostics.document([])],
    "build": [machine.build(samples.BUILT)],
    "size": [sizes.sizes_document([samples.SIZED])],
    "plan": [plan.document(samples.PLAN), plan.document(samples.plan())],
    "status": [machine.status(samples.STATUS)],
    "outputs": [machine.outputs(samples.OUTPUTS)],
    "history": [machine.history(samples.HISTORY), machine.history([])],
    "plugins": [machine.document("plugins", {"plugins": [machine.plugin(p) for p in PLUGINS]})],
    "show": [document.document([SHOWN])],
    "invoke": [
        machine.invoke("api", reply) for reply in (samples.REPLY, Reply(ok=False, body=b"\xff\x00", error="died"), Reply(ok=True, body=b"hi"))
    ],
    "secrets": [machine.secrets({"KEY": "1", "OTHER": None})],
    "sandbox": [machine.document("sandbox", {"running": False})],
    "limits": [limits.limits_document([load("vercel", plan="pro"), load("aws", region="us-east-1")], "us-east-1")],
    "matrix": [view_matrix.matrix_document(lay_out([Checkup("aws", None, tuple(FINDINGS))]))],
    "rules": [rules.rules_document(portable.RULES)],
    "explain": [
        rules.rule_document(habits.every_minute, [load("aws")]),
        rules.trouble_document(running.own()[0]),
        rules.keys_document((w, [Ability("aws")]) for w in find(manifest(), "env")),
    ],
    "compare": [limits.comparison_document(compare("azure"))],
}


def stream(*acts: Callable[[Stream], object]) -> list[dict[str, Any]]:
    """Run a stream and read back its lines, through text, as a reader would."""
    lines: list[str] = []
    made = Stream(lines.append, now=lambda: 1_795_000_000.25)
    for act in acts:
        act(made)
    return [json.loads(line) for line in lines]


LINES = stream(
    lambda s: s.line("start", {"verb": "deploy", "stage": None, "target": "aws"}),
    *(lambda s, event=event: s(event) for event in samples.EVENTS),
    lambda s: s.log(samples.LOGS[0]),
    lambda s: s.result(samples.STOPPED),
    lambda s: s.result(samples.DEPLOYED),
    lambda s: s.end("failed", 8),
)
ALL = [(form, value) for form, values in DOCUMENTS.items() for value in values] + [("event", line) for line in LINES]


def test_every_form_has_a_sample_and_a_schema() -> None:
    assert {*DOCUMENTS, "event"} == set(FORMS)
    for form in FORMS:
        schema = fnctl_schemas.read(f"{form}-1.schema.json")
        jsonschema_rs.meta.validate(schema)
        assert schema["properties"]["schema"] == {"const": f"fnctl/{form}/1"}


@pytest.mark.parametrize(("form", "value"), ALL, ids=[f"{form}-{i}" for i, (form, _) in enumerate(ALL)])
def test_it_is_what_its_schema_says(form: str, value: dict[str, Any]) -> None:
    assert next(iter(value)) == "schema"
    assert problems(form, json.loads(machine.dumps(value))) == []


@pytest.mark.parametrize(("form", "value"), [pair for pair in ALL if pair[0] != "event"], ids=lambda v: v if isinstance(v, str) else "")
def test_nothing_is_written_that_the_schema_does_not_name(form: str, value: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(strict(fnctl_schemas.read(f"{form}-1.schema.json")))
    assert [error.message for error in validator.iter_errors(json.loads(machine.dumps(value)))] == []


@pytest.mark.parametrize("broken", [{"schema": "fnctl/plan/2"}, {"changes": [{"action": "explode"}]}, {"summary": {}}, {"head": "seven"}])
def test_a_wrong_plan_is_refused(broken: dict[str, Any]) -> None:
    assert problems("plan", {**json.loads(machine.dumps(plan.document(samples.PLAN))), **broken})


@pytest.mark.parametrize("broken", [{"type": "result"}, {"type": "change"}, {"seq": 0}, {"time": "yesterday"}, {"type": "other"}])
def test_a_wrong_line_is_refused(broken: dict[str, Any]) -> None:
    assert problems("event", {**LINES[0], **broken})


def test_lines_are_numbered_without_gaps_and_timed_in_utc() -> None:
    assert [line["seq"] for line in LINES] == list(range(1, len(LINES) + 1))
    assert LINES[0]["time"] == "2026-11-18T11:06:40.250Z"


def test_the_engines_own_result_is_not_a_second_last_line() -> None:
    assert stream(lambda s: s(Event("result", {"status": "deployed"}))) == []


def test_no_value_of_a_secret_is_in_a_plan() -> None:
    text = machine.dumps(plan.document(samples.PLAN))
    assert samples.SECRET not in text
    assert "sha:" in text


def test_what_is_not_known_yet_is_null() -> None:
    worker = next(c for c in plan.document(samples.PLAN)["changes"] if c["address"] == "function/worker/role")
    assert worker["fields"] == [
        {"path": "policy", "before": {"allow": ["sqs:ReceiveMessage"] * 9}, "after": {"allow": None}, "replaces": False, "known": False}
    ]

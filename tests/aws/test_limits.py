"""AWS's findings, as data: what is asked for, and which code answers."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from aws.services import function, http, queue, resource, schedule, service
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Function, Interface, Logs, Resource, Service, Trigger
from fnctl.rules.engine import run
from fnctl.rules.limits import load
from fnctl.rules.model import Subject
from fnctl_aws.limits import RULES
from fnctl_aws.runtime.recipe import NODE, PYTHON


def findings(made: Service) -> list[Diagnostic]:
    return run(RULES, Subject(made, load("aws")))


JOBS = resource("jobs", "queue")

CASES: list[tuple[str, list[Function | Resource], list[tuple[str, str]]]] = [
    ("plain", [function()], []),
    ("timeout", [function(timeout=901)], [("AWS101", "error")]),
    ("timeout at the edge", [function(timeout=900)], []),
    ("memory", [function(memory=64)], [("AWS102", "error"), ("ADV002", "advice")]),
    ("more memory", [function(memory=20_000)], [("AWS102", "error")]),
    ("scratch", [function(own={"ephemeral_storage": 20_000})], [("AWS103", "error")]),
    ("reserved name", [function(env={"AWS_REGION": "x"})], [("AWS104", "error")]),
    ("short name", [function(env={"A": "x"})], [("AWS114", "error")]),
    ("large environment", [function(env={"AA": "x" * 5000})], [("AWS115", "error")]),
    ("old runtime", [function(runtime="python3.9")], [("AWS105", "error")]),
    ("unknown runtime", [function(runtime="python3.99")], [("AWS117", "warning")]),
    ("description", [function(description="x" * 201)], [("AWS106", "error")]),
    ("visibility", [resource("jobs", "queue", options={"visibility": 10}), function(timeout=60, triggers=(queue("jobs"),))], [("AWS107", "error")]),
    ("their queue", [resource("jobs", "queue", existing="x"), function(timeout=60, triggers=(queue("jobs"),))], []),
    ("retention", [function(logs=Logs(retention=31))], [("AWS109", "error")]),
    ("both days", [function(triggers=(schedule("x", cron="0 0 13 * 5"),))], [("AWS110", "error")]),
    ("batch", [JOBS, function(triggers=(queue("jobs", batch=20_000),))], [("AWS111", "error")]),
    ("fifo batch", [resource("jobs", "queue", options={"fifo": True}), function(triggers=(queue("jobs", batch=20),))], [("AWS111", "error")]),
    ("no window", [JOBS, function(triggers=(queue("jobs", batch=20, window=0),))], [("AWS142", "error")]),
    ("whole", [JOBS, function(triggers=(queue("jobs", batch="whole"),))], []),
    ("concurrency", [JOBS, function(triggers=(queue("jobs", max_concurrency=1),))], [("AWS143", "error")]),
    ("layers", [function(layers=tuple(f"arn:aws:lambda:eu-west-1:123456789012:layer:{name}:1" for name in "abcdef"))], [("AWS112", "error")]),
    ("queue range", [resource("jobs", "queue", options={"delay": 901})], [("AWS113", "error")]),
    ("topic", [resource("alerts", "topic")], [("FN190", "error")]),
    ("bucket trigger", [function(triggers=(Trigger("bucket", "u", "u", {}, ()),))], [("FN190", "error")]),
    ("auth", [function(triggers=(http("GET /", auth="iam"),))], [("FN190", "error")]),
    ("no auth", [function(triggers=(http("GET /", auth="none"),))], []),
    ("retry", [function(retry={"max": 1}, dead_letter="jobs")], [("FN190", "warning"), ("FN190", "warning")]),
    ("vpc", [function(own={"vpc": {"subnets": []}})], [("FN190", "error")]),
    ("task", [function(interface="task")], []),
    ("otel", [function(tracing="otel")], []),
    ("indexes", [resource("orders", "table", options={"indexes": {"a": {"key": "b"}}})], [("FN190", "error")]),
    ("recovery", [resource("orders", "table", options={"recovery": True})], [("FN190", "warning")]),
    ("platform encryption", [resource("jobs", "queue", options={"encryption": "platform"})], []),
    ("own key", [resource("jobs", "queue", options={"encryption": "key"})], [("FN190", "error")]),
]


@pytest.mark.parametrize(("parts", "codes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_finding(parts: list[Any], codes: list[tuple[str, str]]) -> None:
    found = findings(service(*parts))
    assert [(one.code, one.severity) for one in found] == codes
    assert all(one.target == "aws" and (one.help or one.notes) for one in found)


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"settings": {"kms_key": "alias/x"}}, "error"),
        ({"rollout": {"canary": "10%"}}, "warning"),
        ({"ttl": 60}, "warning"),
        ({"workflows": {"fulfil": {}}}, "error"),
    ],
)
def test_what_the_whole_service_asks_for(more: dict[str, Any], severity: str) -> None:
    assert [(one.code, one.severity) for one in findings(service(function(), **more))] == [("FN190", severity)]


def test_every_interface_of_the_manifest_runs() -> None:
    assert {*PYTHON, *NODE, "native"} == set(get_args(Interface))

"""The sample's apps in Azure's own runtime libraries: what overlaps, what comes again, what fails, and what the host is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azure_build import hosting
from azure_build.hosting import Outcome, Worker

BOTH = pytest.mark.parametrize(("app", "suffix"), [("python", ""), ("node", "-node")], ids=["python", "node"])
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def http(path: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    url = f"https://sample.azurewebsites.net{path}"
    query = {"q": path.partition("?q=")[2]} if "?" in path else {}
    told = {"method": method, "url": url, "headers": {"host": "sample.azurewebsites.net", **(headers or {})}, "params": {}, "query": query}
    return {"http": {**told, "body": {"bytes": base64.b64encode(body).decode()}}}


def body(outcome: Outcome) -> Any:
    assert outcome.status == "Success", outcome
    return base64.b64decode(outcome.value["http"]["body"]["bytes"]).decode()


def stream(*bodies: str) -> dict[str, Any]:
    properties = [
        {"EnqueuedTimeUtc": "2026-01-05T00:00:00Z", "SequenceNumber": n, "Offset": str(n), "PartitionKey": "p"} for n, _ in enumerate(bodies)
    ]
    metadata = {
        "PartitionContext": {"json": json.dumps({"PartitionId": "6"})},
        "SystemPropertiesArray": {"json": json.dumps(properties)},
        "PropertiesArray": {"json": json.dumps([{} for _ in bodies])},
    }
    return {"data": {"collectionBytes": {"bytes": [base64.b64encode(one.encode()).decode() for one in bodies]}}, "metadata": metadata}


def said(outcome: Outcome, msg: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in outcome.lines]
    return [line for line in lines if line["msg"] == msg]


@BOTH
def test_a_native_handler_meets_what_the_library_gives(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    outcome = workers[app].invoke(f"raw{suffix}", http(f"/raw{suffix}?q=7"))
    assert (outcome.value["http"]["statusCode"], body(outcome)) == ("203", f"raw{suffix} 7")


@BOTH
def test_a_step_is_an_activity(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    envelope = {"fnctl": {"run": "r-1", "step": "charge", "key": "r-1/charge", "attempt": 1}, "input": {"n": 1}}
    outcome = workers[app].invoke(f"step{suffix}", {"json": json.dumps(envelope)})
    assert json.loads(outcome.value["json"]) == {"given": {"n": 1}, "key": "r-1/charge", "attempt": 2}
    (line,) = said(outcome, "stepped")
    assert (line["run"], line["step"], line["key"], line["function"]) == ("r-1", "charge", "r-1/charge", f"step{suffix}")


@BOTH
def test_a_steps_failure_keeps_its_name_through_the_hosts_words(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    outcome = workers[app].invoke(f"step{suffix}", {"json": '"broke"'})
    assert outcome.status == "Failure"
    told = str(outcome.error).partition("[fnctl:err:")[2].partition(":]")[0]
    assert json.loads(base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))) == {"error": "PaymentDeclined", "message": "no funds"}


@BOTH
def test_a_function_without_a_trigger_has_a_door_for_who_has_its_key(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    door = workers[app].functions[f"inner{suffix}"][0]
    assert (door["route"], str(door["authLevel"]).lower()) == (f"_fnctl/inner{suffix}", "function")
    outcome = workers[app].invoke(f"inner{suffix}", http(f"/_fnctl/inner{suffix}", "POST", b'{"n": 1}'))
    assert json.loads(body(outcome)) == {"type": "fnctl.invoke", "source": f"/sample/inner{suffix}", "data": {"n": 1}}


@pytest.mark.parametrize(("app", "function", "door"), [("python", "slow", "slow"), ("python", "still", "still"), ("node", "slow", "slow-node")])
def test_calls_overlap_and_each_knows_itself(workers: Mapping[str, Worker], app: str, function: str, door: str) -> None:
    asked = {workers[app].send(door, http(f"/{door}/{n}")): str(n) for n in range(4)}
    answers = [workers[app].receive() for _ in asked]
    assert {identity: json.loads(body(outcome)) for identity, outcome in answers} == {identity: [n, True] for identity, n in asked.items()}
    lines = [line for _, outcome in answers for line in said(outcome, "woke")]
    assert {line["request_id"] for line in lines} == (set(asked) if function == "slow" else set())


def test_a_startup_that_fails_fails_its_request_and_is_tried_again(workers: Mapping[str, Worker]) -> None:
    first, second = (workers["python"].invoke("late", http("/late/x")) for _ in range(2))
    assert first.value["http"]["statusCode"] == "500"
    assert "not yet" in said(first, "request failed")[0]["error"]
    assert body(second) == "start 2"


@BOTH
def test_a_batch_that_comes_again_goes_on_at_the_failed_record(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    batch, door = stream('"one"', '"bad"', '"two"'), f"feed{suffix}"
    tries = [workers[app].invoke(door, **batch, retry=[count, 2]) for count in range(3)]
    assert [outcome.status for outcome in tries] == ["Failure"] * 3
    assert [[(line["n"], line["attempt"]) for line in said(outcome, "fed")] for outcome in tries] == [
        [("one", 1), ("bad", 1)],
        [("bad", 2)],
        [("bad", 3)],
    ]
    again = workers[app].invoke(door, **batch, retry=[0, 2])  # given up, and delivered anew
    assert [line["n"] for line in said(again, "fed")] == ["one", "bad"]


def test_a_message_of_service_bus_has_its_session_its_count_and_its_trace(workers: Mapping[str, Worker]) -> None:
    metadata = {
        "MessageId": {"string": "m-1"},
        "SessionId": {"string": "customer-7"},
        "DeliveryCount": {"json": "3"},
        "EnqueuedTimeUtc": {"json": '"2026-01-02T12:45:07+00:00"'},
        "ApplicationProperties": {"json": json.dumps({"traceparent": TRACE})},
        "UserProperties": {"json": "{}"},
    }
    outcome = workers["python"].invoke("ordered", {"bytes": base64.b64encode(b'"x"').decode()}, metadata=metadata)
    (line,) = said(outcome, "ordered")
    assert (line["subject"], line["attempt"], line["trace"], line["trace_id"]) == ("customer-7", 3, TRACE, TRACE.split("-")[1])


@BOTH
def test_the_hosts_trace_counts_where_nobody_brought_one(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    outcome = workers[app].invoke(f"slow{suffix}", http(f"/slow{suffix}/a"), trace=TRACE)
    assert [line["trace_id"] for line in said(outcome, "woke")] == [TRACE.split("-")[1]]
    own = TRACE.replace("0af7", "1bf7")
    outcome = workers[app].invoke(f"slow{suffix}", http(f"/slow{suffix}/a", headers={"traceparent": own, "x-correlation-id": "c-1"}), trace=TRACE)
    assert [(line["trace_id"], line["correlation_id"]) for line in said(outcome, "woke")] == [(own.split("-")[1], "c-1")]


@BOTH
def test_the_host_registers_the_manifests_policies(workers: Mapping[str, Worker], app: str, suffix: str) -> None:
    policy = {name.lower().replace("_", ""): str(value) for name, value in workers[app].retries[f"feed{suffix}"].items()}
    assert policy["maxretrycount"] == "2"
    assert "exponential" in policy["retrystrategy"].lower()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "secret A_KEY is not in the app's settings"),
        ({"A_KEY": "@Microsoft.KeyVault(VaultName=v;SecretName=s)"}, "secret A_KEY could not be read"),
    ],
)
def test_a_secret_that_did_not_arrive_is_named_and_nothing_else_is_lost(apps: Mapping[str, Path], given: dict[str, str], told: str) -> None:
    with hosting.serving(apps["keyed"], **given) as worker:
        assert set(worker.functions) == {"keyed"}
        outcome = worker.invoke("keyed", http("/keyed"))
    assert outcome.status == "Failure"
    assert told in str(outcome.error)


def test_a_secret_that_arrived_is_in_the_environment(apps: Mapping[str, Path]) -> None:
    with hosting.serving(apps["keyed"], A_KEY="value") as worker:
        assert json.loads(body(worker.invoke("keyed", http("/keyed")))) == {"there": True}


def test_a_handler_that_cannot_be_imported_takes_no_other_with_it(apps: Mapping[str, Path]) -> None:
    for name, file, door in (("python", "src/app.py", "late"), ("node", "slow-node/handler.mjs", "slow-node")):
        path = apps[name] / file
        kept = path.read_text()
        path.write_text("raise KeyError('REGION')" if name == "python" else "throw new Error('REGION')")
        try:
            with hosting.serving(apps[name]) as worker:
                broken, whole = worker.invoke(door, http("/late/x")), worker.invoke("raw" if name == "python" else "raw-node", http("/raw?q=1"))
        finally:
            path.write_text(kept)
        assert (broken.status, whole.status) == ("Failure", "Success")
        assert "cannot import src/" in str(broken.error)
        assert "REGION" in str(broken.error)


@BOTH
def test_in_a_slot_that_takes_a_part_of_the_traffic_only_http_starts_functions(apps: Mapping[str, Path], app: str, suffix: str) -> None:
    with hosting.serving(apps[app], FNCTL_HTTP_ONLY="1") as worker:
        kinds = {str(one["type"]).lower() for bindings in worker.functions.values() for one in bindings if "trigger" in str(one["type"]).lower()}
        assert (kinds, f"feed{suffix}" in worker.functions) == ({"httptrigger"}, False)

"""The same events, in each platform's own shape: the same CloudEvents reach the handler, and the platform is told the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portable.conftest import DRIVERS, service
from portable.drivers import Delivery, Running

HERE = Path(__file__).parent / "events"
CASES: dict[str, dict[str, Any]] = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("*.json"))}
ERRORS = {"python": "ValueError", "nodejs": "RangeError"}
"""What the handlers throw, for the platforms that are told."""


def hosted() -> Iterator[tuple[str, str, str]]:
    """Name every case for each of its functions, wherever the platform hosts the function and has such an event; a case says where `not`, and why."""
    for target in DRIVERS:
        there = service(target).functions
        for name, case in CASES.items():
            if target not in case.get("not", {}):
                yield from ((target, name, function) for function in case["functions"] if function in there)


@pytest.mark.parametrize(("target", "name", "function"), list(hosted()))
def test_the_handler_meets_the_same_events(running: Callable[[str], Running], target: str, name: str, function: str) -> None:
    wrong = differences(running(target), target, name, function)
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)


@cache  # the table asks again
def differences(runtime: Running, target: str, name: str, function: str) -> dict[str, Any]:
    """Deliver a case twice, and give what the handler met or the platform was told otherwise than it had to be."""
    native = stored(target, name, function)
    events = wanted(CASES[name], native, function)
    expected = {"events": events, "answers": [delivery["answer"] for delivery in native["deliveries"]]}
    if function != "gather":  # one call for many: its lines carry no event's id
        expected["events"] = [event | {"event_id": event["id"]} for event in events]
    found = [delivered(runtime, native, function) for _ in range(2)]
    return {f"delivery {n}": {"found": one, "expected": expected} for n, one in enumerate(found, start=1) if one != expected}


def delivered(runtime: Running, native: Mapping[str, Any], function: str) -> dict[str, Any]:
    """Deliver what belongs to a case, in its order."""
    deliveries = [runtime.deliver(function, delivery["event"]) for delivery in native["deliveries"]]
    return {"events": [event for one in deliveries for event in received(one)], "answers": [one.answer for one in deliveries]}


def stored(target: str, name: str, function: str) -> dict[str, Any]:
    """Read a platform's shape of a case, for one of the functions that listen."""
    text = (HERE / target / f"{name}.json").read_text("utf-8")
    family = "nodejs" if service(target).functions[function].runtime.startswith("nodejs") else "python"
    found: dict[str, Any] = json.loads(text.replace("RESOURCE", CASES[name]["functions"][function]).replace("ERROR", ERRORS[family]))
    return found


def wanted(case: Mapping[str, Any], native: Mapping[str, Any], function: str) -> list[dict[str, Any]]:
    """Say what the handler has to meet: the portable description, with what is the platform's own. One that stops at a failure has fewer."""
    events = json.loads(json.dumps(case["events"]).replace("RESOURCE", case["functions"][function]))
    assert len(native["own"]) <= len(events)
    return [merged(event, own) for event, own in zip(events, native["own"], strict=False)]


def merged(event: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a platform's attributes over the common ones; data may have both."""
    both = isinstance(event.get("data"), dict) and isinstance(own.get("data"), dict)
    return {**event, **own, **({"data": {**event["data"], **own["data"]}} if both else {})}


def received(delivery: Delivery) -> Iterator[dict[str, Any]]:
    """Read the events that the handler wrote into its log, in the one form of line that is the same everywhere."""
    for line in delivery.lines:
        record = json.loads(line) if line.startswith("{") else {}
        if record.get("msg") == "received":
            assert record["level"] == "INFO"
            assert record["service"] == "portable"
            identity = {"event_id": record["event_id"]} if "event_id" in record else {}
            yield {**record["event"], "attempt": record["attempt"], **identity}

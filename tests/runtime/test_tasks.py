"""Steps of workflows through the whole shim, in both languages: the envelope, the context, failures by name, and what logs say."""

from pathlib import Path
from typing import Any

import pytest

from fnctl_runtime import HandlerError
from runtime.lambdas import Lambda, node, python

PYTHON = """
import logging
from fnctl_runtime import HandlerError

class OutOfStock(Exception):
    pass

async def handler(input, context):
    logging.info("working")
    if input == "declined":
        raise HandlerError("PaymentDeclined", "no funds")
    if input == "stock":
        raise OutOfStock("none left")
    names = "run step key attempt compensation".split()
    return {"input": input, "event": context.native["event"]} | {name: getattr(context, name) for name in names}
"""
NODE = """
class OutOfStock extends Error {
  name = "OutOfStock";
}
export async function handler(input, context) {
  console.info("working");
  if (input === "declined") throw context.error("PaymentDeclined", "no funds");
  if (input === "stock") throw new OutOfStock("none left");
  const { run, step, key, attempt, compensation, native } = context;
  return { input, event: native.event, run, step, key, attempt, compensation };
}
"""
LANGUAGES = ("python", "node")
STEP = {"run": "order-1", "step": "charge", "key": "order-1/charge", "attempt": 2, "compensation": False}
"""As compiled into a state machine: attempts are `$states.context.State.RetryCount`."""


def made(language: str, folder: Path) -> Lambda:
    return python(folder, "task", {"src/app.py": PYTHON}, triggers=()) if language == "python" else node(folder, "task", NODE, triggers=())


def call(given: Any, **about: Any) -> dict[str, Any]:
    return {"fnctl": STEP | about, "input": given}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_meets_its_input_and_where_it_stands(language: str, tmp_path: Path) -> None:
    undo = call({"id": 7}, key="order-1/charge:compensate", compensation=True, attempt=0)
    outcome = made(language, tmp_path).call(call([1, "ü"]), undo)
    first, second = outcome.answers
    assert first == {**STEP, "attempt": 3, "input": [1, "ü"], "event": call([1, "ü"])}
    assert second == {**STEP, "key": "order-1/charge:compensate", "compensation": True, "attempt": 1, "input": {"id": 7}, "event": undo}
    line = outcome.logs[0]
    assert line.items() >= {"msg": "working", "run": "order-1", "step": "charge", "key": "order-1/charge", "attempt": 3, "function": "sink"}.items()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_keeps_its_name(language: str, tmp_path: Path) -> None:
    declined, stock = made(language, tmp_path).call(call("declined"), call("stock")).calls
    assert (declined["error"], declined["message"]) == ("PaymentDeclined", "no funds")
    assert (stock["error"], stock["message"]) == ("OutOfStock", "none left")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("payload", [{"amount": 3}, {"fnctl": {}, "input": 1}, None, 4])
def test_a_payload_without_an_envelope_is_a_call_by_hand(language: str, tmp_path: Path, payload: Any) -> None:
    (answer,) = made(language, tmp_path).call(payload).answers
    by_hand = {"run": "request-1", "step": "sink", "key": "request-1", "attempt": 1, "compensation": False}
    assert answer == {"input": payload, "event": payload, **by_hand}


def test_a_handler_error_is_of_a_class_of_its_name_and_still_a_handler_error() -> None:
    error = HandlerError("PaymentDeclined", "no funds")
    assert (type(error).__name__, error.name, str(error)) == ("PaymentDeclined", "PaymentDeclined", "no funds")
    assert isinstance(error, HandlerError)
    assert str(HandlerError("Late")) == ""


ANSWER = """
import datetime, decimal

def handler(*given):
    return {"at": datetime.date(2026, 1, 2), "sum": decimal.Decimal("1.50"), "of": {"b", "a"}}
"""


@pytest.mark.parametrize("interface", ["task", "event"])
def test_what_no_json_has_is_answered_as_to_a_request(tmp_path: Path, interface: Any) -> None:
    found = python(tmp_path, interface, {"src/app.py": ANSWER}, triggers=()).call({"n": 1})
    assert found.answers == [{"at": "2026-01-02", "sum": 1.5, "of": ["a", "b"]}]

"""A workflow's step under AWS's own runtime clients: what Step Functions would match is the call's `errorType`."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.lambdas import node, python
from sandbox.account import Account, zipped

PYTHON = """
from fnctl_runtime import HandlerError

def handler(input, context):
    if input["amount"] > 1000:
        raise HandlerError("PaymentDeclined", "over the limit")
    return {"charge": context.key, "attempt": context.attempt}
"""
NODE = """
export function handler(input, context) {
  if (input.amount > 1000) throw context.error("PaymentDeclined", "over the limit");
  return { charge: context.key, attempt: context.attempt };
}
"""


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_failure_has_the_name_that_the_handler_gave_it(account: Account, tmp_path: Path, language: str) -> None:
    made = python(tmp_path, "task", {"src/app.py": PYTHON}, triggers=()) if language == "python" else node(tmp_path, "task", NODE, triggers=())
    runtime = "python3.11" if language == "python" else "nodejs20.x"
    name = f"task-{language}"
    account.create(name, zipped(made.folder), runtime, Handler=made.shim.handler)
    step = {"run": "r", "step": "pay", "key": "r/pay", "attempt": 0, "compensation": False}
    paid = account.call(name, {"fnctl": step, "input": {"amount": 3}})
    assert (paid.error, paid.value) == (None, {"charge": "r/pay", "attempt": 1})
    declined = account.call(name, {"fnctl": step, "input": {"amount": 3000}})
    assert (declined.error, declined.value["errorType"], declined.value["errorMessage"]) == ("Unhandled", "PaymentDeclined", "over the limit")

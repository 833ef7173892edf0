"""Calls a handler of an artifact as Lambda does: a process of its own that sees the artifact and the standard library, JSON in and out."""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Context:
    """What awslambdaric gives, as far as it is documented."""

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = "orders-dev-sink"
        self.invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders-dev-sink:live"
        self._deadline = time.time() + 3

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


def call(handler: Callable[..., Any], index: int, event: Any) -> dict[str, Any]:
    try:
        return {"answer": json.loads(json.dumps(handler(event, Context(f"request-{index + 1}"))))}
    except Exception as error:  # noqa: BLE001  # as Lambda reports it
        return {"error": type(error).__name__, "message": str(error), "stack": traceback.format_exc()}


def main(folder: str, name: str, results: str) -> None:
    sys.path.insert(0, folder)
    events = json.load(sys.stdin)
    module, _, attribute = name.rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), attribute)
    except Exception as error:  # noqa: BLE001
        outcome: dict[str, Any] = {"init": f"{type(error).__name__}: {error}"}
    else:
        outcome = {"calls": [call(handler, index, event) for index, event in enumerate(events)]}
    Path(results).write_text(json.dumps(outcome), encoding="utf-8")


main(*sys.argv[1:])

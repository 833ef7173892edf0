"""The handlers in docs/handlers.md are run, each through the interface that its first line names."""

import json
import re
from pathlib import Path

import pytest

from fnctl.manifest.model import Trigger
from runtime.lambdas import HERE, node, python, stored

PAGE = (Path(__file__).parents[2] / "docs" / "handlers.md").read_text()
BLOCKS = re.findall(r"```(python|js)\n(?:#|//) interface: (\w+)\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_a_handler_for_every_interface_but_wsgi_and_native() -> None:
    assert {(language, interface) for language, interface, _ in BLOCKS} >= {
        ("python", "function"),
        ("python", "asgi"),
        ("python", "event"),
        ("js", "function"),
        ("js", "fetch"),
        ("js", "event"),
        ("python", "task"),
        ("js", "task"),
    }


@pytest.mark.parametrize(("language", "interface", "text"), BLOCKS)
def test_a_documented_handler_runs(tmp_path: Path, language: str, interface: str, text: str) -> None:
    triggers = (Trigger("queue", "jobs", "jobs", {"batch": "whole"} if "batch: whole" in text else {}, ()),)
    made = python(tmp_path, interface, {"src/app.py": text}, triggers=triggers) if language == "python" else node(tmp_path, interface, text)
    if interface == "event":
        assert made.call(stored("queue")["event"]).answers == [{"batchItemFailures": []}]
        return
    if interface == "task":
        step = {"run": "r", "step": "pay", "key": "r/pay", "attempt": 0, "compensation": False}
        paid, declined = made.call({"fnctl": step, "input": {"amount": 3}}, {"fnctl": step, "input": {"amount": 3000}}).calls
        assert paid == {"answer": {"charge": "r/pay"}}
        assert declined["error"] == "PaymentDeclined"
        return
    (answer,) = made.call(json.loads((HERE / "requests" / "http-api.json").read_text())["event"]).answers
    assert answer["statusCode"] in (200, 201, 404)
    assert answer["body"]

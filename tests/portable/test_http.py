"""The same requests to five ways of writing HTTP, on every platform: the same answers."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from portable.conftest import DRIVERS
from portable.drivers import Answer, Question, Running
from portable.drivers.aws import Lambdas

HERE = Path(__file__).parent
FUNCTIONS = ("api", "shop", "plain", "greet", "web")
QUESTIONS: list[dict[str, Any]] = json.loads((HERE / "questions.json").read_text("utf-8"))
HOPS = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "vary"})
"""They belong to the connection or to the server, and each front writes its own."""

BODIES = frozenset({"json", "text", "hex", "repeat", "sha256"})


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("target", DRIVERS)
def test_every_question_gets_its_answer(running: Callable[[str], Running], target: str, function: str) -> None:
    wrong = unequal(running(target), function)
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_url_answers_as_an_api_does(running: Callable[[str], Running], function: str) -> None:
    lambdas = running("aws")
    assert isinstance(lambdas, Lambdas)
    wrong = unequal(lambdas.urls, function)
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False, default=repr)


@cache  # the table asks again
def unequal(service: Running, function: str, without: Sequence[str] = ()) -> dict[str, Any]:
    """Ask everything, and give what was answered otherwise than it had to be."""
    wrong: dict[str, Any] = {}
    for stored in (one for one in questions(function) if one["name"] not in without):
        expected = wanted(stored, function)
        kept = service.ask(function, question(stored["cookies"], function)) if "cookies" in stored else None
        asked = question(stored["ask"], function, kept)
        found = seen(service.ask(function, asked), expected, head=asked.method == "HEAD")
        if found != expected:
            wrong[stored["name"]] = {"found": found, "expected": expected}
    return wrong


def questions(function: str) -> list[dict[str, Any]]:
    """Choose those that are put to this function: all, but for the few that only some can be asked."""
    return [one for one in QUESTIONS if function in one.get("of", FUNCTIONS)]


def question(stored: Mapping[str, Any], function: str, kept: Answer | None = None) -> Question:
    """Read a request of the data. The cookies that an earlier answer set go with it, as a browser keeps them."""
    headers = [(name, value) for name, value in stored.get("headers", ())]
    cookies = [value.partition(";")[0] for name, value in kept.headers if name == "set-cookie"] if kept else []
    headers += [("cookie", "; ".join(cookies))] if cookies else []
    return Question(stored.get("method", "GET"), stored["path"].replace("AT", function), headers, content(stored))


def wanted(stored: Mapping[str, Any], function: str) -> dict[str, Any]:
    """Say what this function has to answer: the answer of all, or its framework's own."""
    own = stored.get("but", {}).get(function, {})
    common = {name: value for name, value in stored["answer"].items() if name not in BODIES or not own.keys() & BODIES}
    told = {"status": 200, **common, **own}
    told = json.loads(json.dumps(told).replace("/AT/", f"/{function}/"))
    told["headers"] = sorted([name, cookie(value) if name == "set-cookie" else value] for name, value in told["headers"])
    if "json" not in told:
        told["sha256"] = told.get("sha256") or hashlib.sha256(content(told)).hexdigest()
    return {name: told[name] for name in ("status", "headers", "json", "sha256") if name in told}


def seen(answer: Answer, expected: Mapping[str, Any], *, head: bool) -> dict[str, Any]:
    """Put an answer into the form of the expected one. Where there is no body, fronts are free to name a type for it."""
    passed = HOPS if answer.body or head else HOPS | {"content-type"}
    headers = sorted([name, cookie(value) if name == "set-cookie" else value] for name, value in answer.headers if name not in passed)
    found: dict[str, Any] = {"status": answer.status, "headers": headers}
    if "json" in expected:
        return found | {"json": document(answer.body)}
    packed = ("content-encoding", "gzip") in answer.headers
    return found | {"sha256": hashlib.sha256(gzip.decompress(answer.body) if packed else answer.body).hexdigest()}


def cookie(value: str) -> str:
    """Put a cookie in one form: neither the order of its attributes nor their case means anything, and a host may encode its value."""
    pair, *attributes = value.split("; ")
    return "; ".join([unquote(pair), *sorted(f"{name.lower()}={said}" for name, _, said in (one.partition("=") for one in attributes))])


def document(body: bytes) -> Any:
    """Read JSON; the request's id, which is new each time, stands in a failure's answer."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    return value | {"request_id": "REQUEST"} if isinstance(value, dict) and value.get("request_id") else value


def content(stored: Mapping[str, Any]) -> bytes:
    """Give the bytes of a stored body: `text`, `hex`, or hex that is `repeat`ed."""
    if "repeat" in stored:
        once, times = stored["repeat"]
        return bytes.fromhex(once) * int(times)
    return bytes.fromhex(stored["hex"]) if "hex" in stored else str(stored.get("text", "")).encode()

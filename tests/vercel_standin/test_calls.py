"""What the API refuses, as data: a request, and the status, code and fields of the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vercel_standin.conftest import Api

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("calls.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[one["case"] for one in CASES])
def test_a_call_is_answered_as_the_platform_answers_it(api: Api, case: dict[str, Any]) -> None:
    method, _, path = case["ask"].partition(" ")
    given = {"content": case["content"]} if "content" in case else {"json": case["body"]} if "body" in case else {}
    query = case.get("query", {"teamId": "team_sandbox"})
    api.client.params = query
    try:
        answer = api.client.request(method, path, headers=case.get("headers", {}), **given)
    finally:
        api.client.params = {"teamId": "team_sandbox"}
    assert answer.status_code == case["status"], answer.text
    error = answer.json().get("error", {})
    assert error.get("code") == case.get("code")
    for key, value in case.get("holds", {}).items():
        assert error[key] == value
    if "code" in case:
        assert error["message"]

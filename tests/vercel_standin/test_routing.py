"""The routes of config.json, as data: what is asked for, and which file, function or status it comes to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fnctl_vercel.standin import routing
from fnctl_vercel.standin.account import Build
from fnctl_vercel.standin.web import Request

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("routes.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[one["case"] for one in CASES])
def test_a_request_finds_its_way(case: dict[str, Any], tmp_path: Path) -> None:
    for name in ("hello.txt", "docs/index.html", "404.html"):
        file = tmp_path / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    build = Build(tmp_path, {"routes": case["routes"]}, {"api/x": {}})
    method, _, target = case["ask"].partition(" ")
    found = routing.find(build, Request(method, target, tuple(case.get("headers", {}).items()), b""))
    assert [found.kind, found.name, found.status] == case["found"]
    assert found.added == case.get("added", {})
    assert "target" not in case or found.target == case["target"]

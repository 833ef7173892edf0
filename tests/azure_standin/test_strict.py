"""What the stand-in refuses, as Azure does: strict.yaml holds the requests and the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from azure_standin import bodies
from azure_standin.caller import GROUP, Caller

CASES: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("strict.yaml").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]).replace(" ", "-"))
def test_refused(case: dict[str, Any], caller: Caller) -> None:
    caller.control("world", {"pace": {"operation": 0.0}})
    caller.done("PUT", GROUP, {"location": "westeurope"})
    if "given" in case:
        bodies.build(case["given"], caller)
    for method, path, said in case.get("first", ()):
        caller.done(method, path, bodies.body(said, caller))

    method, path, *rest = case["ask"]
    reply = caller.ask(method, path, bodies.body(rest[0], caller) if rest else None)

    assert [reply.status, reply.code] == case["expect"], reply.body
    assert str(case.get("says", "")) in str(reply.body)

"""The planner's decisions as data: each file in cases/ holds what should be, what was recorded, what is there, and the changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from fnctl.errors import FnctlError
from fnctl.graph import CLOUD, Address, Graph, Node, Ref, State, Text, Value
from fnctl.plan.planner import Seen, decide

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


class Traits:
    """Every kind of the cases: `fixed` cannot change in place, `env` is secret."""

    replaces = frozenset({"fixed"})
    secret = frozenset({"env"})


def _value(raw: Any) -> Value:
    """`-> function/a.arn` is a Ref; a list under `text` is a Text."""
    if isinstance(raw, str) and raw.startswith("-> "):
        address, _, output = raw[3:].rpartition(".")
        return Ref(Address(address), output)
    if isinstance(raw, dict) and set(raw) == {"text"}:
        return Text(tuple(part for part in map(_value, raw["text"]) if isinstance(part, (str, Ref))))
    if isinstance(raw, dict):
        return {key: _value(item) for key, item in raw.items()}
    return [_value(item) for item in raw] if isinstance(raw, list) else raw


def _node(address: str, raw: dict[str, Any]) -> Node:
    flags = {key: raw[key] for key in ("owned", "stateful", "retain") if key in raw}
    props = {key: _value(value) for key, value in raw.get("props", {}).items()}
    return Node(Address(address), raw.get("kind", address.split("/")[0]), raw.get("name", address), props, **flags)


def _nodes(raw: dict[str, Any] | None) -> dict[Address, Node]:
    return {Address(address): _node(address, node or {}) for address, node in (raw or {}).items()}


def _states(raw: dict[str, Any] | None) -> dict[Address, State]:
    return {
        Address(address): State(state.get("id", address), state.get("props", {}), state.get("outputs", {})) for address, state in (raw or {}).items()
    }


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = yaml.safe_load(path.read_text())
    desired = Graph(_nodes(case.get("desired")))
    recorded = _nodes(case.get("recorded"))
    seen = Seen(_states(case.get("live")), case.get("cloud", {}))
    kinds = {node.kind: Traits() for node in (*desired.nodes.values(), *recorded.values())}
    if "refused" in case:
        with pytest.raises(FnctlError) as refused:
            decide(desired, recorded, seen, kinds)
        assert [d.code for d in refused.value.diagnostics] == case["refused"]
        return
    decision = decide(desired, recorded, seen, kinds)
    found = [
        {"action": change.action, "address": str(change.address), "fields": [_field(f) for f in change.fields]}
        if change.fields and change.action != "create"
        else {"action": change.action, "address": str(change.address)}
        for change in decision.changes
    ]
    assert found == (case.get("changes") or [])
    assert decision.unchanged == case.get("unchanged", 0)
    assert [str(address) for address in decision.kept] == case.get("kept", [])


def _field(field: Any) -> str:
    marks = "".join(mark for mark, on in ((" replaces", field.replaces), (" secret", field.secret), (" unknown", not field.known)) if on)
    return f"{field.path}: {field.before} -> {field.after}{marks}"


def test_there_are_cases() -> None:
    assert len(CASES) >= 10
    assert CLOUD not in {path.stem for path in CASES}

"""What a platform cannot do: its adapter's data says so, `validate` refuses it and names what to use instead; all else becomes objects there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.conftest import DRIVERS
from conformance.driver import met
from fakes.cli import environment
from fakes.forked import Command, command
from fnctl.plugins import adapter

HEAD = """\
fnctl: 1
service: reaching
targets: { aws: { region: eu-west-1 }, azure: { region: westeurope }, vercel: { region: fra1, plan: pro } }
defaults: { runtime: python3.13, memory: 2GB, timeout: 10s }
"""
RESOURCES = {
    "queue": "{ type: queue }",
    "topic": "{ type: topic }",
    "bucket": "{ type: bucket }",
    "table": "{ type: table, key: id }",
    "stream": "{ type: stream }",
    "bus": "{ type: bus }",
}
TRIGGERS = {
    "http": "{ http: GET / }",
    "schedule": '{ schedule: "0 3 * * *" }',
    **{kind: f"{{ {kind}: the{kind} }}" for kind in ("queue", "topic", "bucket", "table", "stream")},
    "bus": '{ bus: { name: thebus, type: "order.*" } }',
}
NOT_YET = "FN190"


@pytest.fixture(scope="module")
def loaded() -> Iterator[Command]:
    with command() as made:
        yield made


@pytest.fixture(scope="module")
def states(loaded: Command, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `validate --all-targets` says of a function for each kind of trigger."""
    folder = written(tmp_path_factory.mktemp("all"), list(TRIGGERS))
    done = met(loaded.start(["validate", "--all-targets", "--output", "json"], folder, environment()).wait(), 1, "validate")
    return {one["name"]: one["targets"] for one in done.document()["functions"]}


def written(folder: Path, kinds: list[str]) -> Path:
    lines = [f'  {kind}: {{ handler: "work.py:handler", triggers: [{TRIGGERS[kind]}] }}\n' for kind in kinds]
    resources = ", ".join(f"the{kind}: {RESOURCES[kind]}" for kind in kinds if kind in RESOURCES)
    (folder / "fnctl.yaml").write_text(f"{HEAD}resources: {{ {resources} }}\nfunctions:\n{''.join(lines)}")
    (folder / "work.py").write_text("def handler(event):\n    return None\n")
    return folder


@pytest.mark.parametrize("target", DRIVERS)
def test_what_is_refused_is_what_the_adapter_says(states: dict[str, dict[str, Any]], target: str) -> None:
    said = {kind for kind, entry in adapter(target).abilities().get("triggers", {}).items() if entry["able"] == "no"}
    found = {kind: states[kind][target] for kind in TRIGGERS}
    assert {kind for kind, one in found.items() if one["state"] == "no"} == said
    for kind in said:
        assert [one["instead"] for one in found[kind]["findings"] if one["severity"] == "error"], kind
    for one in found.values():
        assert one["state"] != "later" or NOT_YET in {finding["code"] for finding in one["findings"]}


@pytest.mark.parametrize("target", DRIVERS)
def test_what_is_not_refused_becomes_objects(loaded: Command, states: dict[str, dict[str, Any]], target: str, tmp_path: Path) -> None:
    kinds = [kind for kind in TRIGGERS if states[kind][target]["state"] in ("works", "differs")]
    assert {"http", "schedule", "queue"} <= set(kinds), "every platform has these"
    words = ["plan", "--offline", "--target", target, "--output", "json"]
    planned = met(loaded.start(words, written(tmp_path, kinds), environment()).wait(), 0, *words).document()
    addresses = {change["address"] for change in planned["changes"]}
    assert {f"function/{kind}" for kind in kinds} <= addresses

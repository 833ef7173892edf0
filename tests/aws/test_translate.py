"""From a manifest to AWS objects: each case is a folder with a manifest and the graph that it means."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from fnctl.graph import Artifact, Graph, from_json, order, to_json
from fnctl.manifest.load import load
from fnctl.manifest.resolve import resolve
from fnctl.rules.engine import run
from fnctl.rules.limits import load as limits
from fnctl.rules.model import Subject
from fnctl_aws.plugin import Aws

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


def graph_of(folder: Path) -> Graph:
    document, findings = load(folder / "fnctl.yaml")
    assert document is not None
    resolution = resolve(document, target="aws", stage="dev", environ={})
    assert [finding for finding in (*findings, *resolution.diagnostics) if finding.severity == "error"] == []
    service = resolution.service
    assert service is not None
    assert [one for one in run(Aws().rules(), Subject(service, limits("aws"))) if one.severity == "error"] == []
    return Aws().translate(service, {name: Artifact("ab" * 32, 1000, 3000) for name in service.functions})


def without_shim(graph: dict[str, Any]) -> dict[str, Any]:
    """A new runtime is a new digest and not another translation."""
    for node in graph["nodes"]:
        if node["props"].get("shim"):
            node["props"]["shim"] = "SHIM"
    return graph


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_manifest_means_this_graph(case: Path) -> None:
    made = without_shim(json.loads(json.dumps(to_json(graph_of(case)))))
    golden = case / "graph.json"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.write_text(json.dumps(made, indent=1) + "\n")
    assert made == json.loads(golden.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_graph_can_be_ordered_and_read_back(case: Path) -> None:
    graph = graph_of(case)
    assert {need for node in graph.nodes.values() for need in node.edges()} <= set(graph.nodes)
    assert len(order(graph.nodes.values())) == len(graph.nodes)
    again = from_json(to_json(graph))
    assert to_json(again) == to_json(graph)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_names_fit_their_services(case: Path) -> None:
    limits = {"aws.sqs.queue": 80, "aws.s3.bucket": 54, "aws.apigateway.route": 200, "aws.logs.group": 512, "aws.dynamodb.table": 255}
    for node in graph_of(case).nodes.values():
        assert len(node.name) <= limits.get(node.kind, 64), node.address


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_kind_of_a_graph_is_there(case: Path) -> None:
    from fnctl_aws.kinds import all_kinds

    kinds = all_kinds(object())  # type: ignore[arg-type]  # nothing is called
    assert {node.kind for node in graph_of(case).nodes.values()} <= set(kinds)

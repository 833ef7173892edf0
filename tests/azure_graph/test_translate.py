"""From a manifest to Azure's objects: each case is a folder with a manifest and the graph that it means."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fnctl.graph import Artifact, Graph, from_json, order, to_json
from fnctl.manifest.load import load
from fnctl.manifest.resolve import resolve
from fnctl.rules.engine import run
from fnctl.rules.limits import load as limits
from fnctl.rules.model import Subject
from fnctl_azure.apps import apps
from fnctl_azure.plugin import Azure

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
PORTABLE = Path(__file__).parents[2] / "examples" / "portable"

HYPHENS = """\
fnctl: 1
service: a-rather--long-name-of-a-service-to-cut
targets: { azure: { region: westeurope } }
functions:
  one: { handler: "a.py:one", runtime: python3.13, triggers: [{ http: GET / }], targets: { azure: { app: pay-it } } }
  two: { handler: "a.py:two", runtime: python3.13, triggers: [{ http: GET /two }], targets: { azure: { app: pay--it } } }
"""


def graph_of(folder: Path) -> Graph:
    document, findings = load(folder / "fnctl.yaml")
    assert document is not None
    resolution = resolve(document, target="azure", stage="dev", environ={})
    assert [finding for finding in (*findings, *resolution.diagnostics) if finding.severity == "error"] == []
    service = resolution.service
    assert service is not None
    plan = str(service.settings.get("plan") or "flex")
    assert [one for one in run(Azure().rules(), Subject(service, limits("azure", plan=plan))) if one.severity == "error"] == []
    return Azure().translate(service, {app.name: Artifact("ab" * 32, 1000, 3000) for app in apps(service)})


def without_shim(graph: dict[str, Any]) -> dict[str, Any]:
    """A new runtime is a new digest and not another translation."""
    for node in graph["nodes"]:
        if "shim" in node["props"]:
            node["props"]["shim"] = "SHIM"
    return graph


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_manifest_means_this_graph(case: Path) -> None:
    made = without_shim(json.loads(json.dumps(to_json(graph_of(case)))))
    golden = case / "graph.json"
    if os.environ.get("FNCTL_UPDATE_GOLDEN"):
        golden.write_text(json.dumps(made, indent=1) + "\n")
    assert made == json.loads(golden.read_text())


@pytest.mark.parametrize("case", [*CASES, PORTABLE], ids=lambda path: path.name)
def test_a_graph_can_be_ordered_and_read_back(case: Path) -> None:
    graph = graph_of(case)
    assert {need for node in graph.nodes.values() for need in node.edges()} <= set(graph.nodes)
    assert len(order(graph.nodes.values())) == len(graph.nodes)
    again = from_json(to_json(graph))
    assert to_json(again) == to_json(graph)


@pytest.mark.parametrize("case", [*CASES, PORTABLE], ids=lambda path: path.name)
def test_an_app_comes_after_what_it_hears_and_may_do(case: Path) -> None:
    """A host that finds its queue missing, or may not read it, does not start; Event Grid calls a function that is there."""
    nodes = graph_of(case).nodes
    for address, node in nodes.items():
        if node.kind == "azure.app":
            assert {right for right in nodes if right.startswith(f"{address}/role/")} <= node.edges()
        if node.kind == "azure.eventgrid.subscription":
            function = next(need for need in node.edges() if need.startswith("function/"))
            assert any(need.startswith("app/") for need in nodes[function].edges())


@pytest.mark.parametrize("case", [*CASES, PORTABLE], ids=lambda path: path.name)
def test_every_kind_of_a_graph_is_there(case: Path) -> None:
    from fnctl_azure.kinds import all_kinds

    client: Any = SimpleNamespace(sandbox=True)  # nothing is called
    kinds = all_kinds(client)
    assert {node.kind for node in graph_of(case).nodes.values()} <= set(kinds)


def test_a_container_for_packages_has_a_name_that_storage_takes(tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(HYPHENS)
    (tmp_path / "a.py").write_text("def one(request): ...\ndef two(request): ...\n")
    names = [node.name for node in graph_of(tmp_path).nodes.values() if node.kind == "azure.container"]
    assert len(set(names)) == 2
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and len(name) <= 63 for name in names), names


def test_the_page_says_which_roles_there_are() -> None:
    from fnctl_azure.translate.rights import ROLES, VERBS

    page = (Path(__file__).parents[2] / "docs/platforms/azure.md").read_text("utf-8")
    assert set(VERBS.values()) <= set(ROLES)
    assert [role for role in ROLES if role not in page] == []

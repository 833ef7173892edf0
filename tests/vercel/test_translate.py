"""From a manifest to Vercel's objects: each folder of graphs/ has a manifest and what it means. FNCTL_UPDATE_GOLDEN=1 writes the graphs anew."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from fnctl.graph import Artifact, Graph, from_json, order, to_json
from fnctl.manifest.load import load
from fnctl.manifest.model import Service
from fnctl.manifest.resolve import resolve
from fnctl_vercel.plugin import Vercel

GRAPHS = Path(__file__).with_name("graphs")


def service_of(folder: Path, stage: str = "prod") -> Service:
    document, findings = load(folder / "fnctl.yaml")
    assert document is not None
    found = resolve(document, target="vercel", stage=stage, environ={})
    assert [one for one in (*findings, *found.diagnostics) if one.severity == "error"] == []
    assert found.service is not None
    return found.service


def graph_of(folder: Path) -> Graph:
    return Vercel().translate(service_of(folder), {"output": Artifact("ab" * 32, 1000, 3000)})


@pytest.mark.parametrize("folder", sorted(GRAPHS.iterdir()), ids=lambda folder: str(folder.name))
def test_a_manifest_means_its_graph(folder: Path) -> None:
    graph = graph_of(folder)
    made = json.loads(json.dumps(to_json(graph)))
    for node in made["nodes"]:
        node["props"] = {key: "DIGEST" if key == "digest" else value for key, value in node["props"].items() if key != "members"}
    file = folder / "graph.json"
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        file.write_text(json.dumps(made, indent=1) + "\n")
    assert made == json.loads(file.read_text())
    assert order(graph.nodes.values())
    assert to_json(from_json(json.loads(json.dumps(to_json(graph))))) == to_json(graph), "a release is enough for a rollback"


def test_only_the_function_whose_files_changed_has_another_digest(tmp_path: Path) -> None:
    service, folder = service_of(GRAPHS / "orders"), tmp_path

    def digests(**texts: str) -> dict[str, object]:
        path = folder / "output.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in service.functions:
                archive.writestr(zipfile.ZipInfo(f"functions/{name}.func/code"), texts.get(name, "the same"))
        graph = Vercel().translate(service, {"output": Artifact("ab" * 32, 1, 1, path)})
        return {str(address): node.props["digest"] for address, node in graph.nodes.items() if address.startswith("function/")}

    before, after = digests(), digests(worker="another")
    assert [name for name in before if before[name] != after[name]] == ["function/worker"]

"""From a service to the objects that should be in the folder. Pure: no clock, no disk."""

from __future__ import annotations

import os
from collections.abc import Mapping

from fnctl.build.interpreters import find
from fnctl.build.model import BuildTarget
from fnctl.errors import FnctlError
from fnctl.graph import Address, Artifact, Graph, Node, Ref, Value
from fnctl.manifest.model import Function, Service

KIND = "folder.function"


def translate(service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
    """Return one node a function. Names carry the stage, so that stages can share a folder."""
    nodes = [_node(service, function, artifacts[function.name]) for function in service.functions.values()]
    outputs = {name: {"id": Ref(Address(f"function/{name}"), "path")} for name in service.functions}
    return Graph({node.address: node for node in nodes}, outputs)


def _node(service: Service, function: Function, artifact: Artifact) -> Node:
    props: dict[str, Value] = {
        "code": artifact.sha256,
        "handler": f"{function.handler_file}:{function.handler_name}",
        "environment": dict(function.env),
    }
    name = f"{service.name}-{service.stage}-{function.name}"
    return Node(Address(f"function/{function.name}"), KIND, name, props, artifact=artifact, span=service.span("functions", function.name))


def build_target(function: Function) -> BuildTarget:
    """Choose wheels for an interpreter of this machine."""
    if not function.runtime.startswith("python"):
        return BuildTarget(function.runtime, function.architecture)
    version = function.runtime.removeprefix("python")
    found = find(version, os.environ)
    if found is None or not found.exact:
        message = f"there is no Python {version} on this machine"
        raise FnctlError(message, code="FOLDER102", help=f"install it, or set FNCTL_PYTHON_{version.replace('.', '_')}")
    return BuildTarget(function.runtime, found.machine, found.tags, python=version, interpreter=found.path)

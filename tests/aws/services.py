"""Services as the resolver gives them, for tests that start after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fnctl.graph import Artifact
from fnctl.manifest.model import Function, Resource, Service, Trigger

SHA = "ab" * 32


def http(key: str, **options: Any) -> Trigger:
    method, path = key.split(" ", 1)
    return Trigger("http", key, None, {"method": method, "path": path, **options}, ("functions", "x", "triggers", 0))


def queue(name: str, **options: Any) -> Trigger:
    return Trigger("queue", name, name, options, ("functions", "x", "triggers", 0))


def schedule(key: str, **options: Any) -> Trigger:
    return Trigger("schedule", key, None, options, ("functions", "x", "triggers", 0))


def function(name: str = "api", **more: Any) -> Function:
    base: dict[str, Any] = {"handler_file": "src/api.py", "handler_name": "app", "interface": "function", "runtime": "python3.13"}
    return Function(name, **{**base, **more})


def resource(name: str, type_: Any, **more: Any) -> Resource:
    return Resource(name, type_, **more)


def service(*parts: Function | Resource, **more: Any) -> Service:
    functions = {part.name: part for part in parts if isinstance(part, Function)}
    resources = {part.name: part for part in parts if isinstance(part, Resource)}
    base: dict[str, Any] = {"name": "orders", "stage": "dev", "target": "aws", "settings": {}, "workflows": {}, "secrets": (), "folder": Path()}
    return Service(functions=functions, resources=resources, **{**base, **more})


def artifacts(made: Service) -> dict[str, Artifact]:
    return {name: Artifact(SHA, 1000, 3000) for name in made.functions}

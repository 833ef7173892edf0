"""The hook implementation and nothing else: what the target `folder` is, and where each question about it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fnctl.adapter import Adapter, Cloud, Sandbox, Where
from fnctl.build.model import BuildTarget, Bundle, Recipe
from fnctl.graph import Artifact, Graph, Json
from fnctl.hookspecs import hookimpl
from fnctl.manifest.model import Service
from fnctl.rules.model import Rule


class Folder:
    """The target `folder`."""

    name = "folder"
    title = "a folder"
    ready = True
    extra = ""
    endpoint = ""

    def schema(self) -> Mapping[str, Json]:
        """Return the words of `targets.folder`."""
        path: Json = {"type": "string", "minLength": 1, "description": "Where the functions go, relative to the manifest.", "examples": ["share"]}
        return {"target": {"path": path}, "function": {}, "resource": {}}

    def abilities(self) -> Mapping[str, Any]:
        """Return what a folder lacks: nothing that portability has a word for."""
        return {}

    def rules(self) -> Iterable[Rule]:
        """Return this platform's checks."""
        from fnctl_adapter_folder.rules import RULES

        return RULES

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """Build for this machine: the folder is on it."""
        from fnctl_adapter_folder.translate import build_target

        return build_target(service.functions[function])

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Return one archive a function, with nothing added."""
        return [Recipe(name, bundle.files, {"": bundle.wheels}, (name,)) for name, bundle in bundles.items()]

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """Return one object a function."""
        from fnctl_adapter_folder.translate import translate

        return translate(service, artifacts)

    def connect(self, where: Where) -> Cloud:
        """Open the folder."""
        from fnctl_adapter_folder.cloud import connect

        return connect(where)

    def sandbox(self, folder: Path) -> Sandbox | None:
        """Return None: a folder needs no stand-in."""
        return None


@hookimpl
def fnctl_adapter() -> Adapter:
    """Speak for the target `folder`."""
    return Folder()

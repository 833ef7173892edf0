"""The hook implementation of Azure Functions: its words are known, and everything else says honestly that it is not there yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from fnctl.errors import FnctlError
from fnctl.hookspecs import hookimpl

if TYPE_CHECKING:  # nothing of the contract is needed to check a manifest
    from fnctl.adapter import Adapter, Cloud, Sandbox, Where
    from fnctl.build.model import BuildTarget, Bundle, Recipe
    from fnctl.graph import Artifact, Graph, Json
    from fnctl.manifest.model import Service
    from fnctl.rules.model import Rule


class Azure:
    """Azure Functions, so far for `fnctl validate` only."""

    name = "azure"
    title = "Azure Functions"
    ready = False
    extra = "azure"
    endpoint = "FNCTL_AZURE_ENDPOINT"

    def schema(self) -> Mapping[str, Json]:
        """Return the words of `targets.azure`."""
        found: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
        return found

    def abilities(self) -> Mapping[str, Any]:
        """Return what Azure lacks or does otherwise."""
        found: dict[str, Any] = json.loads(Path(__file__).with_name("abilities.json").read_text("utf-8"))
        return found

    def rules(self) -> Iterable[Rule]:
        """Return the limits of its plans."""
        from fnctl_azure.limits import RULES

        return RULES

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """Say that it is not there yet."""
        _not_yet()

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Say that it is not there yet."""
        _not_yet()

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """Say that it is not there yet."""
        _not_yet()

    def connect(self, where: Where) -> Cloud:
        """Say that it is not there yet."""
        _not_yet()

    def sandbox(self, folder: Path) -> Sandbox | None:
        """Say that it is not there yet."""
        _not_yet()


def _not_yet() -> NoReturn:
    message = "fnctl cannot deploy to Azure Functions yet"
    raise FnctlError(message, code="FN964", help="`fnctl validate` checks the manifest for it; to deploy choose another target")


@hookimpl
def fnctl_adapter() -> Adapter:
    """Speak for Azure Functions."""
    return Azure()

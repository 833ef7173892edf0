"""The hook implementation of Azure Functions: what fnctl sees of this distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fnctl_schemas
from fnctl.hookspecs import hookimpl

if TYPE_CHECKING:  # nothing of the contract is needed to check a manifest
    from fnctl.adapter import Adapter, Cloud, Indexed, Sandbox, Where
    from fnctl.build.model import BuildTarget, Bundle, Recipe
    from fnctl.graph import Artifact, Graph, Json
    from fnctl.manifest.model import Service
    from fnctl.rules.model import Rule

GLIBC = 28
"""Minor version of glibc. The oldest image of a Python that Azure still has is Debian 11, with 2.31; packages publish for 2.28 at most."""


class Azure:
    """Azure Functions. Everything but the schema is imported when it is asked for."""

    name = "azure"
    title = "Azure Functions"
    ready = True
    extra = "azure"
    endpoint = "FNCTL_AZURE_ENDPOINT"

    def schema(self) -> Mapping[str, Json]:
        """Return the words of `targets.azure`."""
        found: dict[str, Any] = fnctl_schemas.parse(Path(__file__).with_name("schema.json").read_text("utf-8"))
        return found

    def abilities(self) -> Mapping[str, Any]:
        """Return what Azure lacks or does otherwise."""
        found: dict[str, Any] = fnctl_schemas.parse(Path(__file__).with_name("abilities.json").read_text("utf-8"))
        return found

    def rules(self) -> Iterable[Rule]:
        """Return the limits of its plans."""
        from fnctl_azure.limits import RULES

        return RULES

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """Return Linux on x86_64, which is all that the plans have, whatever the manifest asks for elsewhere."""
        from fnctl.build.model import BuildTarget
        from fnctl_azure.artifact.library import EXTERNALS, brings

        wanted = service.functions[function].runtime
        python = wanted.removeprefix("python") if wanted.startswith("python") else None
        return BuildTarget(
            wanted,
            "x86_64",
            platform_tags=_tags() if python else (),
            python=python,
            externals=() if python else EXTERNALS,
            brings=brings(python) if python else (),
        )

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Return one artifact an app."""
        from fnctl_azure.artifact.recipe import recipes

        return recipes(service, bundles)

    def index(self, service: Service, recipe: Recipe, artifact: Path, environ: Mapping[str, str]) -> Indexed:
        """Find the artifact's functions as the host would."""
        from fnctl_azure.artifact.index import index

        return index(service, recipe, artifact, environ)

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """Return the Azure objects of a service."""
        from fnctl_azure.translate import translate

        return translate(service, artifacts)

    def connect(self, where: Where) -> Cloud:
        """Open one subscription and region."""
        from fnctl_azure.cloud import connect

        return connect(where)

    def sandbox(self, folder: Path) -> Sandbox | None:
        """Return the stand-in, made when first asked for."""
        from fnctl_azure.sandbox import sandbox

        return sandbox(folder)


def _tags() -> tuple[str, ...]:
    modern = tuple(f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 16, -1))
    return (*modern, *(f"{tag}_x86_64" for tag in ("manylinux2014", "manylinux2010", "manylinux1")))


@hookimpl
def fnctl_adapter() -> Adapter:
    """Speak for Azure Functions."""
    return Azure()

"""The hook implementation of Vercel: what fnctl sees of this distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fnctl_schemas
from fnctl.hookspecs import hookimpl

if TYPE_CHECKING:  # nothing of the contract is needed to check a manifest
    from fnctl.adapter import Adapter, Cloud, Sandbox, Where
    from fnctl.build.model import BuildTarget, Bundle, Recipe
    from fnctl.graph import Artifact, Graph, Json
    from fnctl.manifest.model import Service
    from fnctl.rules.model import Rule


class Vercel:
    """Vercel. Everything but the schema is imported when it is asked for."""

    name = "vercel"
    title = "Vercel"
    ready = True
    extra = "vercel"
    endpoint = "FNCTL_VERCEL_ENDPOINT"

    def schema(self) -> Mapping[str, Json]:
        """Return the words of `targets.vercel`."""
        found: dict[str, Any] = fnctl_schemas.parse(Path(__file__).with_name("schema.json").read_text("utf-8"))
        return found

    def abilities(self) -> Mapping[str, Any]:
        """Return what Vercel lacks or does otherwise."""
        found: dict[str, Any] = fnctl_schemas.parse(Path(__file__).with_name("abilities.json").read_text("utf-8"))
        return found

    def rules(self) -> Iterable[Rule]:
        """Return the limits of its plans."""
        from fnctl_vercel.limits import RULES

        return RULES

    def build_target(self, service: Service, function: str) -> BuildTarget:
        """Return Vercel's Linux; its own Python runtime travels in every Python function."""
        from fnctl.build.model import BuildTarget
        from fnctl_vercel.output.recipe import BOOTSTRAP

        wanted = service.functions[function]
        python = wanted.runtime.removeprefix("python") if wanted.runtime.startswith("python") else None
        tags = _tags(wanted.architecture) if python else ()
        return BuildTarget(wanted.runtime, wanted.architecture, platform_tags=tags, python=python, brings=(BOOTSTRAP,) if python else ())

    def recipes(self, service: Service, bundles: Mapping[str, Bundle]) -> Iterable[Recipe]:
        """Return one artifact for the whole service: a Build Output tree."""
        from fnctl_vercel.output.recipe import recipe

        return (recipe(service, bundles),)

    def translate(self, service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
        """Return Vercel's objects of a service."""
        from fnctl_vercel.translate import translate

        return translate(service, artifacts)

    def connect(self, where: Where) -> Cloud:
        """Open one scope."""
        from fnctl_vercel.cloud import connect

        return connect(where)

    def sandbox(self, folder: Path) -> Sandbox | None:
        """Return the stand-in for Vercel on this machine."""
        from fnctl_vercel.sandbox import sandbox

        return sandbox(folder)


def _tags(architecture: str) -> tuple[str, ...]:
    """Return the wheels that run there: glibc 2.17 is what Vercel's own builder asks for."""
    if architecture == "arm64":
        return ("manylinux_2_17_aarch64", "manylinux2014_aarch64")
    older = tuple(f"manylinux_2_{minor}_x86_64" for minor in range(17, 4, -1))
    return (*older, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64")


@hookimpl
def fnctl_adapter() -> Adapter:
    """Speak for Vercel."""
    return Vercel()

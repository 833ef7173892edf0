"""Services and recipes for the tests of Azure's artifacts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fnctl.build.model import BuildTarget, Bundle, File, Recipe
from fnctl.manifest.load import load
from fnctl.manifest.model import Function, Service
from fnctl.manifest.resolve import resolve
from fnctl_azure.plugin import Azure


def service_of(folder: Path) -> Service:
    """Read a manifest for Azure."""
    document, findings = load(folder / "fnctl.yaml")
    assert document is not None
    resolution = resolve(document, target="azure", stage="dev", environ={})
    assert [finding for finding in (*findings, *resolution.diagnostics) if finding.severity == "error"] == []
    assert resolution.service is not None
    return resolution.service


def bundle_of(function: Function, wheels: Iterable[Path] = (), *more: File) -> Bundle:
    """Stand for what the builders make of a function: its handler's file."""
    node = function.runtime.startswith("node")
    own = (File("handler.mjs", b"export {};\n"),) if node else (File(function.handler_file, function.handler_file.encode()),)
    entry = ("handler.mjs" if node else function.handler_file, function.handler_name)
    return Bundle(function.name, BuildTarget(function.runtime, "x86_64"), (*own, *more), tuple(wheels), entry, "", "")


def recipes_of(service: Service, **bundles: Bundle) -> list[Recipe]:
    """Return the recipes of a service; functions that are not named have their handler's file and no packages."""
    plain = {name: bundle_of(function) for name, function in service.functions.items()}
    return list(Azure().recipes(service, {**plain, **bundles}))


def text_of(recipe: Recipe, path: str) -> str:
    """Return one of the shim's own files."""
    (source,) = (file.source for file in recipe.files if file.path == path)
    assert isinstance(source, bytes)
    return source.decode()

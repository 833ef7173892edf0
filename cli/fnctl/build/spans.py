"""What `tracing: otel` needs in a bundle: OpenTelemetry's API, which the runtime calls and does not bring along."""

from __future__ import annotations

from collections.abc import Iterable

from fnctl.build.lists import normal
from fnctl.build.model import File
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function

PYTHON = "opentelemetry-api"
NODE = "@opentelemetry/api"
EXPORT = f'export * as fnctl_otel from "{NODE}";\n'
"""Hands the bundle's own API to the runtime beside it: the SDK that the handler sets up is then the one that gets the spans."""


def wanted(function: Function) -> bool:
    """Tell whether the runtime opens spans for this function."""
    return function.tracing == "otel" and function.interface != "native"


def present(function: Function, files: Iterable[File], wheels: Iterable[str]) -> None:
    """Look for the API among a Python bundle's wheels, by file name, and sources. A layer may bring it as well.

    Raises:
        FnctlError: FN447.
    """
    if not wanted(function) or function.layers:
        return
    if PYTHON in {normal(name.partition("-")[0]) for name in wheels} or any(file.path.startswith("opentelemetry/") for file in files):
        return
    message = f"`{function.name}` has `tracing: otel`, and {PYTHON} is not among its dependencies"
    help = f"add {PYTHON} to its list of dependencies, with opentelemetry-sdk and an exporter; or name a layer that brings them"
    raise FnctlError(message, code="FN447", help=help)

"""Python functions of one app run in one process: what they cannot both have there is found before anybody uploads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from fnctl.build.model import Bundle, File
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Service
from fnctl_azure.apps import App, apart
from fnctl_azure.artifact.library import asked, package


def clashes(service: Service, app: App, bundles: Mapping[str, Bundle]) -> Iterator[Diagnostic]:
    """Yield packages that two functions want in different versions, and modules of two handlers' folders that have one name.

    Args:
        service: the manifest, for its lines.
        app: whose functions live together.
        bundles: what was built of each.
    """
    yield from _packages(service, app, bundles)
    yield from _modules(service, app, bundles)


def _packages(service: Service, app: App, bundles: Mapping[str, Bundle]) -> Iterator[Diagnostic]:
    first: dict[str, tuple[str, str]] = {}
    for name, bundle in bundles.items():
        for wheel in bundle.wheels if asked(bundle) else ():
            named, version = package(wheel)
            holder, other = first.setdefault(named, (name, version))
            if other != version:
                yield Diagnostic(
                    "AZ603",
                    "error",
                    f"`{holder}` and `{name}` share the app `{app.name}`, and want two versions of {named}",
                    service.span("functions", name, "handler"),
                    f"{version}, and `{holder}` has {other}",
                    help=f"pin one version in both lists; or split one of them off: {apart(name)}",
                )


def _modules(service: Service, app: App, bundles: Mapping[str, Bundle]) -> Iterator[Diagnostic]:
    """A handler's folder comes first on Python's path, so `import util` in two folders would mean whichever was loaded first."""
    first: dict[str, tuple[str, File]] = {}
    for name, bundle in bundles.items():
        for module, file in _neighbours(bundle).items():
            holder, other = first.setdefault(module, (name, file))
            if other.path != file.path and _bytes(other) != _bytes(file):
                yield Diagnostic(
                    "AZ604",
                    "error",
                    f"`{holder}` and `{name}` share the app `{app.name}`, and `import {module}` would mean one file for both",
                    service.span("functions", name, "handler"),
                    f"{file.path}, or {other.path}",
                    help=f"rename one of them, or import it with its folder; or split one of them off: {apart(name)}",
                )


def _neighbours(bundle: Bundle) -> dict[str, File]:
    """Return the modules that a handler can import by their bare names because they lie beside it; the handler itself has its whole path."""
    home = PurePosixPath(bundle.entry[0]).parent
    if home == PurePosixPath():
        return {}
    found: dict[str, File] = {}
    for file in bundle.files:
        path = PurePosixPath(file.path)
        if path.suffix == ".py" and path.is_relative_to(home) and file.path not in (bundle.entry[0], f"{home}/__init__.py"):
            found.setdefault(path.relative_to(home).parts[0].removesuffix(".py"), file)
    return found


def _bytes(file: File) -> bytes:
    return file.source if isinstance(file.source, bytes) else file.source.read_bytes()

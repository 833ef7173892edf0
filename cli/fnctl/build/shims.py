"""What the adapters' shims share while an artifact is put together: files of a package, the digest of code, and the interfaces that there are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fnctl.build.model import File
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Service


def modules(package: str, folder: str, suffixes: tuple[str, ...], below: str = "", *, without: Collection[str] = ()) -> list[File]:
    """Read the files of one folder of a package, wherever it is installed.

    Args:
        package: its dotted name.
        folder: where they go in the artifact.
        suffixes: which of them: `(".py",)`.
        below: a folder inside the package.
        without: names that stay at home.
    """
    home: Traversable = files(package)
    for part in filter(None, below.split("/")):
        home = home / part
    found = (entry for entry in home.iterdir() if entry.is_file() and entry.name.endswith(suffixes) and entry.name not in without)
    return [File(f"{folder}/{entry.name}", entry.read_bytes()) for entry in found]


def joined(package: str) -> File:
    """Read a Node shim, which scripts/shims makes one file of: it goes to the artifact's root, where the platform looks for the handler."""
    return File("_fnctl.mjs", (files(package) / "shim.min.mjs").read_bytes())


@cache
def digest(code: tuple[File, ...]) -> str:
    """Return the digest of a shim's paths and bytes."""
    total = hashlib.sha256()
    for file in code:
        content = file.source if isinstance(file.source, bytes) else file.source.read_bytes()
        total.update(f"{file.path}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def fits(service: Service, function: Function, known: Collection[str]) -> None:
    """Raise FnctlError FN441 for an interface that the function's runtime does not have there."""
    if function.interface not in known:
        raise FnctlError(
            f"function {function.name}: interface `{function.interface}` cannot run on {function.runtime}",
            code="FN441",
            help=f"interfaces on {function.runtime}: {', '.join(known)}",
            span=service.span("functions", function.name, "interface"),
        )

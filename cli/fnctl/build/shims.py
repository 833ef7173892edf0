"""What the adapters' shims share while an artifact is put together: files of a package, the digest of code, and the interfaces that there are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fnctl.build.model import File
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Service

BYTECODE = Path(__file__).with_name("bytecode")
"""What `scripts/bytecode` made: `VERSION/SHA256.code`, by the digest of the source, so that no source is ever taken for what it was before."""


@cache
def python(adapter: str, roots: tuple[File, ...], runtime: str, *, without: frozenset[str] = frozenset()) -> tuple[File, ...]:
    """Put a Python shim together: what travels of `fnctl_runtime` and of the adapter's `runtime`, and its bytecode for `runtime`.

    Args:
        adapter: the package, `fnctl_aws`.
        roots: files of the artifact's own.
        runtime: `python3.13`.
        without: modules of the adapter's that stay at home.
    """
    core = modules("fnctl_runtime", "fnctl_runtime", (".py", ".typed"))
    ours = modules(f"{adapter}.runtime", f"{adapter}/runtime", (".py",), without=without)
    sources = (*roots, *core, *ours)
    return tuple(sorted((*sources, *compiled(sources, runtime.removeprefix("python"))), key=lambda file: file.path))


def compiled(sources: Iterable[File], version: str) -> Iterator[File]:
    """Give bytecode where Python looks for it, of sources that have some: another version does not take it, and compiles."""
    folder = BYTECODE / version
    made = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    for file in sources:
        name = f"{hashlib.sha256(file.source).hexdigest()}.code" if isinstance(file.source, bytes) else ""
        if name in made:
            place, _, module = file.path.removesuffix(".py").rpartition("/")
            yield File(f"{place}/__pycache__/{module}.cpython-{version.replace('.', '')}.pyc", (folder / name).read_bytes())


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


def joined(package: str, functions: Iterable[Function]) -> File:
    """Read a Node shim, which scripts/shims makes one file of: it goes to the artifact's root, where the platform looks for the handler.

    There are two, for Node parses a file as a whole. Where all functions take events, and no secret, span or claim has a part in that, it is the
    smaller one.
    """
    plain = all(one.interface == "event" and not (one.secrets or one.idempotent or one.tracing == "otel") for one in functions)
    return File("_fnctl.mjs", (files(package) / ("shim.events.min.mjs" if plain else "shim.min.mjs")).read_bytes())


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

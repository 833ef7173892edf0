"""What an artifact is made of: every file in it, and which package brought it. For `fnctl size`, budgets and bills of materials."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from fnctl.build import inside, npm
from fnctl.build.lists import normal
from fnctl.build.model import Bundle, File, Inlined, Recipe
from fnctl.dataclass import dataclass, replace
from fnctl.errors import FnctlError
from fnctl.graph import Artifact

Origin: TypeAlias = Literal["own", "fnctl", "pypi", "npm"]
"""Whose a file is: the project's, the portable runtime's and the platform's shim, or a package's."""


@dataclass(frozen=True)
class Piece:
    """One file of an artifact, or a source inside a bundled one: bytes unpacked, and in the archive. `archived`: the member that holds it."""

    path: str
    size: int
    packed: int
    archived: str


@dataclass(frozen=True)
class Package:
    """All that one package brought. `wheel` is where its wheel lies on this machine, for pypi."""

    origin: Origin
    name: str
    version: str
    pieces: tuple[Piece, ...]
    wheel: Path | None = None

    @cached_property
    def size(self) -> int:
        """Count its bytes, unpacked."""
        return sum(piece.size for piece in self.pieces)

    @cached_property
    def packed(self) -> int:
        """Count its bytes as in the archive."""
        return sum(piece.packed for piece in self.pieces)

    @property
    def label(self) -> str:
        """Name it for people."""
        return {"own": "your files", "fnctl": "fnctl's runtime"}.get(self.origin) or " ".join(filter(None, (self.name, self.version)))


@dataclass(frozen=True)
class Contents:
    """What a platform takes as one, taken apart: an artifact, or one function's folder of it. The largest package first, in it the largest file.

    Bytes: `size` unpacked, `packed` as in the archive.
    """

    name: str
    functions: tuple[str, ...]
    packages: tuple[Package, ...]
    size: int
    packed: int


_Key: TypeAlias = tuple[Origin, str, str]


def contents(recipe: Recipe, bundles: Mapping[str, Bundle], artifact: Artifact, path: Path) -> tuple[Contents, ...]:
    """Take an artifact apart, by function where each stands alone.

    Args:
        recipe: what it was made of.
        bundles: every function's bundle; their files are the project's own, all others of the recipe are fnctl's.
        artifact: what came out.
        path: where the archive is.

    Raises:
        FnctlError: FN445, it cannot be read.
    """
    found = _packages(recipe, bundles, path)
    if not recipe.folders:
        return (Contents(recipe.name, recipe.functions, found, artifact.unpacked_size, artifact.size),)
    return tuple(_below(found, function, folder) for function, folder in recipe.folders.items())


def _below(found: tuple[Package, ...], function: str, folder: str) -> Contents:
    parts = [replace(one, pieces=tuple(piece for piece in one.pieces if piece.archived.startswith(folder))) for one in found]
    kept = _ranked(part for part in parts if part.pieces)
    return Contents(function, (function,), kept, sum(part.size for part in kept), sum(part.packed for part in kept))


def brought(recipe: Recipe, bundles: Mapping[str, Bundle]) -> tuple[Package, ...]:
    """Name the packages that go into an artifact, without their files; nothing has to be read for it."""
    mine = [bundles[name] for name in recipe.functions]
    own = {file.source for bundle in mine for file in bundle.files}
    keys: dict[_Key, Path | None] = {}
    if any(file.source not in own for file in recipe.files):
        keys["fnctl", "", ""] = None
    keys |= {_key(wheel): wheel for group in (*recipe.wheels.values(), *recipe.installed.values()) for wheel in group}
    keys |= dict.fromkeys((("npm", one.package, one.version) for bundle in mine for one in bundle.inlined if one.package), None)
    keys |= dict.fromkeys((("npm", *one) for one in npm.listed(recipe)), None)
    keys |= dict.fromkeys((("npm", *one) for one in _travelling(recipe).values()), None)
    return tuple(Package(*key, (), wheel) for key, wheel in keys.items())


def _key(wheel: Path) -> _Key:
    name, version = wheel.name.split("-")[:2]
    return "pypi", normal(name), version


def _packages(recipe: Recipe, bundles: Mapping[str, Bundle], path: Path) -> tuple[Package, ...]:
    mine = [bundles[name] for name in recipe.functions]
    wheels = {folder + path: wheel for folder, group in recipe.wheels.items() for wheel in group for path, _ in inside.installed(wheel)}
    own = {file.source for bundle in mine for file in bundle.files}
    files = {file.path: file for file in recipe.files}
    travelling = _travelling(recipe)
    inlined = {file.source: bundle.inlined for bundle in mine if bundle.inlined for file in bundle.files if file.path.endswith(".mjs")}
    found: dict[_Key, list[Piece]] = {}
    homes: dict[_Key, Path] = {}
    for piece in _pieces(path):
        file = files.get(piece.path)
        shims = npm.owner(recipe, piece.path) if file is None else None
        if recipe.prebuilt:
            found.setdefault(("own", "", ""), []).append(piece)
        elif shims is not None:
            found.setdefault(("npm", *shims), []).append(piece)
        elif file is None:
            wheel = wheels[piece.path]
            key = _key(wheel)
            homes[key] = wheel
            found.setdefault(key, []).append(piece)
        elif file.source in inlined:
            for owner, part in _shares(piece, inlined[file.source]):
                found.setdefault(owner, []).append(part)
        else:
            found.setdefault(_owner(file, own, travelling), []).append(piece)
    return _ranked(Package(*key, tuple(sorted(pieces, key=_rank)), homes.get(key)) for key, pieces in found.items())


def _ranked(packages: Iterable[Package]) -> tuple[Package, ...]:
    return tuple(sorted(packages, key=lambda one: (-one.size, one.name, one.origin)))


def _owner(file: File, own: Iterable[Path | bytes], travelling: Mapping[str, tuple[str, str]]) -> _Key:
    for above in PurePosixPath(file.path).parents if travelling else ():
        if (found := travelling.get(above.as_posix())) is not None:
            return ("npm", *found)
    return ("own", "", "") if file.source in own else ("fnctl", "", "")


def _travelling(recipe: Recipe) -> dict[str, tuple[str, str]]:
    """Return the npm packages that go in as they are, beside a bundle: folder -> name and version."""
    found = {}
    for file in recipe.files:
        folder, _, name = file.path.rpartition("/")
        if name == "package.json" and isinstance(file.source, Path) and "node_modules/" in folder:
            package = folder.rpartition("node_modules/")[2]
            if package.count("/") == package.startswith("@"):  # a folder inside a package may have one, too
                found[folder] = package, _version(file.source)
    return found


def _version(manifest: Path) -> str:
    try:
        return str(json.loads(manifest.read_bytes()).get("version") or "")
    except (OSError, ValueError, AttributeError):
        return ""


def _rank(piece: Piece) -> tuple[int, str]:
    return -piece.size, piece.path


def _pieces(path: Path) -> Iterator[Piece]:
    try:
        with zipfile.ZipFile(path) as opened:
            members = opened.infolist()
    except (OSError, zipfile.BadZipFile) as error:
        message = f"{path.name} cannot be read as an archive: {error}"
        raise FnctlError(message, code="FN445", help="build it again:\nfnctl build") from error
    return (Piece(member.filename, member.file_size, member.compress_size, member.filename) for member in members)


def _shares(piece: Piece, sources: tuple[Inlined, ...]) -> Iterator[tuple[_Key, Piece]]:
    """Split a bundled file by what the bundler wrote into it. What is left, its joints and its banner, counts as the project's own."""
    rest, rest_packed = piece.size, piece.packed
    for source in sources:
        packed = piece.packed * source.size // max(piece.size, 1)
        rest, rest_packed = rest - source.size, rest_packed - packed
        key: _Key = ("npm", source.package, source.version) if source.package else ("own", "", "")
        yield key, Piece(source.path, source.size, packed, piece.path)
    yield ("own", "", ""), Piece(piece.path, max(rest, 0), max(rest_packed, 0), piece.path)

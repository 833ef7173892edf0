"""Packages that lie beside the service: their folders are built to wheels, the same bytes each time, and only when a file of theirs changed."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fnctl.build import archive, globs, tools
from fnctl.build import cache as memory
from fnctl.build.cache import Cache
from fnctl.build.deflating import ENGINE
from fnctl.build.files import refused, write
from fnctl.build.model import File, Recipe
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.pattern import later

LEFT = (".*/", "__pycache__/", "node_modules/", "*.egg-info/", "*.py[co]", "/build/", "/dist/", "/venv/")
"""What no package's sources are: the outcome of builds, environments, and a version control's own files."""

EPOCH = str(archive.FIRST)
PURE = "-none-any.whl"
PUBLISHED = ".published"
"""Ends the name of the note beside a wheel that says which digest an index has it under."""
LEVEL = "local 1"
RECORD = later(r"[^/]+\.dist-info/RECORD(\.\w+)?")


@dataclass(frozen=True)
class Local:
    """A folder that a list asks for, with what stands around it: `[extras]` and a marker."""

    folder: Path
    extras: str = ""
    marker: str = ""


def name_of(folder: Path) -> str | None:
    """Return the name that a folder's pyproject.toml gives, None where it gives none."""
    document = read(folder / "pyproject.toml")
    found = document.get("project", {}).get("name") or document.get("tool", {}).get("poetry", {}).get("name")
    return str(found) if found else None


def read(path: Path) -> dict[str, Any]:
    """Read a TOML file that is somebody else's; nothing for one that is not there or cannot be read: its own tools will say why."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}


def reached(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return folders and those that their `tool.uv.sources` lead to, each once, in a fixed order."""
    found: dict[Path, None] = {}
    todo = [folder.resolve() for folder in folders]
    while todo:
        folder = todo.pop()
        if folder not in found:
            found[folder] = None
            todo += sources(folder, read(folder / "pyproject.toml")).values()
    return tuple(sorted(found))


def sources(folder: Path, document: dict[str, Any]) -> dict[str, Path]:
    """Return name -> folder for the `path` and `workspace` entries of `tool.uv.sources`; a workspace's root lends its own to its members."""
    found: dict[str, Path] = {}
    for at, entries in _sources(folder, document):
        for name, given in entries.items():
            for entry in given if isinstance(given, list) else [given]:
                path = at / str(entry["path"]) if "path" in entry else members(at).get(name) if entry.get("workspace") else None
                if path is not None and path.is_dir():
                    found.setdefault(name, path.resolve())
    return found


def _sources(folder: Path, document: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    yield folder, document.get("tool", {}).get("uv", {}).get("sources", {})
    root = workspace(folder)
    if root and root != folder:
        yield root, read(root / "pyproject.toml").get("tool", {}).get("uv", {}).get("sources", {})


def workspace(folder: Path) -> Path | None:
    """Return the root of the uv workspace that a folder is in."""
    return next((step for step in (folder, *folder.parents) if "workspace" in read(step / "pyproject.toml").get("tool", {}).get("uv", {})), None)


def members(folder: Path) -> dict[str, Path]:
    """Return name -> folder of all members of the workspace around a folder, its root included."""
    root = workspace(folder)
    if root is None:
        return {}
    said = read(root / "pyproject.toml")["tool"]["uv"]["workspace"]
    out = {place for pattern in said.get("exclude", ()) for place in root.glob(str(pattern))}
    places = [root, *(place for pattern in said.get("members", ()) for place in sorted(root.glob(str(pattern))) if place not in out)]
    return {name: place for place in places if (name := name_of(place))}


def digest(folder: Path, cache: Cache) -> str:
    """Return the digest of a package's sources; no path of this machine is part of it."""

    def look() -> str:
        rows: list[Json] = [[path, cache.digest(source), bool(source.stat().st_mode & 0o111)] for path, source in _files(folder)]
        return memory.key(LEVEL, ENGINE, rows)

    return cache.once(f"sources {folder}", look)


def wheel(folder: Path, cache: Cache) -> Path:
    """Return a package's wheel, from the cache unless a file of its has changed.

    Args:
        folder: the package, with a pyproject.toml or setup.py.
        cache: keeps wheels by the digest of their sources.

    Raises:
        FnctlError: the folder cannot be built (FN425), or not for another machine (FN420), or no tool is there (FN423).
    """

    def make() -> Path:
        name = digest(folder, cache)
        known: str | None = cache.get("local", name)
        if known and (cache.root / "wheels" / known).is_file():
            return cache.root / "wheels" / known
        kept = _built(folder, cache)
        cache.put("local", name, kept)
        return cache.root / "wheels" / kept

    return cache.once(f"wheel {folder}", make)


def _built(folder: Path, cache: Cache) -> str:
    cache.report(f"building {folder.name}")
    try:
        with cache.workplace() as place:
            copy, out = place / folder.name, place / "out"
            for path, source in _files(folder):  # a build writes beside its sources: not beside yours
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, copy / path)
            made = _run(folder, copy, out, cache)
            return keep(archive_of(made, place), cache)
    except OSError as error:
        raise refused(error, cache.root / "wheels") from error


def _run(folder: Path, copy: Path, out: Path, cache: Cache) -> Path:
    environ = {**tools.indexed(cache.environ), "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"}
    uv = tools.uv(environ)
    command: list[str | Path] = [*tools.pip(environ), "wheel", "--no-deps", "--wheel-dir", out, copy]
    if uv:
        command = [
            uv,
            "build",
            "--wheel",
            "--no-sources",
            "--no-python-downloads",
            "--color",
            "never",
            "--python",
            tools.python(),
            "--out-dir",
            out,
            copy,
        ]
    done = tools.fetch(command, environ=environ, folder=copy)
    made = sorted(out.glob("*.whl"))
    if done.returncode or not made:
        message = f"the package `{folder.name}` cannot be built"
        raise FnctlError(
            message,
            code="FN425",
            notes=(str(folder), *tools.said(done.stderr)),
            help=f"see that it builds alone:\n  uv build --wheel --no-sources {folder}",
        )
    if not made[0].name.endswith(PURE):
        message = f"the package `{folder.name}` has compiled parts, so its wheel would only fit the machine that builds it: {made[0].name}"
        help_ = "build its wheel on the target's machine, and name the file in place of the folder"
        raise FnctlError(message, code="FN420", notes=(str(folder),), help=help_)
    return made[0]


def archive_of(made: Path, place: Path) -> Path:
    """Write a wheel's members anew, in our order and at our time, for a build backend may have its own idea of both."""
    with zipfile.ZipFile(made) as wheel:
        infos = [info for info in wheel.infolist() if not info.is_dir() and not RECORD.fullmatch(info.filename)]
        files = [File(info.filename, wheel.read(info), bool(info.external_attr >> 16 & 0o111)) for info in infos]
    record = f"{'-'.join(made.name.split('-')[:2])}.dist-info/RECORD"
    rows = "".join(f"{file.path},,\n" for file in sorted(files, key=lambda file: file.path)) + f"{record},,\n"
    again = archive.write(Recipe("again", (*files, File(record, rows.encode())), {}, ()), place).path
    assert again is not None  # noqa: S101  # what was written has a place
    return again.replace(place / made.name)


def keep(made: Path, cache: Cache, published: str = "") -> str:
    """Move a wheel to its place, named by content, and return it relative to the cache's wheels.

    Args:
        made: the wheel.
        cache: where its place is.
        published: the digest that a package index has it under, written beside it.
    """
    path = f"{memory.file_digest(made)}/{made.name}"
    place = cache.root / "wheels" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if published:
        write(place.with_suffix(PUBLISHED), published.encode())
    made.replace(place)
    return path


def published(wheels: Iterable[Path]) -> dict[Path, str]:
    """Return the digests that a package index has wheels under; what was built here is left out."""
    notes = {wheel: wheel.with_suffix(PUBLISHED) for wheel in wheels}
    return {wheel: note.read_text("utf-8") for wheel, note in notes.items() if note.is_file()}


def _files(folder: Path) -> list[tuple[str, Path]]:
    left = globs.matcher(LEFT)
    found: list[tuple[str, Path]] = []
    todo = [folder]
    while todo:
        for source in todo.pop().iterdir():
            path = source.relative_to(folder).as_posix()
            if source.is_dir():
                if not left(f"{path}/") and not source.is_symlink():
                    todo.append(source)
            elif not left(path):
                found.append((path, source))
    return sorted(found)

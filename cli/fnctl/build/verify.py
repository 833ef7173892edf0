"""Is a build reproducible? Build again from a copy elsewhere, with other times, another order and nothing remembered, and compare the bytes."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build.files import refused
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic

LEFT = frozenset({".git", ".fnctl", "__pycache__"})
TOOLS = ("tools", "node", "machines")
"""What a second build may share with the first: programs, which are the same wherever it runs."""

THEN = 1_000_000_000
SHOWN = 8


@dataclass(frozen=True)
class Elsewhere:
    """The same manifest's folder in another place, and an environment whose cache is empty."""

    folder: Path
    environ: Mapping[str, str]


@contextmanager
def elsewhere(folder: Path, environ: Mapping[str, str]) -> Iterator[Elsewhere]:
    """Copy a project, with the repository around it, for as long as the block lasts.

    Args:
        folder: the manifest's folder.
        environ: the environment of the first build.

    Raises:
        FnctlError: FN404, there is no room for a copy.
    """
    top = _top(folder.resolve())
    with tempfile.TemporaryDirectory(prefix="fnctl-verify-") as place:
        try:
            _copy(top, Path(place).resolve() / "copy", top)
            other = _environ(environ, Path(place).resolve())
        except OSError as error:
            raise refused(error, Path(place)) from error
        yield Elsewhere(Path(place).resolve() / "copy" / folder.resolve().relative_to(top), other)


def _top(folder: Path) -> Path:
    """Return the repository's folder: a list may ask for packages beside the manifest's."""
    return next((step for step in (folder, *folder.parents) if (step / ".git").exists()), folder)


def _copy(source: Path, to: Path, top: Path) -> None:
    """Copy what a build may read, the last name first; what packages brought is linked, for there may be much of it."""
    to.mkdir()
    for number, entry in enumerate(sorted(os.scandir(source), key=lambda entry: entry.name, reverse=True)):
        path = to / entry.name
        if entry.is_symlink():
            target = Path(entry.path).readlink()
            inside = target.is_absolute() and target.is_relative_to(top)
            path.symlink_to(os.path.relpath(target, source) if inside else target)
        elif entry.is_dir():
            if entry.name == "node_modules":
                shutil.copytree(entry.path, path, symlinks=True, copy_function=_link)
            elif entry.name not in LEFT and not Path(entry.path, "pyvenv.cfg").exists():
                _copy(Path(entry.path), path, top)
        elif entry.is_file():
            shutil.copy(entry.path, path)
            os.utime(path, (THEN + number, THEN + number))


def _link(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except OSError:  # another file system
        shutil.copy2(source, to)


def _environ(environ: Mapping[str, str], place: Path) -> dict[str, str]:
    home, other = memory.home(environ), place / "cache" / "fnctl"
    other.mkdir(parents=True)
    for name in TOOLS:
        if (home / name).is_dir():
            (other / name).symlink_to(home / name)
    # uv and pip keep what they have fetched: theirs is another promise, which digests prove
    kept = {"UV_CACHE_DIR": str(home.parent / "uv"), "PIP_CACHE_DIR": str(home.parent / "pip")}
    zone = {"TZ": "Pacific/Kiritimati" if environ.get("TZ") != "Pacific/Kiritimati" else "UTC"}
    return {**kept, **environ, **zone, "XDG_CACHE_HOME": str(other.parent)}


def difference(name: str, one: Path, other: Path) -> Diagnostic:
    """Say which members of two archives differ."""
    first, second = _members(one), _members(other)
    odd = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
    what = tuple(f"{path}: {_how(first.get(path), second.get(path))}" for path in odd[:SHOWN])
    more = (f"and {len(odd) - SHOWN} more",) if len(odd) > SHOWN else ()
    return Diagnostic(
        "FN444",
        "error",
        f"two builds of `{name}` differ",
        notes=(*what, *more) or ("the members are the same: their order or compression differs",),
        help="find out what writes a time, a path or a random order into those files; a deploy would see a change where there is none",
    )


def _members(path: Path) -> dict[str, tuple[int, int, int]]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: (info.CRC, info.file_size, info.external_attr) for info in archive.infolist()}


def _how(one: tuple[int, int, int] | None, other: tuple[int, int, int] | None) -> str:
    if one is None or other is None:
        return "only in the second build" if one is None else "only in the first build"
    return "other bytes" if one[:2] != other[:2] else "another mode"

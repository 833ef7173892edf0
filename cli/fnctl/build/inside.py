"""What lies inside archives that others have made, and the paths that a member may have."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path

from fnctl.errors import FnctlError


def installed(wheel: Path) -> tuple[tuple[str, zipfile.ZipInfo], ...]:
    """Return a wheel's members with the paths where an installer would put them. Raises FnctlError: FN402, FN407."""
    try:
        return _installed(wheel, wheel.stat().st_size)
    except (OSError, zipfile.BadZipFile) as error:
        raise damaged(wheel) from error


@lru_cache(maxsize=512)
def _installed(wheel: Path, _size: int) -> tuple[tuple[str, zipfile.ZipInfo], ...]:
    """Read a wheel's table of contents, once for all functions that have it."""
    with zipfile.ZipFile(wheel) as archive:
        infos = archive.infolist()
    return tuple((checked(path, wheel.name), info) for info in infos if (path := _place(info.filename)) is not None)


def _place(name: str) -> str | None:
    """Return the path of a wheel's member below site-packages; None for folders, RECORD, scripts, headers and data."""
    first, _, rest = name.partition("/")
    if name.endswith("/") or (first.endswith(".dist-info") and rest == "RECORD"):
        return None
    if not first.endswith(".data"):
        return name
    kind, _, path = rest.partition("/")
    return path if kind in ("purelib", "platlib") else None


def members(path: Path) -> dict[str, int]:
    """Return the members of somebody else's archive, path -> bytes unpacked. Raises FnctlError: FN402, it is unsafe; FN407, it is damaged."""
    try:
        with zipfile.ZipFile(path) as opened:
            infos = [info for info in opened.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        message = f"`{path.name}` is no archive that can be read"
        raise FnctlError(message, code="FN407", notes=(str(error),), help="make it anew; it is a .zip file") from error
    return {checked(info.filename, path.name): info.file_size for info in infos}


def checked(path: str, origin: str) -> str:
    """Return a path that stays inside the archive, and is text: a file system may hold names that are none. Raises FnctlError FN402."""
    parts = path.split("/")
    try:
        short = len(path.encode()) <= 0xFFFF
    except UnicodeEncodeError:
        short = False
    if "\\" in path or "\0" in path or not short or not all(parts) or any(part in (".", "..") for part in parts):
        message = f"{origin} has a member that an archive cannot hold: {path!r}"
        help = "paths are relative, in UTF-8, written with `/`, and never lead out of the archive: rename the file, or leave it out with `exclude`"
        raise FnctlError(message, code="FN402", help=help)
    return path


def damaged(wheel: Path) -> FnctlError:
    """Say that a wheel cannot be read."""
    message = f"the wheel `{wheel.name}` is damaged"
    return FnctlError(message, code="FN407", notes=(str(wheel),), help="remove that file, then build again: it is fetched anew")

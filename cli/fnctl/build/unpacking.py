"""An archive's tree as files: all of it at once or nothing, in place of what an earlier build left there."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from fnctl.build.files import refused, write


def lay_out(archive: Path, sha256: str, to: Path) -> None:
    """Unpack an archive of ours into a folder that holds nothing else afterwards; done already when the folder is of this very archive.

    Args:
        archive: what to unpack; its paths have been checked when it was packed.
        sha256: the archive's digest, remembered beside the folder.
        to: the folder; its parent is made where it is missing.

    Raises:
        FnctlError: FN404, a disk is full or a folder cannot be written.
    """
    mark = to.parent / f".{to.name}.sha256"
    try:
        if _same(archive, to) and mark.read_text("utf-8") == sha256:
            return
    except OSError:
        pass  # never laid out, or not to the end
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        mark.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{to.name}.", suffix=".tmp", dir=to.parent) as place:
            _extract(archive, Path(place) / "new")
            _swap(Path(place) / "new", to, Path(place) / "old")
    except OSError as error:
        raise refused(error, to) from error
    write(mark, sha256.encode())


def _extract(archive: Path, to: Path) -> None:
    to.mkdir()
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            path = to / info.filename
            path.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(info) as source, path.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            path.chmod(_mode(info))


def _swap(new: Path, to: Path, old: Path) -> None:
    """Put one folder in the place of another: between the two steps there is none, and never half of one."""
    if to.is_symlink() or to.is_file():
        to.unlink()
    elif to.exists():
        to.rename(old)
    new.rename(to)


def _same(archive: Path, to: Path) -> bool:
    """Compare names, sizes and modes: a file that somebody removed would be missing in a deployment."""
    with zipfile.ZipFile(archive) as opened:
        packed = {info.filename: (info.file_size, _mode(info)) for info in opened.infolist()}
    there = {}
    for folder, _, names in os.walk(to):
        for name in names:
            path = Path(folder, name)
            stat = path.lstat()
            there[path.relative_to(to).as_posix()] = (stat.st_size, stat.st_mode & 0o777)
    return packed == there


def _mode(info: zipfile.ZipInfo) -> int:
    return info.external_attr >> 16 & 0o777

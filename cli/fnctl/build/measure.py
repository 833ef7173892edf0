"""What a build left: the sizes of its archives and their largest members, read from the archives' own tables of contents."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError

SHOWN = 5


@dataclass(frozen=True)
class Archive:
    """One archive: bytes on disk and unpacked, and its members with their bytes unpacked, the largest first; `largest` are a few of them."""

    name: str
    size: int
    unpacked_size: int
    members: tuple[tuple[str, int], ...]

    @property
    def largest(self) -> tuple[tuple[str, int], ...]:
        """The members that a finding names."""
        return self.members[:SHOWN]


def archives(folder: Path, target: str) -> tuple[Archive, ...]:
    """Measure every archive below `<folder>/.fnctl/build/<target>/`. Raises FnctlError for one that cannot be read."""
    return tuple(archive(path) for path in sorted((folder / ".fnctl" / "build" / target).glob("*.zip")))


def archive(path: Path) -> Archive:
    """Measure one. Raises FnctlError where it cannot be read."""
    try:
        with ZipFile(path) as opened:
            members = [(member.filename, member.file_size) for member in opened.infolist()]
        size = path.stat().st_size
    except (OSError, BadZipFile) as error:
        message = f"{path.name} cannot be read as an archive: {error}"
        raise FnctlError(message, code="FN445", help="build it again:\nfnctl build") from error
    ordered = sorted(members, key=lambda member: (-member[1], member[0]))
    return Archive(path.stem, size, sum(bytes_ for _, bytes_ in members), tuple(ordered))

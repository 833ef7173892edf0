"""What goes up: the artifact's tree as one archive in pieces, or file by file where that does not get there; only what Vercel has not got."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import threading
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from fnctl.adapter import Run
from fnctl.errors import CloudError, Unreachable
from fnctl.graph import Json
from fnctl_vercel.client import Client
from fnctl_vercel.faults import Refused

TREE = ".vercel/output"
PART = ".vercel/source.tgz.part"
PIECE = 16 * 1024 * 1024
"""Bytes of one piece of an archive: a dropped connection costs one, and a run that is started again goes on with the next."""
PARALLEL = 4
MODE, PART_MODE = 0o100644, 0o666
FILES = 15_000
"""Files of one deployment at most (vercel.com/docs/limits, 2025-10-22); an archive's count as the archive's pieces."""
STEP = 0.1
"""A line of progress for each tenth."""


@dataclass(frozen=True)
class Part:
    """One uploaded file: its path in the deployment, where its bytes are, SHA-1 and size."""

    file: str
    path: Path
    sha: str
    size: int
    mode: int

    def entry(self) -> dict[str, Json]:
        """Name it in a deployment."""
        return {"file": self.file, "sha": self.sha, "size": self.size, "mode": self.mode}


@contextmanager
def parts(artifact: Path, how: str) -> Iterator[list[Part]]:
    """Lay an artifact out for the upload, in a folder that is gone afterwards. `how` is `archive` or `files`."""
    with TemporaryDirectory(prefix="fnctl-vercel-") as folder:
        yield list(_archive(artifact, Path(folder)) if how == "archive" else _files(artifact, Path(folder)))


def count(artifact: Path) -> int:
    """Tell how many files a deployment would have, file by file."""
    with zipfile.ZipFile(artifact) as archive:
        return len(archive.infolist())


class Untaken(CloudError):
    """An archive that does not get there, for a reason that its files one by one may not share."""


def untaken(error: CloudError) -> Untaken:
    """Say the same of the archive."""
    first = error.diagnostics[0]
    return Untaken(str(error), reason=error.reason, unknown=error.unknown, help=first.help, notes=first.notes)


def send(client: Client, parts: Sequence[Part], missing: Collection[str], run: Run, say: Callable[[str], None]) -> None:
    """Upload those parts whose digests are missing, a few at a time; each one's bytes are compared there.

    What has arrived stays there: a run that is started again is asked for the others only. After a failure nothing new is begun.

    Raises:
        Untaken: a piece of an archive is too large for what lies between, or does not get through in several tries.
        CloudError: another refusal; a limit; or the run was stopped.
    """
    todo = list({part.sha: part for part in parts if part.sha in missing}.values())
    total, whole = sum(part.size for part in todo), sum({part.sha: part.size for part in parts}.values())
    there = f" of {_amount(whole)}, the others are there," if total < whole else ""
    say(f"uploading {_amount(total)}{there} in {len(todo)} {'file' if len(todo) == 1 else 'files'}")
    progress = _Progress(total, say)

    def one(part: Part) -> None:
        try:
            client.upload(part.path, part.sha, part.size, run, progress.add)
        except CloudError as error:
            raise untaken(error) if part.file.startswith(PART) and _is_about_size(error) else error from None

    with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="fnctl-upload") as pool:
        try:
            for done in as_completed([pool.submit(one, part) for part in todo]):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _is_about_size(error: CloudError) -> bool:
    """Tell whether less at a time may get through: not where a limit, a right or the connection itself is what is missing."""
    if isinstance(error, Refused):
        return error.status not in (401, 402, 403, 404)
    return error.reason == "Lost" and not isinstance(error, Unreachable)


class _Progress:
    """Says how many bytes have gone, at each tenth."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total, self._say, self._done, self._next = total, say, 0, STEP
        self._lock = threading.Lock()

    def add(self, size: int) -> None:
        with self._lock:
            self._done += size
            if self._done >= self._total * self._next:
                self._next = min(1.0, self._done / max(1, self._total) + STEP)
                self._say(f"uploaded {_amount(self._done)} of {_amount(self._total)}")


def _amount(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{size / 1000:.0f} kB"  # decimal, as disks are sold


def _files(artifact: Path, folder: Path) -> Iterator[Part]:
    """Yield each file of the tree once for every path; equal contents are one upload."""
    with zipfile.ZipFile(artifact) as archive:
        for info in archive.infolist():
            body = archive.read(info)
            sha = hashlib.sha1(body, usedforsecurity=False).hexdigest()
            path = folder / sha
            if not path.exists():
                path.write_bytes(body)
            yield Part(f"{TREE}/{info.filename}", path, sha, len(body), _mode(info))


def _archive(artifact: Path, folder: Path) -> Iterator[Part]:
    """Write the tree as one tar.gz, the same bytes for the same artifact, and yield its pieces."""
    pieces = _Pieces(folder)
    with (
        zipfile.ZipFile(artifact) as archive,
        gzip.GzipFile(filename="", fileobj=pieces, mode="wb", compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tree,
    ):
        for info in archive.infolist():
            body = archive.read(info)
            member = tarfile.TarInfo(f"{TREE}/{info.filename}")
            member.size, member.mode = len(body), _mode(info) & 0o777
            tree.addfile(member, BytesIO(body))
    pieces.close()
    for number, (path, sha, size) in enumerate(pieces.done, 1):
        yield Part(f"{PART}{number}", path, sha, size, PART_MODE)


def _mode(info: zipfile.ZipInfo) -> int:
    return MODE | (0o111 if info.external_attr >> 16 & 0o111 else 0)


class _Pieces:
    """A file to write to that is cut into pieces, each with its digest."""

    def __init__(self, folder: Path) -> None:
        self.done: list[tuple[Path, str, int]] = []
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._sha: Any = None
        self._size = 0

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while len(view):
            if self._file is None:
                self._file, self._sha, self._size = (self._folder / str(len(self.done))).open("wb"), hashlib.sha1(usedforsecurity=False), 0
            piece = view[: PIECE - self._size]
            self._file.write(piece)
            self._sha.update(piece)
            self._size += len(piece)
            view = view[len(piece) :]
            if self._size == PIECE:
                self.close()
        return len(data)

    def flush(self) -> None:
        """Nothing: a piece is whole when it is closed."""

    def close(self) -> None:
        if self._file is not None:
            path = self._folder / str(len(self.done))
            self._file.close()
            self.done.append((path, self._sha.hexdigest(), self._size))
            self._file = None

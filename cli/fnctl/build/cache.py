"""What a build remembers between runs: digests of files that have not moved, answers by the digest of their question, wheels and tools."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from fnctl.build.files import write
from fnctl.errors import FnctlError
from fnctl.graph import Json

T = TypeVar("T")

FORMAT = "1"
SETTLED = 2_000_000_000
"""Nanoseconds. A file written within one tick of the clock of its file system could change again and look the same (2 s on FAT)."""
LEFT = 86_400
"""Seconds after which a folder that somebody works in is one that a killed run has left."""


def home(environ: Mapping[str, str]) -> Path:
    """Return `$XDG_CACHE_HOME/fnctl`; a relative path there is not valid and is ignored, as the XDG specification asks."""
    given = Path(environ.get("XDG_CACHE_HOME") or "")
    return (given if given.is_absolute() else Path(environ.get("HOME") or Path.home()) / ".cache") / "fnctl"


def key(*parts: Json) -> str:
    """Return the digest of a question; every input that could change the answer is a part."""
    text = json.dumps([FORMAT, *parts], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def bytes_digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Cache:
    """One run's view of the cache, safe for its threads; other runs may share the folder, or delete it, at any time.

    Args:
        root: the cache's folder.
        project: the manifest's folder, whose files are remembered together.
        environ: what the tools that a build starts shall see.
        report: hears what takes time.
        parallel: how much may be done at a time.
    """

    def __init__(
        self, root: Path, project: Path, environ: Mapping[str, str], report: Callable[[str], None] = lambda _message: None, parallel: int = 4
    ) -> None:
        self.root = root
        self.environ = environ
        self.report = report
        self.parallel = parallel
        self._seen: dict[Path, str] = {}
        self._done: dict[str, object] = {}
        self._locks: dict[str, Lock] = {}
        self._guard = Lock()
        self._memo_path = root / "files" / f"{key(str(project.absolute()))[:32]}.json"
        self._memo = _memo(self._memo_path)
        self._moved = False

    def digest(self, path: Path, *, fresh: bool = False) -> str:
        """Return a file's SHA-256, from memory when size, times and inode are what they were.

        Args:
            path: the file.
            fresh: look at the file again, even if this run has already done so.

        Raises:
            FnctlError: FN405, it cannot be read.
        """
        if not fresh and (seen := self._seen.get(path)):
            return seen
        try:
            digest = self._digest(path)
        except OSError as error:
            message = f"`{path.name}` cannot be read: {(error.strerror or str(error)).lower()}"
            raise FnctlError(message, code="FN405", notes=(str(path),), help="check that it is still there and readable, then build again") from error
        self._seen[path] = digest
        return digest

    def content(self, source: Path | bytes, *, fresh: bool = False) -> str:
        """Return the digest of a file, or of bytes that are not one. Raises FnctlError FN405."""
        return bytes_digest(source) if isinstance(source, bytes) else self.digest(source, fresh=fresh)

    def _digest(self, path: Path) -> str:
        now, stat = time.time_ns(), path.stat()
        mark = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        held = self._memo.get(str(path))
        if held and held[:4] == mark:
            return cast("str", held[4])
        digest = file_digest(path)
        if now - max(stat.st_mtime_ns, stat.st_ctime_ns) > SETTLED:
            self._memo[str(path)] = [*mark, digest]
            self._moved = True
        return digest

    def get(self, kind: str, name: str) -> Any:  # whatever was put there, None when it is gone or not JSON
        """Return what was put under a key."""
        try:
            return json.loads((self.root / kind / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None

    def put(self, kind: str, name: str, value: Json) -> None:
        """Keep an answer for later runs. Raises FnctlError FN404."""
        write(self.root / kind / f"{name}.json", json.dumps(value, separators=(",", ":")).encode())

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Make something at most once in this run, whichever thread asks first; a failure is everyone's too."""
        with self._guard:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            if name not in self._done:
                try:
                    self._done[name] = make()
                except FnctlError as error:
                    self._done[name] = error
            done = self._done[name]
        if isinstance(done, FnctlError):
            raise done
        return cast("T", done)

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """Give a folder on the cache's disk to work in, gone afterwards; what killed runs have left goes too. Raises OSError."""
        around = self.root / "tmp"
        around.mkdir(parents=True, exist_ok=True)
        for other in around.iterdir():
            with suppress(OSError):  # somebody else has just removed it
                if time.time() - other.stat().st_mtime > LEFT:
                    shutil.rmtree(other, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=around) as folder:
            yield Path(folder).resolve()

    def save(self) -> None:
        """Remember the digests of this run's files. Nothing depends on it, so a folder that cannot be written is no failure."""
        if self._moved:
            try:
                write(self._memo_path, json.dumps(self._memo, separators=(",", ":")).encode())
            except FnctlError:
                return


def _memo(path: Path) -> dict[str, list[Any]]:
    """Read the remembered digests: path -> [size, mtime, ctime, inode, sha256]."""
    try:
        found: dict[str, list[Any]] = json.loads(path.read_bytes())
        return {name: held for name, held in found.items() if len(held) == 5}
    except (OSError, ValueError, AttributeError, TypeError):  # gone, cut off, or not ours
        return {}

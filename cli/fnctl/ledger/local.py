"""A store in a folder on this machine, for platforms without an object store of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fnctl.errors import FnctlError
from fnctl.ledger.store import Conflict

STALE = 10.0


def place(environ: Mapping[str, str], target: str, identity: str, service: str, stage: str) -> Path:
    """Return the folder of one service and stage, below `$XDG_STATE_HOME/fnctl`."""
    home = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".local" / "state")
    mark = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return Path(home) / "fnctl" / "ledger" / target / mark / service / stage


class LocalStore:
    """A Store on a folder. Versions are digests of the content; writes of two processes are ordered by a mark file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)

    def exists(self) -> bool:
        """Tell whether the folder is there."""
        return self.folder.is_dir()

    def bootstrap(self) -> None:
        """Create the folder, readable by its owner only."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            message = f"the ledger's folder cannot be made: {error.strerror}"
            raise FnctlError(message, code="FN915", notes=(str(self.folder),), help="set XDG_STATE_HOME to a folder that you can write") from error

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return the bytes and their digest."""
        try:
            body = (self.folder / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return body, _version(body)

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Write through a temporary neighbour, under the mark."""
        with self._mark():
            found = self.get(key)
            if (absent and found is not None) or (expect is not None and (found is None or found[1] != expect)):
                raise Conflict(key)
            path = self.folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_bytes(body)
            draft.replace(path)
        return _version(body)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove one file."""
        with self._mark():
            found = self.get(key)
            if expect is not None and found is not None and found[1] != expect:
                raise Conflict(key)
            (self.folder / key).unlink(missing_ok=True)

    def list(self, prefix: str = "") -> Iterable[str]:
        """Yield keys in order; drafts and marks are hidden."""
        paths = (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        keys = sorted(path.relative_to(self.folder).as_posix() for path in paths)
        return [key for key in keys if key.startswith(prefix)]

    def put_file(self, key: str, path: Path) -> None:
        """Copy a file in, unless it is there."""
        target = self.folder / key
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(path, draft)
        draft.replace(target)

    def get_file(self, key: str, path: Path) -> None:
        """Copy a file out."""
        try:
            shutil.copyfile(self.folder / key, path)
        except FileNotFoundError:
            raise KeyError(key) from None

    def purge(self, *, keep: str | None = None) -> None:
        """Remove every file, and the folders that are empty then."""
        for key in list(self.list()):
            if key != keep:
                (self.folder / key).unlink(missing_ok=True)
        for path in sorted((p for p in self.folder.rglob("*") if p.is_dir()), reverse=True):
            if not any(path.iterdir()):
                path.rmdir()

    @contextmanager
    def _mark(self) -> Iterator[None]:
        # An O_EXCL file orders processes on every file system; one older than ten seconds was left by a killed process.
        path = self.folder / ".mark"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while True:
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                break
            except FileExistsError:
                if _age(path) > STALE:
                    path.unlink(missing_ok=True)
                time.sleep(0.01)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _version(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

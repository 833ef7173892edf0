"""Files that a verb writes anew, and the difference that it would make: `fmt` and `validate --fix`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError


@dataclass(frozen=True)
class Rewrite:
    """One file, before and after. `name` is how people are told of it."""

    path: Path
    name: str
    before: bytes
    after: bytes

    @property
    def changes(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after


def read(path: Path, name: str) -> bytes:
    """Read a file. Raises FnctlError."""
    from fnctl.manifest.syntax import contents

    try:
        return contents(path)
    except OSError as error:
        message = f"{name} cannot be read: {(error.strerror or str(error)).lower()}"
        raise FnctlError(message, code="FN001", help="look at the path and its permissions") from None


def write(rewrites: Iterable[Rewrite]) -> None:
    """Write what changes, each file whole or not at all. A link stays one: what it points at is written. Raises FnctlError."""
    for rewrite in rewrites:
        if rewrite.changes:
            _replace(rewrite)


def _replace(rewrite: Rewrite) -> None:
    path = rewrite.path.resolve()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _unwritable(rewrite, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(rewrite.after)
        Path(name).chmod(path.stat().st_mode & 0o7777)
        Path(name).replace(path)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise _unwritable(rewrite, error) from None


def _unwritable(rewrite: Rewrite, error: OSError) -> FnctlError:
    message = f"{rewrite.name} cannot be written: {(error.strerror or str(error)).lower()}"
    return FnctlError(message, code="FN924", help="look at its permissions; nothing of it was changed")


def difference(rewrites: Iterable[Rewrite]) -> str:
    """Write a unified diff that `patch -p1` and `git apply` take, "" when nothing changes."""
    return "".join(line for rewrite in rewrites if rewrite.changes for line in _hunks(rewrite))


def _hunks(rewrite: Rewrite) -> Iterator[str]:
    from difflib import unified_diff

    old, new = (_lines(part) for part in (rewrite.before, rewrite.after))
    for line in unified_diff(old, new, f"a/{rewrite.name}", f"b/{rewrite.name}"):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(raw: bytes) -> list[str]:
    lines = raw.decode("utf-8", "replace").split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *lines[-1:]] if lines[-1] else [f"{line}\n" for line in lines[:-1]]

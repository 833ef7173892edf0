"""Writing to disk: whole files or nothing, and the operating system's refusals in words."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from fnctl.errors import FnctlError

OURS = ".fnctl"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def refused(error: OSError, path: Path) -> FnctlError:
    """Say why a file or folder could not be written."""
    reason = (error.strerror or str(error)).lower()
    message, help_ = f"`{path.name}` cannot be written: {reason}", "make the folder writable for this user, or remove what is in its way"
    if error.errno in FULL:
        message, help_ = f"there is no room to write `{path.name}`: {reason}", "free some space there, then run the same command again"
    return FnctlError(message, code="FN404", notes=(str(path),), help=help_)


@contextmanager
def replacing(path: Path) -> Generator[IO[bytes], None, None]:
    """Open a temporary neighbour that takes the place of `path` once the block ends well; else nothing is left behind.

    Raises:
        FnctlError: FN404, the folder cannot be written or the disk is full.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(number, "wb", buffering=1 << 20) as stream:
            yield stream
        temporary.chmod(0o644)
        temporary.replace(path)
        temporary = None
    except OSError as error:
        raise refused(error, path) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write(path: Path, content: bytes) -> None:
    """Write a whole file or nothing. Raises FnctlError FN404."""
    with replacing(path) as stream:
        stream.write(content)


def renew(path: Path, content: bytes) -> None:
    """Write a whole file unless it is that already: a folder that cannot be written is no trouble while nothing changes. Raises FnctlError FN404."""
    try:
        same = path.read_bytes() == content
    except OSError:
        same = False
    if not same:
        write(path, content)


def ours(folder: Path) -> Path:
    """Return `.fnctl/` beside the manifest, which keeps itself out of git."""
    ignore = folder / OURS / ".gitignore"
    if not ignore.is_file():
        write(ignore, b"*\n")
    return ignore.parent

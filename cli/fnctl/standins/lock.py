"""One starter or stopper of a stand-in at a time."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from fnctl.errors import FnctlError
from fnctl.standins import processes

WAIT_SECONDS = 900.0
LOOK_SECONDS = 0.1
WRITE_SECONDS = 5.0


@contextlib.contextmanager
def lock(file: Path) -> Iterator[None]:
    """Hold `file`, which names its holder; one whose holder is gone is taken over."""
    mine = f"{os.getpid()} {processes.started(os.getpid())}"
    limit = time.monotonic() + WAIT_SECONDS
    while not _lock(file, mine):
        if time.monotonic() > limit:
            message = "another fnctl has been starting this sandbox for too long"
            raise FnctlError(message, code="FN953", help=f"End it, or remove {file}.")
        time.sleep(LOOK_SECONDS)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _lock(file: Path, mine: str) -> bool:
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w") as opened:
            opened.write(mine)
    except FileExistsError:
        _take_over(file)
        return False
    return True


def _take_over(file: Path) -> None:
    """Move a dead holder's lock away. Two may try: the one that moved a living holder's by mistake puts it back."""
    seen = _read(file)
    if seen is None or _holds(seen, file):
        return
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.rename(aside)
        if _read(aside) != seen:
            os.link(aside, file)
        aside.unlink()


def _holds(words: str, file: Path) -> bool:
    pid, _, born = words.partition(" ")
    if not pid.isdigit():  # made a moment ago, and not yet written
        with contextlib.suppress(OSError):
            return time.time() - file.stat().st_mtime < WRITE_SECONDS
        return False
    return processes.started(int(pid)) == born


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None

"""What `validate` found, kept until anything changes that the answer rests on: the same question then costs little more than starting Python.

An answer is asked for before anything else is imported, so this module imports next to nothing. It rests on the manifest's bytes, on how each other
file and folder that was looked at stands (written when, how large, which one), on fnctl's own code and data, on what is installed, on the variables
that were read, and on the day. Whatever cannot be read back as it was written is no answer.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from _blake2 import blake2b  # hashlib would bring OpenSSL: a third of a start of Python

TYPE_CHECKING = False  # as in __main__: importing it from typing would cost more than the answer
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TextIO, TypeAlias

    Stamp: TypeAlias = "tuple[int, int, int, int] | None"
    Found: TypeAlias = "tuple[Any, ...]"
    Answer: TypeAlias = "tuple[list[str], list[Found]]"

FORMAT = 1
MOST = 64
"""Answers that are kept; the oldest go first."""

SHORTEST = 8
"""What the redactor masks is not shorter."""

SETTLED = 2.0
"""Seconds. A file written within one tick of its file system's clock could change again and look the same (2 s on FAT)."""


def home(environ: Mapping[str, str]) -> str:
    """Return `$XDG_CACHE_HOME/fnctl/validate`; a relative path there is not valid and is ignored, as the XDG specification asks."""
    given = environ.get("XDG_CACHE_HOME", "")
    base = given if os.path.isabs(given) else os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
    return os.path.join(base, "fnctl", "validate")


def digest(content: bytes, salt: bytes = b"") -> bytes:
    """Return a short digest; salted where a few guesses could tell what was digested."""
    return blake2b(content, digest_size=16, salt=salt).digest()


def stamp(path: str) -> Stamp:
    """Say how a file or folder stands; None where there is none."""
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino


def find(words: list[str], environ: Mapping[str, str], cwd: str | None = None) -> Answer | None:
    """Return the targets and findings of the last run of these words in this folder, if nothing has changed since."""
    try:
        cwd = cwd or os.getcwd()
        with open(_place(words, environ, cwd), "rb") as file:
            raw = file.read()
    except OSError:
        return None
    if raw[:16] != digest(raw[16:]):
        return None  # cut off, or not ours
    asked, salt, evidence, answer = marshal.loads(raw[16:])  # noqa: S302  # its digest says that it is whole, and the folder is the user's own
    if asked != _question(words, cwd) or not _holds(evidence, environ, salt):
        return None
    return answer  # type: ignore[no-any-return]  # as `keep` wrote it


def keep(
    words: list[str], environ: Mapping[str, str], cwd: str, *, since: float, read: Mapping[str, bytes], seen: Iterable[str], names: Iterable[str],
    answer: Answer,
) -> None:  # fmt: skip
    """Keep an answer, unless something that it rests on is so young that a change might not show.

    Args:
        words: the command line after the verb.
        environ: the variables of this run.
        cwd: the folder of this run.
        since: when the run began.
        read: files whose bytes count, and those bytes.
        seen: files and folders of which only counts how they stand.
        names: the variables that were read.
        answer: the targets, and each finding as its fields.
    """
    stamps = {path: stamp(path) for path in seen}
    if any(found is not None and found[0] / 1e9 > since - SETTLED for found in stamps.values()):
        return
    salt = os.urandom(16)
    files = {path: digest(content) for path, content in read.items()}
    variables = {name: _hidden(environ.get(name), salt) for name in names}
    written = marshal.dumps((_question(words, cwd), salt, (_day(), files, stamps, variables), answer))
    try:
        _write(_place(words, environ, cwd), digest(written) + written)
    except OSError:
        return  # a cache that cannot be written is none


def verdict(targets: list[str]) -> str:
    """Say that there is nothing to find."""
    return f"The manifest is fine for {', '.join(targets)}." if targets else "The manifest is fine, and names no target to check it for."


def say(words: list[str], targets: list[str], environ: Mapping[str, str], stream: TextIO) -> bool:
    """Write the verdict of a manifest in which nothing was found. False where more has to be imported for it: a report, or the redactor."""
    text = verdict(targets)
    if any(word.startswith("--output") for word in words) or any(len(value) >= SHORTEST and value in text for value in environ.values()):
        return False
    try:
        if not {"--quiet", "-q"} & set(words):
            stream.write(text + "\n")
            stream.flush()
    except OSError:
        return False
    return True


def _question(words: list[str], cwd: str) -> tuple[Any, ...]:
    return FORMAT, sys.version, sys.path, cwd, words


def _place(words: list[str], environ: Mapping[str, str], cwd: str) -> str:
    return os.path.join(home(environ), digest(repr(_question(words, cwd)).encode("utf-8", "surrogateescape")).hex())


def _holds(evidence: Any, environ: Mapping[str, str], salt: bytes) -> bool:
    day, files, stamps, variables = evidence
    return (
        day == _day()
        and all(_hidden(environ.get(name), salt) == value for name, value in variables.items())
        and all(stamp(path) == known for path, known in stamps.items())
        and all(_same(path, known) for path, known in files.items())
    )


def _same(path: str, known: bytes) -> bool:
    try:
        with open(path, "rb") as file:
            return digest(file.read()) == known
    except OSError:
        return False


def _hidden(value: str | None, salt: bytes) -> bytes | None:
    return None if value is None else digest(value.encode("utf-8", "surrogateescape"), salt)


def _day() -> tuple[int, ...]:
    return tuple(time.localtime())[:3]


def _write(path: str, content: bytes) -> None:
    """Write the file at once or not at all, and let go of the oldest."""
    folder, made = os.path.dirname(path), f"{path}.{os.getpid()}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(made, "wb") as file:
        file.write(content)
    os.replace(made, path)
    kept = sorted(((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)), reverse=True)
    for _, old in kept[MOST:]:
        os.unlink(old)

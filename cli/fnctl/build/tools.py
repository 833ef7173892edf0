"""Other people's programs: find uv, pip and npm, run them, and keep secrets out of what they say."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fnctl.errors import FnctlError
from fnctl.pattern import later

PATIENCE = 900
"""Seconds: a big wheel over a slow line may take minutes, a dead line must not take for ever."""

ALIASES = (
    ("UV_DEFAULT_INDEX", "PIP_INDEX_URL"),
    ("UV_INDEX_URL", "PIP_INDEX_URL"),
    ("UV_INDEX", "PIP_EXTRA_INDEX_URL"),
    ("UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
    ("UV_FIND_LINKS", "PIP_FIND_LINKS"),
)


FULL = later(r"\b(?:ENOSPC|EDQUOT)\b|[Nn]o space left on device|[Dd]isk quota exceeded")
NAMED = later(r"^[\w-]+=(?=\w+://)")  # uv lets an index have a name: `internal=https://...`


def run(command: Sequence[str | Path], *, environ: Mapping[str, str], folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it said; its exit code is the caller's business.

    Raises:
        FnctlError: FN423, it cannot be started or does not end.
    """
    words = [str(word) for word in command]
    try:
        return subprocess.run(  # a program that we found, with arguments that no shell reads
            words, env=dict(environ), cwd=folder, input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=PATIENCE, check=False
        )
    except OSError as error:
        message = f"`{Path(words[0]).name}` cannot be started: {(error.strerror or str(error)).lower()}"
        raise FnctlError(message, code="FN423", notes=(words[0],), help="check that it is installed for this machine") from error
    except subprocess.TimeoutExpired as error:
        message = f"`{Path(words[0]).name}` did not end within {PATIENCE} s"
        raise FnctlError(message, code="FN423", help="check the network and the package index, then run the same command again") from error


def fetch(command: Sequence[str | Path], *, environ: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what fetches packages, as `run` does. Raises FnctlError as `run` and `room` do."""
    done = run(command, environ=environ, folder=folder)
    room(Path(command[0]).name, done.stderr, folder)
    return done


def room(name: str, text: str, folder: Path) -> None:
    """Look whether a tool had room for what it wrote: npm says so among its warnings, leaves half of a file behind, and calls that success.

    Raises:
        FnctlError: FN404.
    """
    if FULL.search(text):
        message = f"there is no room for what `{name}` fetches"
        help_ = "free some space there and where temporary files go, then run the same command again"
        raise FnctlError(message, code="FN404", notes=(str(folder), *said(text, 3)), help=help_)


def uv(environ: Mapping[str, str]) -> Path | None:
    """Find uv: on PATH, else the one that its wheel has put beside this Python."""
    found = shutil.which("uv", path=environ.get("PATH", os.defpath))
    if found:
        return Path(found)
    try:
        return Path(importlib.import_module("uv").find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def pip(environ: Mapping[str, str]) -> list[str | Path]:
    """Return the command of a pip: this Python's, else one that uv brings for the occasion.

    Raises:
        FnctlError: FN423, neither is there.
    """
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    brought = uv(environ)
    if brought:
        return [brought, "tool", "run", "--quiet", "--no-python-downloads", "--python", sys.executable, "pip"]
    message = "neither uv nor pip is there to fetch Python dependencies"
    raise FnctlError(message, code="FN423", help="install one of them:\n  python -m pip install uv")


def npm(environ: Mapping[str, str]) -> Path | None:
    """Find npm on PATH."""
    found = shutil.which("npm", path=environ.get("PATH", os.defpath))
    return Path(found) if found else None


def indexed(environ: Mapping[str, str]) -> dict[str, str]:
    """Give uv and pip the same package indexes: what is set for one of them is meant for both."""
    both = dict(environ)
    for ours, theirs in ALIASES:
        if environ.get(ours) and not environ.get(theirs):
            both.setdefault(theirs, " ".join(NAMED.sub("", word) for word in re.split(r"[\s,]+", environ[ours])))
    if not environ.get("UV_INDEX_URL") and environ.get("PIP_INDEX_URL"):
        both.setdefault("UV_DEFAULT_INDEX", environ["PIP_INDEX_URL"])
    if not environ.get("UV_EXTRA_INDEX_URL") and environ.get("PIP_EXTRA_INDEX_URL"):
        both.setdefault("UV_INDEX", environ["PIP_EXTRA_INDEX_URL"])
    return both | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore"}


def closed(environ: Mapping[str, str]) -> list[str | Path]:
    """Return uv's word for PIP_NO_INDEX, for which it has no variable."""
    return ["--no-index"] if environ.get("PIP_NO_INDEX", "").lower() in ("1", "true", "yes", "on", "y", "t") else []


def said(text: str, most: int = 12) -> tuple[str, ...]:
    """Return the last lines that a tool wrote, without the passwords of any address in them."""
    lines = [line.rstrip() for line in masked(text).splitlines() if line.strip()]
    return tuple(lines[-most:])


def masked(text: str) -> str:
    """Hide the user part of every URL."""
    return re.sub(r"(?<=://)[^/\s@]+@", "***@", text)


def python() -> Path:
    """Return this very Python: what uv resolves with needs one at hand, whichever it resolves for."""
    return Path(sys.executable)

"""Find esbuild, run it, and turn its complaints into findings: the project's own, else a pinned one in the cache."""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from fnctl.build import tools
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.pattern import later
from fnctl.source import Span

VERSION = "0.28.2"
"""What is fetched where the project has none of its own."""

ENTRIES = ".fnctl/entries/"
"""Where our generated entries lie: a place that is the same in every clone, for esbuild writes it into what it makes."""

COMPLAINT = later(
    r"^✘ \[ERROR\] (?P<text>.*?)(?: \[[\w-]+\])?\n(?:\n    (?P<file>[^\n]+?):(?P<line>\d+):(?P<column>\d+):\n(?P<shown>.*?)(?=\n\n|\Z))?", re.M | re.S
)
UNRESOLVED = later(r'Could not resolve "([^"]+)"')
NO_EXPORT = later(r'No matching export in "([^"]+)" for import "([^"]+)"')
PACKAGE = later(r"(@[^/]+/)?[^/]+")


def binary(folder: Path, handler: str, cache: Cache) -> Path:
    """Return the native esbuild for a handler: the nearest project's, up through the folders above, else the pinned one.

    Raises:
        FnctlError: FN431, it is not there and cannot be fetched.
    """
    start = (folder / handler).parent.resolve()
    for step in (start, *start.parents):
        for place in (f"{package()}/{_file()}", f".bin/esbuild{'.cmd' if os.name == 'nt' else ''}"):
            if (step / "node_modules" / place).is_file():
                return step / "node_modules" / place
    return cache.once("esbuild", lambda: _pinned(cache))


def package() -> str:
    """Return the npm package that holds esbuild's binary for this machine."""
    return f"@esbuild/{_platform()}"


def _platform() -> str:
    system = {"win32": "win32", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    return f"{system}-{ {'x86_64': 'x64', 'amd64': 'x64', 'aarch64': 'arm64', 'arm64': 'arm64'}.get(machine, machine) }"


def _file() -> str:
    return "esbuild.exe" if os.name == "nt" else "bin/esbuild"


def _pinned(cache: Cache) -> Path:
    """Fetch esbuild's native package once. npm checks its digest; no script of any package runs."""
    name = package()
    home = cache.root / "tools" / f"esbuild-{VERSION}-{_platform()}"
    if (home / _file()).is_file():
        return home / _file()
    npm = tools.npm(cache.environ)
    if npm is None:
        message = "neither esbuild nor npm is there to bundle TypeScript and JavaScript"
        raise FnctlError(message, code="FN431", help="install Node.js with npm, or esbuild in the project:\n  npm install --save-dev esbuild")
    cache.report(f"fetching esbuild {VERSION}")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            words = ("--ignore-scripts", "--loglevel=warn", "--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--prefix", folder)
            done = tools.fetch([npm, "install", *words, f"{name}@{VERSION}"], environ=cache.environ, folder=Path(folder))
            fetched = Path(folder) / "node_modules" / name
            if done.returncode or not (fetched / _file()).is_file():
                message = f"esbuild {VERSION} cannot be fetched"
                raise FnctlError(
                    message, code="FN431", notes=tools.said(done.stderr), help="install it in the project:\n  npm install --save-dev esbuild"
                )
            _settle(fetched, home)
    except OSError as error:
        raise refused(error, home) from error
    return home / _file()


def _settle(fetched: Path, home: Path) -> None:
    """Move a fetched tool to its place; another run may have been quicker, with the same bytes."""
    try:
        fetched.rename(home)
    except OSError:
        if not (home / _file()).is_file():
            raise


def run(command: Sequence[str | Path], folder: Path, cache: Cache) -> None:
    """Run esbuild on generated entries, in the manifest's folder.

    Raises:
        FnctlError: one diagnostic for each complaint: FN432 syntax and the rest, FN433 an import that leads nowhere, FN434 no such export.
    """
    done = tools.run(command, environ=cache.environ, folder=folder)
    if done.returncode:
        found = tuple(complaints(done.stderr, folder))
        message = "esbuild failed"
        raise FnctlError(
            message, code="FN432", notes=tools.said(done.stderr), help="run the same build again with the sources mended", diagnostics=found
        )


def complaints(text: str, folder: Path) -> Iterator[Diagnostic]:
    """Read esbuild's error messages."""
    for found in COMPLAINT.finditer(text):
        span = _span(found, folder) if found["file"] and not found["file"].startswith(ENTRIES) else None
        unresolved, missing = UNRESOLVED.search(found["text"]), NO_EXPORT.search(found["text"])
        if missing and span is None:
            message = f"`{missing[1].removeprefix('../../')}` exports no `{missing[2]}`"
            yield Diagnostic("FN434", "error", message, help="export that name from the handler file, or correct `handler`")
        elif unresolved:
            yield Diagnostic("FN433", "error", f"`{unresolved[1]}` is imported, but it is not there", span=span, help=_way_in(unresolved[1], folder))
        else:
            yield Diagnostic("FN432", "error", found["text"].strip(), span=span, help="correct the source, then build again")


def _way_in(name: str, folder: Path) -> str:
    if name.startswith((".", "/")):
        return "correct the path, or write that file"
    package = PACKAGE.match(name)
    listed = folder / "package.json"
    known = package and listed.is_file() and f'"{package[0]}"' in listed.read_text("utf-8", "replace")
    return "install what package.json lists:\n  npm install" if known else f"install the package:\n  npm install {package[0] if package else name}"


def _span(found: re.Match[str], folder: Path) -> Span:
    """Return the place. esbuild counts columns from 0, in UTF-8 bytes; the length of what is meant stands below it as a row of tildes."""
    line, column = int(found["line"]), int(found["column"])
    marked = re.search(r"(~+|\^)\s*$", found["shown"] or "")
    try:
        text = (folder / found["file"]).read_bytes().splitlines()[line - 1]
        column = len(text[:column].decode("utf-8", "replace"))
    except (OSError, IndexError):
        pass  # the file has changed under esbuild: the column is right for ASCII
    end = column + len(marked[1]) if marked and marked[1] != "^" else column + 1
    return Span(found["file"].replace(os.sep, "/"), line, column + 1, line, end + 1)

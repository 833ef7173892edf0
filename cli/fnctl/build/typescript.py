"""Type errors as findings of the build, for functions that ask for it: the project's own tsc is run, unless no file that it read has changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build import tools
from fnctl.build.bundling import Job
from fnctl.build.cache import Cache
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.pattern import later
from fnctl.source import Span

COMPLAINT = later(r"^(?:(?P<file>[^\s(][^(]*)\((?P<line>\d+),(?P<column>\d+)\): )?error (?P<code>TS\d+): (?P<text>.*(?:\n[ \t]+.*)*)", re.MULTILINE)
WORDS = ("--noEmit", "--pretty", "false", "--listFiles")


def check(job: Job) -> None:
    """Check the types of the project that a handler belongs to; once for all its handlers.

    Raises:
        FnctlError: what tsc finds (FN437), or there is no TypeScript, or no tsconfig.json that covers the handler (FN438).
    """
    handler = job.folder / job.function.handler_file
    settings = _above(handler.parent, "tsconfig.json")
    compiler = _above(handler.parent, f"node_modules/.bin/tsc{'.cmd' if os.name == 'nt' else ''}")
    if settings is None or compiler is None:
        missing = "tsconfig.json" if settings is None else "TypeScript"
        help = "write one beside the manifest:\n  npx tsc --init" if settings is None else "install it:\n  npm install --save-dev typescript"
        message = f"`check: true` needs {missing}, and there is none in the folder of `{job.function.name}` or above it"
        raise FnctlError(message, code="FN438", help=help)
    read = job.cache.once(f"tsc {settings}", lambda: _checked(compiler, settings, job.folder, job.cache))
    if os.path.realpath(handler) not in read:
        message = f"`{os.path.relpath(settings, job.folder)}` does not cover {job.function.handler_file}, so its types were not checked"
        raise FnctlError(message, code="FN438", help="name its folder in `include` of that file")


def _above(start: Path, name: str) -> Path | None:
    return next((step / name for step in (start, *start.parents) if (step / name).is_file()), None)


def _checked(compiler: Path, settings: Path, folder: Path, cache: Cache) -> frozenset[str]:
    """Return the files that a project consists of, once tsc has nothing to say about them."""
    name = memory.key("tsc 1", str(settings), cache.digest(settings), str(compiler.resolve()))
    known: dict[str, str] | None = cache.get("tsc", name)
    if known is not None and _same(known, cache):
        return frozenset(known)
    cache.report(f"checking types of {os.path.relpath(settings, folder)}")
    done = tools.run([compiler, *WORDS, "-p", settings], environ=cache.environ, folder=folder)
    found = tuple(complaints(done.stdout, folder))
    if found or done.returncode:
        message = "tsc failed"
        raise FnctlError(
            message, code="FN437", notes=tools.said(done.stdout + done.stderr), help="run the same check alone: npx tsc --noEmit", diagnostics=found
        )
    read = {os.path.realpath(folder / line.strip()) for line in done.stdout.splitlines() if line.strip()}
    cache.put("tsc", name, {path: cache.digest(Path(path)) for path in sorted(read)})
    return frozenset(read)


def _same(known: dict[str, str], cache: Cache) -> bool:
    try:
        return all(cache.digest(Path(path)) == digest for path, digest in known.items())
    except FnctlError:  # one is gone
        return False


def complaints(text: str, folder: Path) -> Iterator[Diagnostic]:
    """Read tsc's errors, `src/a.ts(3,7): error TS2322: ...`; its columns count from 1."""
    for found in COMPLAINT.finditer(text):
        first, *more = (line.strip() for line in found["text"].splitlines())
        span = None
        if found["file"]:
            path = Path(os.path.relpath(folder / found["file"], folder)).as_posix()
            span = Span(path, int(found["line"]), int(found["column"]))
        yield Diagnostic("FN437", "error", f"{first} ({found['code']})", span, notes=tuple(more), help="mend it, or build without `check: true`")

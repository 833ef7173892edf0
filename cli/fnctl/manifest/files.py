"""Handler files: there, of the runtime's language, and holding the name that the manifest calls."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from fnctl.diagnostics import Diagnostic, Severity
from fnctl.manifest import handlers
from fnctl.manifest.model import Function, Service
from fnctl.manifest.suggest import did_you_mean, nearest
from fnctl.source import Span

_SKIPPED = {"node_modules", "__pycache__", "venv", "dist", "build"}
_MOST = 2000
"""Files looked at for a suggestion: a manifest in a home folder must not search the disk."""


Looked: TypeAlias = "dict[tuple[str, str, bool], handlers.Answer | handlers.Names | OSError | ValueError]"
"""What was seen: for a file, a name in it, and whether its language can be read at all."""


def check(service: Service, function: Function, looked: Looked) -> Iterable[Diagnostic]:
    """Find what is wrong with one function's handler."""
    return () if _plain(service, function, looked) else _check(service, function, looked)


def _plain(service: Service, function: Function, looked: Looked) -> bool:
    """See what most handlers are, in a third of the time: a function of a Python file in the manifest's folder."""
    file = function.handler_file
    if not file.endswith(".py") or file[0] == "/" or ".." in file or "\\" in file or function.artifact or function.runtime[:6] != "python":
        return False
    key = (file, function.handler_name, True)
    if key not in looked:
        try:
            if not handlers.says(f"{service.folder!s}/{file}", function.handler_name):
                return False
        except (OSError, ValueError):
            return False
        looked[key] = "yes"
    return looked[key] == "yes"


def _check(service: Service, function: Function, looked: Looked) -> Iterator[Diagnostic]:
    file, suffix = function.handler_file, os.path.splitext(function.handler_file)[1]  # noqa: PTH122  # pathlib would take a third of the time here
    if file.startswith("/") or ".." in file.split("/") or "\\" in file:
        yield _finding(
            service,
            function,
            "FN050",
            "a handler's file is relative to the manifest's folder, and inside it",
            "outside",
            "write it with `/`: src/api.py:app",
        )
        return
    if function.artifact:
        yield from _archive(service, function, looked)
        return
    suffixes = _suffixes(function.runtime)
    if suffixes and suffix not in suffixes:
        yield _finding(
            service,
            function,
            "FN054",
            f"{function.runtime} does not run `{suffix or file}` files",
            "another language",
            f"one of {', '.join(suffixes)}; or set `runtime`",
        )
        return
    key = (file, function.handler_name, bool(suffixes))
    answer = looked.get(key)
    if answer is None:
        answer = looked[key] = _look(f"{service.folder}/{file}", function.handler_name if suffixes else None)
    if answer == "yes":
        return
    if isinstance(answer, OSError | ValueError):
        yield _unreadable(service, function, answer)
    elif isinstance(answer, handlers.Names):
        line, column, words = answer.broken or (1, 1, "")
        yield Diagnostic(
            "FN053",
            "error",
            f"{file} cannot be parsed: {words}",
            Span(file, line, max(column, 1)),
            help=f"functions.{function.name} is called from there",
        )
    else:
        yield _nameless(service, function, service.folder / file, answer)


def _archive(service: Service, function: Function, looked: Looked) -> Iterator[Diagnostic]:
    """Look for the archive only; whether the handler's file is in it the build will see."""
    path, span = str(function.artifact), service.span("functions", function.name, "artifact")
    key = (path, "", False)
    if key not in looked:
        inside = not path.startswith("/") and ".." not in path.split("/") and os.path.isfile(service.folder / path)  # noqa: PTH113  # as above
        looked[key] = "yes" if inside else FileNotFoundError(path)
    if looked[key] != "yes":
        help = "make it first; the path is relative to the manifest's folder, and inside it"
        yield Diagnostic("FN050", "error", f"there is no archive {path}", span, "not there", help=help)


def _suffixes(runtime: str) -> tuple[str, ...]:
    """Return what a runtime's files end in; nothing for a language that only a stranger's builder can read."""
    return handlers.PYTHON if runtime.startswith("python") else handlers.NODE if runtime.startswith("nodejs") else ()


def _look(path: str, name: str | None) -> handlers.Answer | handlers.Names | OSError | ValueError:
    """See whether a file has a name; without one, whether it is there."""
    try:
        if name is not None:
            return handlers.defines(path, name)
        handlers.readable(path)
    except (OSError, ValueError) as error:
        return error
    return "yes"


def _finding(
    service: Service,
    function: Function,
    code: str,
    message: str,
    label: str,
    help: str | None,
    severity: Severity = "error",
) -> Diagnostic:
    return Diagnostic(code, severity, message, service.span("functions", function.name, "handler"), label, help=help)


def _unreadable(service: Service, function: Function, error: OSError | ValueError) -> Diagnostic:
    file = function.handler_file
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        near = _near(service.folder, file)
        help = f"did you mean `{near}:{function.handler_name}`?" if near else "paths are relative to the manifest's folder"
        return _finding(service, function, "FN050", f"there is no file {file}", "not there", help)
    reason = (error.strerror or "it cannot be read").lower() if isinstance(error, OSError) else "it is not UTF-8"
    return _finding(
        service, function, "FN050", f"{file} cannot be read: {reason}", "not readable", "a handler's file is a readable text file in UTF-8"
    )


def _nameless(service: Service, function: Function, path: Path, answer: str) -> Diagnostic:
    file, name = function.handler_file, function.handler_name
    known = handlers.names(path)
    public = {n for n in known if not n.startswith("_")}
    help = did_you_mean(name.split(".")[0], public, f"{file} has no names of its own" if not public else None)
    if answer == "unsure":
        return _finding(service, function, "FN052", f"`{name}` is not seen in {file}, which takes names from elsewhere", "not seen", help, "warning")
    verb = "exports" if path.suffix in handlers.NODE else "has"
    return _finding(service, function, "FN051", f"{file} {verb} no `{name}`", "not in that file", help)


def _near(folder: Path, file: str) -> str | None:
    suffix, files, seen = Path(file).suffix, list[str](), 0
    for root, folders, members in os.walk(folder):
        folders[:] = [f for f in folders if f not in _SKIPPED and not f.startswith(".")]
        seen += len(members) + 1
        files += [(Path(root) / m).relative_to(folder).as_posix() for m in members if m.endswith(suffix or ".py")]
        if seen > _MOST:
            break
    same = [f for f in files if Path(f).name == Path(file).name]
    return same[0] if len(same) == 1 else nearest(file, files)

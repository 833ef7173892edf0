"""What a handler raised when it was imported, as a finding: the exception, the project's own line, the way there, and what to do."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fnctl.build.model import BuildTarget
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Function, Service
from fnctl.source import Span

ESCAPE = "to upload it as it is: --no-import-check"
LISTS = {"python": "requirements.txt or pyproject.toml", "nodejs": "package.json, and install it"}


def finding(service: Service, function: Function, target: BuildTarget, told: Mapping[str, Any], root: Path) -> Diagnostic | None:
    """Say what went wrong; None when nothing did, or when it was the platform's own part that is not here.

    Args:
        service: the manifest.
        function: whose handler it is.
        target: the machine, and what the platform brings along.
        told: what the probe wrote down.
        root: where the artifact's files of this function were.
    """
    if not told or _platforms(told.get("module"), function, target):
        return None
    handler = service.span("functions", function.name, "handler")
    if told["type"] == "timeout":
        message = f"importing `{function.handler_file}` did not end within {told['text']}"
        help = f"do long work in the handler, or on its first call, not while the file is imported;\n{ESCAPE}"
        return Diagnostic("FN453", "error", message, handler, "never ready", help=help)
    if told["type"] == "ended":
        message = f"importing `{function.handler_file}` ended the process with code {told['code']}"
        notes = tuple(line for line in told["text"].splitlines()[-5:] if line.strip())
        return Diagnostic("FN451", "error", message, handler, "never ready", notes, help=f"a compiled package may be for another machine;\n{ESCAPE}")
    own = _own(told.get("frames", ()), root, service.folder)
    span = Span(own[-1][0], own[-1][1], 1) if own else handler
    way = " -> ".join(f"{path}:{line}" for path, line in own)
    named = f"`{function.name}`" + (f" ({handler})" if own and handler else "")
    notes = (*((f"by way of {way}",) if len(own) > 1 else ()), f"while {named} was imported from its artifact, as the platform does it")
    if told.get("network"):
        message = f"`{function.handler_file}` opens a connection while it is imported, so the import could not be tried here"
        return Diagnostic("FN454", "warning", message, span, told["type"], notes, help=f"connect in the handler, or on its first call;\n{ESCAPE}")
    return _raised(function, target, told, span, notes)


def _raised(function: Function, target: BuildTarget, told: Mapping[str, Any], span: Span | None, notes: tuple[str, ...]) -> Diagnostic:
    if told.get("variable"):
        name = told["variable"]
        message = f"`{function.handler_file}` reads {name} from the environment while it is imported, and nothing sets it"
        help = f"set it, as a value or a secret; or read it in the handler:\n  functions.{function.name}.env: {{ {name}: ... }}\n{ESCAPE}"
        return Diagnostic("FN452", "error", message, span, "not set", notes, help=help)
    text = f"{told['type']}: {told['text']}".splitlines()[0]
    help = f"mend it, for every call would fail in the same way;\n{ESCAPE}"
    if told.get("module"):
        family = target.runtime.rstrip("0123456789.")
        help = f"add the package that brings `{told['module']}` to {LISTS[family]}, or its files with `include`;\n{ESCAPE}"
    return Diagnostic("FN451", "error", f"`{function.handler_file}` cannot be imported: {text}", span, told["type"], notes, help=help)


def _platforms(module: Any, function: Function, target: BuildTarget) -> bool:  # a name, or nothing
    """Tell whether a missing module is one that the platform or a layer brings."""
    if not module:
        return False
    names = {provided.replace("-", "_") for provided in target.provided}
    outside = any(fnmatch.fnmatchcase(module, pattern) for pattern in target.externals)
    return bool(function.layers) or outside or str(module).partition(".")[0] in names


def _own(frames: Sequence[Sequence[Any]], root: Path, folder: Path) -> list[tuple[str, int]]:
    """Return the lines of the project's own files on the way, by their paths at home."""
    found: list[tuple[str, int]] = []
    for path, line, *_ in frames:
        below = path.removeprefix(f"{str(root).rstrip('/')}/")
        if below != path and "node_modules/" not in below and (folder / below).is_file() and (not found or found[-1][0] != below):
            found.append((below, line))
        elif found and found[-1][0] == below:
            found[-1] = (below, line)
    return found

"""A look into an artifact as the host takes it: the app is loaded by its own library, in an interpreter of its version, and its functions counted.

On the platform an app whose module raises has no functions, and the deploy says that all is well. Nothing of the machine's environment reaches the
code that is loaded here.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fnctl.adapter import Indexed
from fnctl.build.interpreters import Interpreter, find, find_node
from fnctl.build.model import Recipe
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.model import Function, Service
from fnctl_azure.apps import App, remote_build
from fnctl_azure.names import setting

SECONDS = 120
"""How long an app may take to load; the host gives it 30 to 60."""

HERE = Path(__file__).parent
MARK = "fnctl-index: "
"""What the probe's answer begins with: an author's module may write to standard output as well."""


@dataclass(frozen=True)
class _Answer:
    """What a probe found: names of functions, why some could not be loaded, and what stopped the whole app."""

    functions: tuple[str, ...] = ()
    failed: Mapping[str, str] | None = None
    error: str = ""


def index(service: Service, recipe: Recipe, artifact: Path, environ: Mapping[str, str]) -> Indexed:
    """Load one app and compare its functions with the manifest's.

    Args:
        service: the manifest.
        recipe: the app.
        artifact: its archive.
        environ: where interpreters are; nothing else of it is handed on.
    """
    if recipe.prebuilt:
        return Indexed(notes=(f"`{recipe.name}` is as somebody else has packed it, and was not looked into",))
    functions = [service.functions[name] for name in recipe.functions]
    if remote_build(service, App(recipe.name, tuple(functions))):
        return Indexed(notes=(f"`{recipe.name}` gets its packages from Azure, and was not looked into: the deploy sees what the host finds",))
    runtime = functions[0].runtime
    found = _interpreter(runtime, environ)
    unable = _unable(runtime, found)
    if found is None or unable:
        return Indexed(notes=(f"`{recipe.name}` was not loaded to see what the host would find in it: {unable}",))
    with tempfile.TemporaryDirectory(prefix="fnctl-index-") as place:
        root = Path(place) / "app"
        with zipfile.ZipFile(artifact) as archive:
            archive.extractall(root)  # our own archive, whose paths were checked when it was packed
        answer = _ask(found, runtime, root, _environment(functions, service, Path(place)))
    findings = tuple(_findings(service, recipe, answer))
    if found.exact:
        return Indexed(findings)
    told = "".join(f"; it says: {finding.message}" for finding in findings)
    return Indexed(notes=(f"`{recipe.name}` was loaded by Node.js {found.version}, for there is no {_title(runtime)} here{told}",))


def _unable(runtime: str, found: Interpreter | None) -> str:
    """Say why nobody can look. Another Node will do, with less weight: a bundle has no compiled parts; another Python takes other wheels."""
    python = runtime.startswith("python")
    if found is None or (python and not found.exact):
        return f"there is no {_title(runtime)} here"
    return f"this machine is {found.machine}, and its packages are for x86_64" if python and found.machine != "x86_64" else ""


def _title(runtime: str) -> str:
    return runtime.replace("python", "Python ").replace("nodejs", "Node.js ")


def _interpreter(runtime: str, environ: Mapping[str, str]) -> Interpreter | None:
    if runtime.startswith("python"):
        return find(runtime.removeprefix("python"), environ)
    return find_node(runtime.removeprefix("nodejs"), environ)


def _environment(functions: Iterable[Function], service: Service, place: Path) -> dict[str, str]:
    """Return what the code finds around it: the manifest's values, and for what only the platform knows a text that says so."""
    found = {"HOME": str(place), "TMPDIR": str(place), "LANG": "C.UTF-8", "FUNCTIONS_WORKER_RUNTIME": "fnctl-index"}
    for function in functions:
        used = (setting(name, service.resources[name].type) for name in function.uses if name in service.resources)
        found |= dict.fromkeys((*used, *function.secrets), "set-by-the-platform")
        found |= function.env
    return found


def _ask(interpreter: Interpreter, runtime: str, root: Path, environ: dict[str, str]) -> _Answer:
    python = runtime.startswith("python")
    words = ["-I", "-B", str(HERE / "probe.py")] if python else [str(HERE / "probe.cjs")]
    try:
        done = subprocess.run(
            [str(interpreter.path), *words, str(root)],
            env=environ,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Answer(error=f"it was not loaded within {SECONDS} s")
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(MARK):
            told: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return _Answer(tuple(told["functions"]), told["failed"], told["error"])
    last = [text for text in done.stderr.splitlines() if text.strip()][-1:]
    return _Answer(error=f"its process ended with {done.returncode}{': ' + last[0] if last else ''}")


def _findings(service: Service, recipe: Recipe, answer: _Answer) -> Iterator[Diagnostic]:
    if answer.error:
        help = "mend what the message names, and build again; deployed like this, the app would have no functions"
        yield Diagnostic("AZ601", "error", f"the app `{recipe.name}` cannot be loaded: {answer.error}", help=help)
        return
    failed = answer.failed or {}
    for name, reason in failed.items():
        span = service.span("functions", name, "handler")
        help = "mend the module, and build again; what it reads from its environment while it is imported has to be there"
        yield Diagnostic("AZ601", "error", f"`{name}` cannot be loaded: {reason}", span, "raises when it is imported", help=help)
    yield from _missing(service, recipe, answer)


def _missing(service: Service, recipe: Recipe, answer: _Answer) -> Iterator[Diagnostic]:
    expected: Any = recipe.facts["functions"]
    for name, doors in expected.items():
        if gone := sorted(set(doors) - set(answer.functions)):
            span = service.span("functions", name, key=True)
            help = "this is a mistake of fnctl: report it, with the manifest's triggers of that function"
            yield Diagnostic("AZ602", "error", f"the host would not find {', '.join(gone)} in the app `{recipe.name}`", span, help=help)

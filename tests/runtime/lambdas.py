"""Putting an artifact on disk as the adapter's recipe says, and calling it in a process that sees nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnctl.build.model import BuildTarget, Bundle, File
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_aws.runtime.recipe import Shim, shim

HERE = Path(__file__).parent
RESOURCES = {"jobs": "queue", "uploads": "bucket", "alerts": "topic", "orders": "table", "clicks": "stream", "shop": "bus"}
EVERYTHING = (*(Trigger(kind, name, name, {}, ()) for name, kind in RESOURCES.items()), Trigger("schedule", "1a2b3c4d", None, {}, ()))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Outcome:
    """What came of it: the calls' answers or errors, or the failure of the start; and each line that was written."""

    calls: list[dict[str, Any]]
    init: str | None
    lines: list[str]

    @property
    def answers(self) -> list[Any]:
        """Every answer, where every call has one."""
        assert self.init is None, (self.init, self.lines)
        assert all("answer" in call for call in self.calls), (self.calls, self.lines)
        return [call["answer"] for call in self.calls]

    @property
    def logs(self) -> list[dict[str, Any]]:
        """Lines that are JSON objects."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]


@dataclass(frozen=True)
class Lambda:
    """An artifact in a folder."""

    folder: Path
    shim: Shim

    def call(self, *events: Any, env: Mapping[str, str] | None = None, interpreter: Sequence[str] | None = None) -> Outcome:
        """Call it with these events, one after the other, in one environment."""
        node = (self.folder / "_fnctl.mjs").exists() or (self.folder / "handler.mjs").exists()
        command = interpreter or (("node",) if node else (sys.executable, "-I", "-S", "-W", "error"))
        results = self.folder.parent / "results.json"
        results.unlink(missing_ok=True)
        clean = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", **(env or {})}
        script = HERE / ("drive.mjs" if node else "drive.py")
        done = subprocess.run(
            [*command, str(script), str(self.folder), self.shim.handler, str(results)],
            input=json.dumps(events),
            capture_output=True,
            text=True,
            env=clean,
            timeout=60,
            check=False,
        )
        assert results.exists(), done.stderr
        outcome = json.loads(results.read_text())
        return Outcome(outcome.get("calls", []), outcome.get("init"), (done.stdout + done.stderr).splitlines())


def service(function: Function, more: Mapping[str, Resource] | None = None) -> Service:
    """A service that has one resource of every kind and this function."""
    resources = {name: Resource(name, kind) for name, kind in RESOURCES.items()} | dict(more or {})  # type: ignore[arg-type]
    return Service("orders", "dev", "aws", {}, {function.name: function}, resources, {}, function.secrets, Path())


def python(
    folder: Path,
    interface: str,
    files: Mapping[str, str],
    handler: str = "src/app.py:handler",
    resources: Mapping[str, Resource] | None = None,
    **options: Any,
) -> Lambda:
    """Lay out a Python function."""
    file, _, name = handler.partition(":")
    function = Function("sink", file, name, interface, "python3.13", **{"triggers": EVERYTHING, **options})  # type: ignore[arg-type]
    return _laid_out(folder / "task", function, (file, name), files, resources)


def node(
    folder: Path, interface: str, handler: str, name: str = "handler", resources: Mapping[str, Resource] | None = None, **options: Any
) -> Lambda:
    """Lay out a Node function; `handler` is the bundle's text."""
    function = Function("sink", "src/app.ts", name, interface, "nodejs22", **{"triggers": EVERYTHING, **options})  # type: ignore[arg-type]
    return _laid_out(folder / "task", function, ("handler.mjs", name), {"handler.mjs": handler}, resources)


def _laid_out(folder: Path, function: Function, entry: tuple[str, str], files: Mapping[str, str], more: Mapping[str, Resource] | None) -> Lambda:
    own = tuple(File(path, text.encode()) for path, text in files.items())
    bundle = Bundle(function.name, BuildTarget(function.runtime, "x86_64"), own, (), entry, "", "")
    made = shim(service(function, more), function, bundle)
    for file in (*own, *made.files):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        assert isinstance(file.source, bytes)
        target.write_bytes(file.source)
    return Lambda(folder, made)


def stored(name: str) -> dict[str, Any]:
    """Read an event from the data folder with what is expected of it."""
    found: dict[str, Any] = json.loads((HERE / "events" / f"{name}.json").read_text())
    return found

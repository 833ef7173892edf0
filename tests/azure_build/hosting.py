"""A worker of the sandbox's host on an unpacked app, and invocations as FunctionRpc.proto describes them."""

from __future__ import annotations

import os
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fnctl.build import interpreters
from fnctl.standins.environments import Environments
from fnctl_azure.standin.hosts import parts, worker

SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """What the host is told of one invocation, and what was logged meanwhile."""

    status: str
    value: Any
    error: str
    lines: tuple[str, ...]


class Worker:
    """A worker's process."""

    def __init__(self, command: list[str], environ: Mapping[str, str], folder: Path) -> None:
        self._lines: dict[str, list[str]] = defaultdict(list)
        self._ended: SimpleQueue[tuple[str, Outcome]] = SimpleQueue()
        self._worker = worker.Worker(command, environ, folder, self._write)
        self.functions: dict[str, list[dict[str, Any]]] = self._worker.functions
        self.retries: dict[str, dict[str, Any]] = self._worker.retries
        self.close = self._worker.close

    def _write(self, text: str, _severity: str, _category: str, invocation: str) -> None:
        self._lines[invocation].append(text)

    def send(self, function: str, data: Mapping[str, Any], **more: Any) -> str:
        """Ask for an invocation, and wait for nothing."""
        call = worker.Call(str(uuid.uuid4()), function, data, **more)
        threading.Thread(target=self._run, args=(call,), daemon=True).start()
        return call.id

    def _run(self, call: worker.Call) -> None:
        self._ended.put((call.id, self._told(call)))

    def _told(self, call: worker.Call) -> Outcome:
        ended = self._worker.invoke(call, SECONDS)
        assert ended is not None, f"{call.function} has not answered"
        assert ended.status != "Gone", ended
        return Outcome(ended.status, ended.value, ended.error, tuple(self._lines[call.id]))

    def receive(self) -> tuple[str, Outcome]:
        """Wait for whichever invocation ends next."""
        return self._ended.get(timeout=SECONDS)

    def invoke(self, function: str, data: Mapping[str, Any], **more: Any) -> Outcome:
        """Invoke, and wait for the end."""
        return self._told(worker.Call(str(uuid.uuid4()), function, data, **more))


def python() -> interpreters.Interpreter | None:
    """Return the Python that the platform's runtime library runs on."""
    found = interpreters.find("3.13", os.environ)
    return found if found is not None and found.exact else None


def node() -> interpreters.Interpreter:
    """Return a Node: a bundle runs on any."""
    found = interpreters.find_node("22", os.environ)
    assert found is not None
    return found


@contextmanager
def serving(app: Path, **environ: str) -> Iterator[Worker]:
    """Start the worker that an unpacked app needs."""
    base = {"PATH": os.environ["PATH"], "HOME": str(app.parent), "LANG": "C.UTF-8", **environ}
    if (app / "package.json").exists():
        command = parts.node(node())
    else:
        found = python()
        assert found is not None
        command = parts.python(found, Environments("azure", os.environ, print))
    made = Worker([*command, str(app)], base, app)
    try:
        yield made
    finally:
        made.close()

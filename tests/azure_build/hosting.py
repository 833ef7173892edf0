"""The host in a few lines: it starts a worker on an unpacked app, and hands over invocations as FunctionRpc.proto describes them."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fnctl.build import interpreters
from fnctl.standins.environments import Environments
from fnctl_azure.standin.hosts import parts

SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    """What the host is told of one invocation, and what was logged meanwhile."""

    status: str
    value: Any
    error: str | None
    lines: tuple[str, ...]


class Worker:
    """A worker's process."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        self._errors: list[str] = []
        threading.Thread(target=self._drain, daemon=True).start()
        first = self._read()
        self.functions: dict[str, list[dict[str, Any]]] = first["functions"]
        self.retries: dict[str, dict[str, Any]] = first["retries"]

    def _drain(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        timer = threading.Timer(SECONDS, self._process.kill)
        timer.start()
        lines: list[str] = []
        try:
            for line in self._process.stdout:
                message: dict[str, Any] = json.loads(line)
                if "log" not in message:
                    return {**message, "lines": lines}
                lines.append(message["log"])
        finally:
            timer.cancel()
        self._process.wait(SECONDS)
        raise AssertionError("the worker ended:\n" + "".join(self._errors))

    def send(self, function: str, data: Mapping[str, Any], **more: Any) -> str:
        """Ask for an invocation, and wait for nothing."""
        assert self._process.stdin is not None
        identity = str(uuid.uuid4())
        self._process.stdin.write(json.dumps({"function": function, "id": identity, "data": data, **more}) + "\n")
        self._process.stdin.flush()
        return identity

    def receive(self) -> tuple[str, Outcome]:
        """Wait for whichever invocation ends next."""
        told = self._read()
        return told["id"], Outcome(told["status"], told["value"], told["error"], tuple(told["lines"]))

    def invoke(self, function: str, data: Mapping[str, Any], **more: Any) -> Outcome:
        """Invoke, and wait for the end."""
        identity = self.send(function, data, **more)
        ended, outcome = self.receive()
        assert ended == identity
        return outcome

    def close(self) -> None:
        """Let the worker end, as it does when its host goes."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()
        self._process.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
        command = [*parts.node(node()), str(app)]
    else:
        found = python()
        assert found is not None
        command = [*parts.python(found, Environments("azure", os.environ, print)), str(app)]
    with Worker(command, base) as worker:
        yield worker

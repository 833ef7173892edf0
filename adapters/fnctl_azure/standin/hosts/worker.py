"""A language worker's process: started with an app, asked over its standard input, ended with all that it started."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from fnctl_azure.standin.hosts.model import IndexFailed

START_SECONDS = 60.0
"""A worker that has not told its functions by then is given up, as by the host."""

TAIL = 40
"""Lines of a worker's own output that are kept for the report of its end."""

Line: TypeAlias = "Callable[[str, str, str, str], None]"
"""What is given each line: text, severity, category, invocation."""


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended. `status` is Success, Failure, or Gone where the worker ended in the midst of it."""

    status: str
    value: Any = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    trace: str = ""


@dataclass(frozen=True)
class Call:
    """One invocation: typed data as FunctionRpc.proto's is in JSON; `retry` counts from 0."""

    id: str
    function: str
    data: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    retry: tuple[int, int] = (0, 0)
    trace: str = ""


class Worker:
    """One process of an app. It serves many invocations at once."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], folder: Path, write: Line) -> None:
        """Start it and wait for its functions.

        Raises:
            IndexFailed: the app cannot be loaded.
        """
        self._write = write
        self._waiting: dict[str, Future[Outcome]] = {}
        self.calls: dict[str, str] = {}
        """Functions by invocation, of those that run."""
        self._lock = threading.Lock()
        self._tail: list[str] = []
        self._first: Future[dict[str, Any]] = Future()
        self._process = subprocess.Popen(
            list(command),
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        self._threads = [threading.Thread(target=task, daemon=True, name=f"worker-{self._process.pid}") for task in (self._print, self._hear)]
        for thread in self._threads:
            thread.start()
        self.functions, self.retries = self._begun()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def _begun(self) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            told = self._first.result(START_SECONDS)
        except TimeoutError:
            self.close()
            words = f"the worker has not told its functions within {START_SECONDS:.0f} s"
            raise IndexFailed(words) from None
        if "failed" in told:
            self.close()
            raise IndexFailed(told["failed"])
        return told["functions"], told["retries"]

    def invoke(self, call: Call, seconds: float | None) -> Outcome | None:
        """Run one invocation; None when it takes longer than it may."""
        waiting: Future[Outcome] = Future()
        asked = {
            "function": call.function,
            "id": call.id,
            "data": call.data,
            "metadata": call.metadata,
            "retry": list(call.retry),
            "trace": call.trace,
        }
        try:
            with self._lock:
                self._waiting[call.id], self.calls[call.id] = waiting, call.function
                if not self._send(asked):
                    return self._gone()
            return waiting.result(seconds)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(call.id, None)
            self.calls.pop(call.id, None)

    def _send(self, asked: Mapping[str, Any]) -> bool:
        assert self._process.stdin is not None  # noqa: S101  # PIPE was asked for
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):  # it has ended, or was closed
            return False
        return self.alive

    def close(self) -> None:
        """End it. Whoever waits is told that it is gone."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None  # noqa: S101
            self._process.stdin.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(2)

    def _print(self) -> None:
        assert self._process.stderr is not None  # noqa: S101
        with self._process.stderr as lines:
            for line in lines:
                text = line.rstrip("\n")
                self._tail = [*self._tail[-TAIL:], text]
                self._write(text, "Information", "Host.Function.Console", "")

    def _hear(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        with self._process.stdout as lines:
            for line in lines:
                self._told(json.loads(line))
        self._process.wait()
        time.sleep(0.02)  # its last words come through the other pipe
        if not self._first.done():
            self._first.set_result({"failed": self._gone().error})
        with self._lock:
            for waiting in list(self._waiting.values()):
                if not waiting.done():
                    waiting.set_result(self._gone())

    def _told(self, message: dict[str, Any]) -> None:
        if "log" in message:
            self._write(message["log"], message["level"], message["category"], message["invocation"])
        elif "id" not in message:
            self._first.set_result(message)
        elif (waiting := self._waiting.get(message["id"])) is not None and not waiting.done():
            outputs = message.get("outputs") or {}
            waiting.set_result(Outcome(message["status"], message["value"], outputs, message["error"] or "", message.get("trace") or ""))

    def _gone(self) -> Outcome:
        code = self._process.poll()
        words = f"{Path(str(self._process.args[0] if isinstance(self._process.args, list) else self._process.args)).name} exited with code {code}"
        return Outcome("Gone", error=words, trace="\n".join(self._tail))

"""One execution environment: AWS's own runtime client in a process, through init, invocations, timeout, crash and end."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fnctl.standins import processes
from fnctl.standins.output import Output
from fnctl_aws.standin.runtime_api import Answer, Exited, Happening, InitError, Invocation, Ready, RuntimeApi, Taken

INIT_SECONDS = 10.0
"""AWS gives init this long outside the function's own timeout, then goes on within it."""

MAX_RESPONSE = 6 * 1024 * 1024 + 100
"""Bytes of a buffered response (Lambda quotas, 2026-11)."""


@dataclass(frozen=True)
class Setup:
    """How to start one: the command, its whole process environment, its folder, the function's timeout in seconds."""

    command: Sequence[str]
    environ: Mapping[str, str]
    root: Path
    timeout: float


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended. Durations in seconds; `init` only for the one that paid for it; `alive` when the environment can serve another."""

    body: bytes
    error: bool
    seconds: float
    init: float | None
    memory: int
    timed_out: bool = False
    streamed: bool = False
    alive: bool = True


class Gone(Exception):  # an answer, not a mishap
    """The process ended while it was idle: nothing was lost, a fresh environment can serve the same invocation."""


class Environment:
    """Serves one invocation at a time. `write` is given each line of output with its time in milliseconds."""

    def __init__(self, setup: Setup, write: Callable[[int, str], None]) -> None:
        self.setup = setup
        self._write = write
        self._happenings: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._api = RuntimeApi(self._happenings)
        self._init: float | None = None
        self._process = self._start()
        assert self._process.stdout is not None  # noqa: S101  # PIPE was asked for
        self._output = Output(self._process.stdout, self._line)
        threading.Thread(target=self._await, daemon=True, name=f"environment-{self._process.pid}").start()

    @property
    def pid(self) -> int:
        """The runtime client's process id."""
        return self._process.pid

    def _start(self) -> subprocess.Popen[bytes]:
        environ = {**self.setup.environ, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        # In the server's process group, so that whoever ends that group ends this too.
        return subprocess.Popen(
            self.setup.command, cwd=self.setup.root, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def init(self) -> Outcome | None:
        """Wait until it is ready for work; an Outcome when it never will be."""
        begun = time.monotonic()
        limit = begun + INIT_SECONDS + self.setup.timeout
        while True:
            happening = self._wait(limit)
            spent = time.monotonic() - begun
            if isinstance(happening, Ready):
                self._init = spent
                return None
            if isinstance(happening, InitError):
                return self._failed(happening.body, spent)
            if isinstance(happening, Exited):
                return self._failed(_error("Runtime.ExitError", _exit_words(happening.code)), spent)
            if happening is None:
                return self._failed(_timeout(self.setup.timeout), spent, timed_out=True)

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run one. Raises Gone when the process had ended before."""
        self._api.offer(invocation)
        begun = limit = 0.0
        while True:
            happening = self._wait(limit or time.monotonic() + invocation.seconds)
            if isinstance(happening, Taken):
                begun = time.monotonic()
                limit = begun + invocation.seconds
            elif isinstance(happening, Answer) and happening.id == invocation.id:
                return self._answered(happening, time.monotonic() - begun)
            elif isinstance(happening, Exited) and not begun:
                raise Gone
            elif isinstance(happening, Exited):
                words = f"RequestId: {invocation.id} Error: {_exit_words(happening.code)}"
                return self._failed(_error("Runtime.ExitError", words), time.monotonic() - begun)
            elif happening is None:
                return self._failed(_timeout(invocation.seconds, invocation.id), invocation.seconds, timed_out=True)

    def _answered(self, answer: Answer, seconds: float) -> Outcome:
        self._output.drain()
        body, error = answer.body, answer.error
        if not error and not answer.streamed and len(body) > MAX_RESPONSE:
            words = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes)."
            body, error = _error("Function.ResponseSizeTooLarge", words), True
        init, self._init = self._init, None
        # A client that reports an uncaught exception may end right after: its next caller must not meet the corpse.
        alive = self._process.poll() is None
        return Outcome(body, error, seconds, init, processes.memory(self.pid), streamed=answer.streamed, alive=alive)

    def _failed(self, body: bytes, seconds: float, *, timed_out: bool = False) -> Outcome:
        used = processes.memory(self.pid)
        self._output.drain()
        self.close()
        return Outcome(body, True, seconds, self._init, used, timed_out=timed_out, alive=False)

    def _wait(self, limit: float) -> Happening | None:
        try:
            return self._happenings.get(timeout=max(0.0, limit - time.monotonic()))
        except queue.Empty:
            return None

    def close(self) -> None:
        """End the process and what it started."""
        if self._process.poll() is None:
            processes.end(self.pid)
        self._api.close()

    def _await(self) -> None:
        code = self._process.wait()
        self._happenings.put(Exited(code))

    def _line(self, milliseconds: int, line: bytes) -> None:
        # Runtime clients join the lines of one event with carriage returns.
        self._write(milliseconds, line.decode("utf-8", "replace").rstrip("\r").replace("\r", "\n"))


def _error(kind: str, words: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": words}).encode()


def _timeout(seconds: float, request: str | None = None) -> bytes:
    prefix = f"RequestId: {request} Error: " if request else ""
    return _error("Sandbox.Timedout", f"{prefix}Task timed out after {seconds:.2f} seconds")


def _exit_words(code: int) -> str:
    if code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: signal: {_signal(-code)}" if code < 0 else f"Runtime exited with error: exit status {code}"


def _signal(number: int) -> str:
    return {9: "killed", 11: "segmentation fault", 6: "aborted", 15: "terminated"}.get(number, str(number))

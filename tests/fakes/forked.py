"""The command line in a process of its own that need not be loaded again: a process that has imported all of it forks for each command.

The child is what a shell starts: its own session, folder, environment and standard streams, the real `main`, and an end by exit code or signal.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from fakes.cli import Done

VERBS = ("deploy", "destroy", "history", "invoke", "outputs", "plan", "rollback", "secret", "status", "unlock")


class Command:
    """One preloaded fnctl. Runs one command at a time; `start` leaves it running."""

    def __init__(self, *modules: str) -> None:
        roots = [str(Path(__file__).parents[1]), *sys.path]
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.path[:] = sys.argv[1].split('|'); from fakes.forked import serve; serve()", "|".join(roots)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(["fnctl.__main__", "fnctl.app", "fnctl.pipeline", *(f"fnctl.commands.{verb}" for verb in VERBS), *modules])
        self._files = tempfile.TemporaryDirectory(prefix="fnctl-")

    def start(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: str = "") -> Running:
        """Start one. Its end must be awaited before the next."""
        files = {name: str(Path(self._files.name) / name) for name in ("in", "out", "err")}
        Path(files["in"]).write_text(stdin)
        self._say({"words": list(words), "cwd": str(cwd), "env": dict(env), "files": files})
        return Running(int(self._hear()), self, Path(files["out"]), Path(files["err"]))

    def code(self) -> int:
        """Wait for the end of what was started."""
        return int(self._hear())

    def close(self) -> None:
        """End it."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(10)
        self._files.cleanup()

    def _say(self, value: Any) -> None:
        assert self._process.stdin is not None
        print(json.dumps(value), file=self._process.stdin, flush=True)

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@dataclass(frozen=True)
class Running:
    """A started command."""

    pid: int
    command: Command
    out: Path
    err: Path

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; one that has ended already gets none."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self) -> Done:
        """Its end: negative for a signal."""
        code = self.command.code()
        return Done(code, self.out.read_text(), self.err.read_text())


@contextlib.contextmanager
def command(*modules: str) -> Iterator[Command]:
    """Have one while the block runs; `modules` are loaded before, too."""
    made = Command(*modules)
    try:
        yield made
    finally:
        made.close()


def serve() -> None:
    """Load, then fork for each line."""
    for name in json.loads(sys.stdin.readline()):
        importlib.import_module(name)
    told: IO[str] = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            told.close()
            _run(json.loads(line))
        print(pid, file=told, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=told, flush=True)


def _run(job: Mapping[str, Any]) -> None:
    os.setsid()
    os.chdir(job["cwd"])
    for number, name in enumerate(("in", "out", "err")):
        opened = os.open(job["files"][name], os.O_RDWR if number == 0 else os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(job["env"])
    sys.stdin = os.fdopen(0)
    sys.argv = ["fnctl", *job["words"]]
    code = 70
    try:
        code = importlib.import_module("fnctl.__main__").main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

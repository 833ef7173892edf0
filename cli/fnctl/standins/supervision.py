"""A stand-in's process as fnctl sees it: spawn it, know it again, end it and all that it started."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fnctl.errors import FnctlError
from fnctl.standins import processes
from fnctl.standins.serving import write_json

START_SECONDS = 60.0
STOP_SECONDS = 5.0
HEALTH_SECONDS = 15.0
LOOK_SECONDS = 0.02

# Our packages, in an environment that is the stand-in's and without the rest of ours: its libraries must not meet fnctl's.
_BOOT = """
import importlib, json, sys, types
program = json.loads(sys.argv[1])
for name, folder in program["packages"].items():
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
importlib.import_module(program["module"]).main(sys.argv[2])
"""


@dataclass(frozen=True)
class Program:
    """What runs: `module`, by the interpreter `python`.

    Its `main` gets one JSON text: `state` (the sandbox's folder), `identity` (the random id of this very run), `port` (a wish), and its own settings.
    It calls `serving.announce` once it serves, answers `GET /health` with `identity`, and ends at SIGTERM with all that it started.
    """

    python: Path
    module: str
    settings: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Server:
    """A started stand-in. `born` is the kernel's start time of `pid`, so that a pid used again is not mistaken for it."""

    identity: str
    pid: int
    born: str
    port: int
    control: int
    started: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The platform's endpoint."""
        return f"http://127.0.0.1:{self.port}"


def recall(state: Path) -> Server | None:
    """What the state file says was started last."""
    try:
        return Server(**json.loads((state / "state.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def remember(state: Path, server: Server) -> None:
    """For the next run of fnctl."""
    write_json(state / "state.json", asdict(server))


def alive(server: Server) -> bool:
    """The same process, and it answers with its id."""
    return processes.started(server.pid) == server.born and _health(server.control) == server.identity


def spawn(program: Program, state: Path, port: int = 0) -> Server:
    """Start it in a session of its own, and wait until it serves. Raises FnctlError with the end of its log."""
    identity = secrets.token_hex(8)
    order = json.dumps({"state": str(state), "identity": identity, "port": port, **program.settings})
    roots = ("fnctl", program.module.partition(".")[0])
    packages = {name: str(importlib.import_module(name).__path__[0]) for name in roots}
    command = [str(program.python), "-I", "-c", _BOOT, json.dumps({"module": program.module, "packages": packages}), order]
    for folder in ("data/tmp", "data/home"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    # Nothing of this machine's environment: neither the stand-in nor a function could pass it on.
    env = {"PATH": os.defpath, "HOME": str(state / "data/home"), "TMPDIR": str(state / "data/tmp"), "LANG": "C.UTF-8", "TZ": "UTC"}
    with (state / "server.log").open("ab") as log:
        process = subprocess.Popen(command, env=env, cwd=state, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    server = _await(process, state, identity)
    process.returncode = 0  # it outlives us, and is not ours to wait for
    return server


def _await(process: subprocess.Popen[bytes], state: Path, identity: str) -> Server:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and process.poll() is None:
        ready = _ready(state, identity)
        born = processes.started(process.pid)
        if ready and born and _health(ready["control"]) == identity:
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            return Server(identity, process.pid, born, ready["port"], ready["control"], now, ready["facts"])
        time.sleep(LOOK_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    words = (state / "server.log").read_text(errors="replace").strip().splitlines()[-5:]
    message = "the sandbox did not start"
    raise FnctlError(message, code="FN953", notes=tuple(words), help=f"Its log is {state / 'server.log'}.")


def _ready(state: Path, identity: str) -> dict[str, Any] | None:
    try:
        ready: dict[str, Any] = json.loads((state / "ready.json").read_text())
    except (OSError, ValueError):
        return None
    return ready if str(ready.get("identity")) == identity else None


def _health(port: int) -> str | None:
    status, body = ask(port, "GET", "/health", HEALTH_SECONDS)
    return body if status == 200 else None


def ask(port: int, method: str, path: str, seconds: float) -> tuple[int, str]:
    """Status and body, or 0 and the reason. Not through urllib: a proxy has no business between two ports of one machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read(1000).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


def end(server: Server) -> bool:
    """SIGTERM to its process group, then SIGKILL; also what outlived a server that died. False when there was nothing."""
    ours = processes.started(server.pid) == server.born
    if ours:
        _signal([-server.pid], signal.SIGTERM)
        _wait(lambda: processes.started(server.pid) != server.born, STOP_SECONDS)
    # With its leader gone a group's number is not given to another one as long as it has members.
    left = processes.group(server.pid) if ours or processes.started(server.pid) is None else []
    _signal(left, signal.SIGKILL)
    _wait(lambda: not any(processes.started(pid) for pid in left), STOP_SECONDS)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(server.pid, os.WNOHANG)
    return ours or bool(left)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _wait(done: Callable[[], bool], seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not done() and time.monotonic() < limit:
        time.sleep(LOOK_SECONDS)

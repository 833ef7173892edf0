"""The sandbox's process as fnctl sees it: spawn it, know it again, end it and all that it started. This side runs in fnctl itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fnctl.errors import FnctlError
from fnctl_aws.standin import processes
from fnctl_aws.standin.parts import write_json

START_SECONDS = 60.0
STOP_SECONDS = 5.0
HEALTH_SECONDS = 15.0
RESET_SECONDS = 30.0
LOCK_SECONDS = 900.0
LOOK_SECONDS = 0.02

# A package of the emulator's environment and ours, without the rest of ours: the emulator's must not meet fnctl's libraries.
_BOOT = """
import sys, types
package = types.ModuleType("fnctl_aws")
package.__path__ = [sys.argv[1]]
sys.modules["fnctl_aws"] = package
from fnctl_aws.standin.launcher import main
main(sys.argv[2])
"""


@dataclass(frozen=True)
class Server:
    """A started sandbox. `born` is the kernel's start time of `pid`, so that a pid used again is not mistaken for it."""

    identity: str
    pid: int
    born: str
    port: int
    control: int
    started: str


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


def spawn(python: Path, state: Path, settings: Mapping[str, str | int]) -> Server:
    """Start the launcher in a session of its own, and wait until it serves."""
    identity = secrets.token_hex(8)
    order = json.dumps({"state": str(state), "identity": identity, **settings})
    command = [str(python), "-I", "-c", _BOOT, str(Path(__file__).parent.parent), order]
    for folder in ("data/tmp", "data/home"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    # Nothing of this machine's environment: neither the emulator nor a function could pass it on.
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
            return Server(identity, process.pid, born, ready["port"], ready["control"], now)
        time.sleep(LOOK_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    words = (state / "server.log").read_text(errors="replace").strip().splitlines()[-5:]
    message = "the sandbox did not start"
    raise FnctlError(message, code="FN953", notes=tuple(words), help=f"Its log is {state / 'server.log'}.")


def _ready(state: Path, identity: str) -> dict[str, int] | None:
    try:
        ready: dict[str, int] = json.loads((state / "ready.json").read_text())
    except (OSError, ValueError):
        return None
    return ready if str(ready.get("identity")) == identity else None


def _health(port: int) -> str | None:
    status, body = _ask(port, "GET", "/health", HEALTH_SECONDS)
    return body if status == 200 else None


def reset(server: Server) -> str | None:
    """Have the emulator forget everything; what went wrong, or None."""
    status, body = _ask(server.port, "POST", "/_ministack/reset", RESET_SECONDS)
    return None if status == 200 else body


def _ask(port: int, method: str, path: str, seconds: float) -> tuple[int, str]:
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


@contextlib.contextmanager
def lock(file: Path) -> Iterator[None]:
    """One starter or stopper at a time. The file names its holder; one whose holder is gone is taken over."""
    mine = f"{os.getpid()} {processes.started(os.getpid())}"
    limit = time.monotonic() + LOCK_SECONDS
    while not _lock(file, mine):
        if time.monotonic() > limit:
            message = "another fnctl has been starting this sandbox for too long"
            raise FnctlError(message, code="FN953", help=f"End it, or remove {file}.")
        time.sleep(LOOK_SECONDS * 5)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _lock(file: Path, mine: str) -> bool:
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "w") as opened:
            opened.write(mine)
    except FileExistsError:
        _take_over(file)
        return False
    return True


def _take_over(file: Path) -> None:
    """Move a dead holder's lock away. Two may try: the one that moved a living holder's by mistake puts it back."""
    seen = _read(file)
    if seen is None or _holds(seen, file):
        return
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.rename(aside)
        if _read(aside) != seen:
            os.link(aside, file)
        aside.unlink()


def _holds(words: str, file: Path) -> bool:
    pid, _, born = words.partition(" ")
    if not pid.isdigit():  # made a moment ago, and not yet written
        with contextlib.suppress(OSError):
            return time.time() - file.stat().st_mtime < STOP_SECONDS
        return False
    return processes.started(int(pid)) == born


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None

"""One function as a process: Python in Vercel's own runtime, which it brings along, and Node in a launcher that does what Vercel's is said to do."""

from __future__ import annotations

import base64
import json
import os
import queue
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

from fnctl.standins import processes

START_SECONDS = 30.0
KEPT = 50
"""Lines that are kept for saying why it did not start."""
LAUNCHER = Path(__file__).with_name("node") / "launch.mjs"
REQUEST = "x-vercel-internal-request-id"


@dataclass(frozen=True)
class Setup:
    """How to start one: the interpreter, the `.func` folder, its `.vc-config.json`, its whole environment; `clock` freezes its time, in seconds."""

    command: Sequence[str]
    folder: Path
    config: Mapping[str, Any]
    environ: Mapping[str, str]
    clock: int | None = None

    @property
    def python(self) -> bool:
        """Which of the two launchers."""
        return str(self.config["runtime"]).startswith("python")


@dataclass(frozen=True)
class Line:
    """What it wrote: the log level or the stream, the text, and the request that it belongs to, where that is known."""

    kind: str
    text: str
    request: str = ""


class Broken(Exception):
    """It does not start; the arguments are what it wrote."""


class Instance:
    """A process that serves any number of requests at once. `write` is given each line, from threads of its own."""

    def __init__(self, setup: Setup, write: Callable[[Line], None]) -> None:
        """Start it, and wait until it listens. Raises Broken."""
        self._write = write
        self._early: list[str] = []
        self._port: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._readers: list[threading.Thread] = []
        self._process = self._python(setup) if setup.python else self._node(setup)
        self.port = self._awaited()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can take a request."""
        return self._process.poll() is None

    def gone(self, seconds: float) -> bool:
        """Tell whether it ends within that time: its connections break a moment before it does."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def connection(self, seconds: float) -> HTTPConnection:
        """A connection to it; nothing takes longer than `seconds`."""
        return HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def close(self) -> None:
        """End it and what it started."""
        if self.alive:
            processes.end(self.pid)
        self._process.wait(START_SECONDS)
        for reader in self._readers:
            reader.join(START_SECONDS)

    def _python(self, setup: Setup) -> subprocess.Popen[bytes]:
        module = str(setup.config["handler"]).rpartition(".")[0]
        clock = f"import time; time.time = lambda: {setup.clock}; " if setup.clock is not None else ""
        # Not below the sandbox's folder: the path of a socket is 107 bytes at most.
        with tempfile.TemporaryDirectory(prefix="vc-", dir="/tmp") as place, socket.socket(socket.AF_UNIX) as door:  # a private folder
            door.bind(f"{place}/ipc")
            door.listen(1)
            door.settimeout(0.05)
            words = [*setup.command, "-s", "-c", f"{clock}import importlib; importlib.import_module({module!r})"]
            process = self._popen(words, setup, {"VERCEL_IPC_PATH": f"{place}/ipc"})
            self._read(self._collect, "stdout", process.stdout)
            self._read(self._collect, "stderr", process.stderr)
            self._read(self._listen, _accepted(door, process))
        return process

    def _node(self, setup: Setup) -> subprocess.Popen[bytes]:
        reading, writing = os.pipe()
        clock = [f"{setup.clock}000"] if setup.clock is not None else []
        words = [*setup.command, str(LAUNCHER), str(setup.folder), *clock]
        process = self._popen(words, setup, {"FNCTL_LINES": str(writing)}, (writing,))
        os.close(writing)
        self._read(self._structured, os.fdopen(reading, "rb"))
        self._read(self._collect, "stdout", process.stdout)
        self._read(self._collect, "stderr", process.stderr)
        return process

    def _popen(self, words: Sequence[str], setup: Setup, more: Mapping[str, str], fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
        """In our process group, so that whoever ends that group ends this too."""
        environ, pipe = {**setup.environ, **more}, subprocess.PIPE
        return subprocess.Popen(words, cwd=setup.folder, env=environ, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, pass_fds=fds)

    def _read(self, work: Callable[..., None], *arguments: Any) -> None:
        self._readers.append(threading.Thread(target=work, args=arguments, daemon=True, name=f"output-{work.__name__}"))
        self._readers[-1].start()

    def _awaited(self) -> int:
        try:
            port = self._port.get(timeout=START_SECONDS)
        except queue.Empty:
            port = 0
        if port:
            return port
        self.close()
        raise Broken(*self._early)

    def _say(self, kind: str, text: str, request: str = "") -> None:
        for line in text.splitlines():
            if line:
                self._early = [*self._early[-KEPT:], line]
                self._write(Line(kind, line, request))

    def _collect(self, name: str, stream: IO[bytes]) -> None:
        """Standard output and error: Node's port is the first line of the former; at the end of the process nobody waits any more."""
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip()
                if line.startswith('{"port"') and name == "stdout":
                    self._port.put(int(json.loads(line)["port"]))
                else:
                    self._say(name, line)
        if name == "stderr":
            self._port.put(0)

    def _structured(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                said = json.loads(raw)
                self._say(said["stream"], said["text"], said.get("request") or "")

    def _listen(self, line: socket.socket | None) -> None:
        """Messages of Vercel's runtime, each ended by a zero byte."""
        held = b""
        if line is None:
            return
        with line:
            while chunk := line.recv(1 << 16):
                *whole, held = (held + chunk).split(b"\0")
                for message in map(json.loads, whole):
                    self._told(message["type"], message["payload"])

    def _told(self, kind: str, payload: Mapping[str, Any]) -> None:
        if kind == "server-started":
            self._port.put(int(payload["httpPort"]))
        elif kind == "log":
            request = str((payload.get("context") or {}).get("requestId") or "")
            self._say(payload.get("level") or payload["stream"], base64.b64decode(payload["message"]).decode("utf-8", "replace"), request)
        elif kind == "unrecoverable-error":
            self._say("fatal", str(payload["message"]))


def _accepted(door: socket.socket, process: subprocess.Popen[bytes]) -> socket.socket | None:
    """The runtime's connection; None when the process ended before."""
    while process.poll() is None:
        try:
            line, _ = door.accept()
        except TimeoutError:
            continue
        line.settimeout(None)
        return line
    return None

"""A Build Output tree as Vercel serves it: the routes of config.json in front, each function in the platform's own runtime code behind.

Python functions bring that code along (`vercel-runtime`) and are started as the platform starts them: with a socket by which they say their port and
send their log. Node functions run in `launcher.mjs`. Routing is what vercel.com/docs/build-output-api/configuration says of `routes`: the first that
fits, `continue` goes on with its headers, `transforms` sets what the function sees; without one the function sees the path of its own.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from fnctl.build import interpreters

PATIENCE = 30.0
HOST = "shop-git-main.vercel.app"
OWN = frozenset({"connection", "date", "server", "keep-alive", "transfer-encoding", "content-length", "x-vercel-internal-timing"})
"""Header fields of the connection and of the server, which the platform replaces by its own."""

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What comes back."""

    status: int
    headers: Pairs
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass
class Server:
    """A function that runs: where it listens, and every line it wrote, with the level or the stream that the platform is told."""

    process: subprocess.Popen[bytes]
    port: int
    lines: list[tuple[str, str]] = field(default_factory=list)
    readers: list[threading.Thread] = field(default_factory=list)

    def read(self, work: Callable[..., None], *arguments: Any) -> None:
        """Collect what it writes, in a thread."""
        self.readers.append(threading.Thread(target=work, args=(self, *arguments), daemon=True))
        self.readers[-1].start()

    def logs(self) -> list[dict[str, Any]]:
        """Lines that are JSON objects."""
        return [json.loads(line) for _, line in self.lines if line.startswith("{")]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)
        for reader in self.readers:
            reader.join(PATIENCE)


class Failed(Exception):
    """A function that does not start, with what it wrote."""


class Output:
    """A tree that is served."""

    def __init__(self, tree: Path, env: Mapping[str, str] | None = None, now: int | None = None) -> None:
        """Read a tree; `env` is the project's variables, `now` freezes the functions' clocks at that Unix second."""
        self.tree = tree
        self.config: dict[str, Any] = json.loads((tree / "config.json").read_text("utf-8"))
        self._env = {"VERCEL": "1", "VERCEL_URL": HOST, "VERCEL_REGION": "fra1", **(env or {})}
        self._now = now
        self._servers: dict[str, Server] = {}

    def ask(self, method: str, target: str, headers: Pairs = (), body: bytes = b"") -> Answer:
        """Go through the routes as a client's request does."""
        path, mark, query = target.partition("?")
        added: dict[str, str] = {}
        for route in self.config["routes"]:
            groups = _fits(route, method, path, headers)
            if groups is None:
                continue
            added |= route.get("headers", {})
            if route.get("continue"):
                continue
            if "dest" not in route:
                return Answer(route["status"], list(added.items()), b"")
            seen = _seen(route, groups)
            answer = self.send(route["dest"][1:], method, f"{seen}{mark}{query}", headers, body)
            return Answer(answer.status, [*answer.headers, *added.items()], answer.body)
        message = "no route fits, and the platform would serve files"
        raise AssertionError(message)

    def send(self, function: str, method: str, target: str, headers: Pairs = (), body: bytes = b"") -> Answer:
        """Hand a request to a function, as the platform itself does with crons and messages."""
        connection = HTTPConnection("127.0.0.1", self.server(function).port, timeout=PATIENCE)
        theirs = {
            "host": HOST,
            "x-forwarded-proto": "https",
            "x-forwarded-for": "192.0.2.1",
            "x-vercel-id": "fra1::iad1::c7s9k-1764000000000-0a1b2c3d4e5f",
        }
        inner = {"x-vercel-internal-invocation-id": "inv-1", "x-vercel-internal-request-id": "7"}
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in (*theirs.items(), *inner.items(), *_joined(headers)):
                connection.putheader(name, value.encode())
            if body or method in ("POST", "PUT", "PATCH"):
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            found = [(name.lower(), value) for name, value in response.getheaders() if name.lower() not in OWN]
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def server(self, function: str) -> Server:
        """Start a function when it is first called."""
        if function not in self._servers:
            folder = self.tree / "functions" / f"{function}.func"
            config = json.loads((folder / ".vc-config.json").read_text("utf-8"))
            start = _python if config["runtime"].startswith("python") else _node
            clean = {"PATH": os.environ["PATH"], **self._env, **config["environment"]}
            self._servers[function] = start(folder, config, clean, self._now)
        return self._servers[function]

    def close(self) -> None:
        """End what runs."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()


def _fits(route: Mapping[str, Any], method: str, path: str, headers: Pairs) -> tuple[str, ...] | None:
    found = re.match(route["src"], path)
    if not found or method not in route.get("methods", [method]):
        return None
    given = {name.lower(): value for name, value in headers}
    for wanted in route.get("has", ()):
        assert wanted["type"] == "header"
        if wanted["key"] not in given or not re.fullmatch(wanted.get("value", ".*"), given[wanted["key"]]):
            return None
    return found.groups()


def _seen(route: Mapping[str, Any], groups: tuple[str, ...]) -> str:
    seen: str = route["dest"]
    for transform in route.get("transforms", ()):
        assert (transform["type"], transform["op"]) == ("request.path", "set")
        seen = re.sub(r"\$(\d)", lambda group: groups[int(group[1]) - 1] or "", transform["args"])
    return seen


def _joined(headers: Pairs) -> list[tuple[str, str]]:
    """Join repeated fields, as fronts may: to HTTP both are the same."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]}{'; ' if key == 'cookie' else ','}{value}" if key in joined else value
    return list(joined.items())


def python() -> Path | None:
    """Find the Python that wheels are for; None where there is none."""
    found = interpreters.find("3.13", os.environ)
    return found.path if found is not None and found.exact else None


def _python(folder: Path, config: Mapping[str, Any], env: Mapping[str, str], now: int | None) -> Server:
    assert config["handler"] == "vc__handler__python.vc_handler"
    interpreter = python()
    assert interpreter is not None
    clock = f"import time; time.time = lambda: {now}; " if now is not None else ""
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as door:
        door.bind(f"{place}/ipc")
        door.listen(1)
        door.settimeout(PATIENCE)
        process = subprocess.Popen(
            [str(interpreter), "-s", "-c", f"{clock}import vc__handler__python"],
            cwd=folder,
            env={**env, "VERCEL_IPC_PATH": f"{place}/ipc"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        line, _ = door.accept()
    server, started = Server(process, 0), threading.Event()
    server.read(_listen, line, started)
    server.read(_collect, "stderr", process.stderr)
    if not started.wait(PATIENCE) or not server.port:
        process.kill()
        server.close()
        raise Failed(*[one for _, one in server.lines])
    return server


def _listen(server: Server, line: socket.socket, started: threading.Event) -> None:
    """Read messages that end with a zero byte until the function is gone."""
    held = b""
    with line:
        while chunk := line.recv(1 << 16):
            *whole, held = (held + chunk).split(b"\0")
            for message in map(json.loads, whole):
                _told(server, message["type"], message["payload"])
                if server.port:
                    started.set()
    started.set()


def _told(server: Server, kind: str, payload: Mapping[str, Any]) -> None:
    if kind == "server-started":
        server.port = payload["httpPort"]
    elif kind == "log":
        text = base64.b64decode(payload["message"]).decode()
        server.lines += [(payload.get("level") or payload["stream"], one) for one in text.splitlines() if one]
    elif kind == "unrecoverable-error":
        server.lines.append(("fatal", payload["message"]))


def _node(folder: Path, _config: Mapping[str, Any], env: Mapping[str, str], now: int | None) -> Server:
    node = interpreters.find_node("22", os.environ)
    assert node is not None
    words = [str(node.path), str(Path(__file__).with_name("launcher.mjs")), str(folder), *([f"{now}000"] if now is not None else [])]
    process = subprocess.Popen(words, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    server = Server(process, 0)
    first = process.stdout.readline()
    server.read(_collect, "stdout", process.stdout)
    server.read(_collect, "stderr", process.stderr)
    if not first.startswith(b'{"port"'):
        process.kill()
        server.close()
        raise Failed(first.decode(), *[one for _, one in server.lines])
    server.port = json.loads(first)["port"]
    return server


def _collect(server: Server, name: str, stream: Any) -> None:
    with stream:
        for line in stream:
            server.lines.append((name, line.decode().rstrip()))

"""A Build Output tree as Vercel serves it: the routes of config.json in front, each function in the platform's own runtime code behind.

Routes and functions are those of the sandbox's stand-in: Python functions bring the platform's code along (`vercel-runtime`), Node functions run in a
launcher. What is left out is the stand-in around them: accounts, hosts, limits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl.build import interpreters
from fnctl_vercel.standin import routing
from fnctl_vercel.standin.account import Build
from fnctl_vercel.standin.instances import Broken, Instance, Line, Setup
from fnctl_vercel.standin.web import Request

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
    """A function that runs: every line it wrote, with the level or the stream that the platform is told."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    instance: Instance | None = None

    @property
    def port(self) -> int:
        assert self.instance is not None
        return self.instance.port

    def write(self, line: Line) -> None:
        """Collect what it writes."""
        self.lines.append((line.kind, line.text))

    def logs(self) -> list[dict[str, Any]]:
        """Lines that are JSON objects."""
        return [json.loads(line) for _, line in self.lines if line.startswith("{")]

    def close(self) -> None:
        if self.instance is not None:
            self.instance.close()


Failed = Broken
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
        root = tree / "functions"
        self._functions = [folder.relative_to(root).as_posix().removesuffix(".func") for folder in root.rglob("*.func")]

    def ask(self, method: str, target: str, headers: Pairs = (), body: bytes = b"") -> Answer:
        """Go through the routes as a client's request does."""
        build = Build(self.tree, self.config, {name: {} for name in self._functions})
        found = routing.find(build, Request(method, target, tuple((name, value) for name, value in headers), body))
        if found.kind != "function":
            assert found.kind == "status"
            return Answer(found.status, list(found.added.items()), b"")
        answer = self.send(found.name, method, found.target, headers, body)
        return Answer(answer.status, [*answer.headers, *found.added.items()], answer.body)

    def send(self, function: str, method: str, target: str, headers: Pairs = (), body: bytes = b"") -> Answer:
        """Hand a request to a function, as the platform itself does with crons and messages."""
        instance = self.server(function).instance
        assert instance is not None
        connection = instance.connection(PATIENCE)
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
            clean = {"PATH": os.environ["PATH"], **self._env, **config["environment"]}
            server = Server()
            server.instance = Instance(Setup([str(_interpreter(config["runtime"]))], folder, config, clean, self._now), server.write)
            self._servers[function] = server
        return self._servers[function]

    def close(self) -> None:
        """End what runs."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()


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


def _interpreter(runtime: str) -> Path:
    node = interpreters.find_node("22", os.environ)
    found = python() if runtime.startswith("python") else node.path if node is not None else None
    assert found is not None
    return found

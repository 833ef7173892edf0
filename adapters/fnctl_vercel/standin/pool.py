"""The functions that run: one process a function and deployment, started by its first call, ended when nobody called for a while; and their log."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from fnctl.standins import processes
from fnctl_vercel.standin.account import TOKEN, Account, Deployment, name_of, now
from fnctl_vercel.standin.instances import Broken, Instance, Line, Setup

IDLE_SECONDS = 300.0
LOOK_SECONDS = 5.0
IN_ALL = 48
KEPT = 10_000
"""Log records of a deployment."""
LINE, LINES = 256 * 1024, 256
"""Bytes of a line, and lines of a request (docs/logs/runtime, 2025-10-07)."""
_TEST = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT_ID")
_LEVELS = {"stdout": "info", "stderr": "error", "warn": "warning"}

Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Call:
    """One request to a function, as its log shows it."""

    id: str
    deployment: str
    function: str
    method: str
    path: str
    host: str
    started: int

    @property
    def trace(self) -> str:
        """What the platform calls it."""
        return f"iad1::{self.id}-{self.started}-{self.deployment[-12:].lower()}"


@dataclass
class _Slot:
    """A place for one instance; `starting` is held by whoever starts it."""

    starting: threading.Lock = field(default_factory=threading.Lock)
    instance: Instance | None = None
    used: float = 0.0
    busy: int = 0


@dataclass
class Pool:
    """Thread-safe. `runtimes` names the programs that run functions, `address` is where the API and Queues are, `front` opens a port for a host."""

    account: Account
    runtimes: Path
    address: str
    front: Callable[[str], str]
    _slots: dict[Key, _Slot] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _calls: dict[str, Call] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _closed: bool = False

    def __post_init__(self) -> None:
        """Look after idle ones."""
        threading.Thread(target=self._reap, daemon=True, name="instance-reaper").start()

    def get(self, deployment: Deployment, function: str) -> Instance:
        """Return the instance, started if need be. Raises Broken."""
        with self._lock:
            slot = self._slots.setdefault((deployment.id, function), _Slot())
            slot.used = time.monotonic()
        with slot.starting:
            if slot.instance is None or not slot.instance.alive:
                self._make_room()
                slot.instance = self._started(deployment, function)
            return slot.instance

    def _started(self, deployment: Deployment, function: str) -> Instance:
        assert deployment.build is not None  # noqa: S101  # only what is ready is called
        folder = deployment.build.tree / "functions" / f"{function}.func"
        config = deployment.build.functions[function]
        command = self._command(str(config["runtime"]))
        setup = Setup(command, folder, config, self._environ(deployment, function, config, command[0]))
        return Instance(setup, lambda line: self._line(deployment.id, function, line))

    def _command(self, runtime: str) -> list[str]:
        """Which program runs it: fnctl notes it when it builds. Raises Broken."""
        name = runtime.removesuffix(".x")
        known = [self.runtimes / f"{name}.json"]
        if name.startswith("nodejs"):
            known += sorted(self.runtimes.glob("nodejs*.json"))
        for file in known:
            if file.is_file():
                found: list[str] = json.loads(file.read_text("utf-8"))
                return found
        message = f"the sandbox has no interpreter for {runtime}: nothing was built for it here"
        raise Broken(message)

    def _environ(self, deployment: Deployment, function: str, config: Mapping[str, Any], program: str) -> dict[str, str]:
        """The deployment's variables as they were, the platform's own, and nothing of this machine. What could reach an account is a test value."""
        home = self.account.data / "homes" / deployment.id / function.replace("/", "_")
        home.mkdir(parents=True, exist_ok=True)
        given = {**deployment.environ, **{str(key): str(value) for key, value in (config.get("environment") or {}).items()}}
        project = self.account.projects[deployment.project]
        named = next((str(one["slug"]) for one in project.environments if one["id"] == deployment.environment), deployment.target)
        return {
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            **given,
            **{name: TOKEN for name in _TEST if name in given},
            "PATH": os.pathsep.join([str(Path(program).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
            "HOME": str(home),
            "VERCEL": "1",
            "VERCEL_ENV": deployment.target,
            "VERCEL_TARGET_ENV": named,
            "VERCEL_URL": deployment.host,
            "VERCEL_PROJECT_PRODUCTION_URL": f"{project.name}.vercel.app",
            "VERCEL_REGION": "iad1",
            "VERCEL_DEPLOYMENT_ID": deployment.id,
            "VERCEL_PROJECT_ID": deployment.project,
            "VERCEL_OIDC_TOKEN": deployment.oidc,
            "VERCEL_TOKEN": TOKEN,
            "VERCEL_QUEUE_BASE_URL": self.address,
            "FNCTL_VERCEL_ENDPOINT": self.address,
            "FNCTL_VERCEL_URL": self.front(deployment.host),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @contextmanager
    def held(self, call: Call) -> Iterator[None]:
        """Keep the instance from being ended meanwhile; lines that name this request are its own."""
        key = str(int(call.id, 16))
        slot = self._slots.get((call.deployment, call.function))
        with self._lock:
            self._calls[key] = call
            if slot is not None:
                slot.busy += 1
        try:
            yield
        finally:
            with self._lock:
                if slot is not None:
                    slot.busy -= 1
                    slot.used = time.monotonic()

    def _line(self, deployment: str, function: str, line: Line) -> None:
        known = self._calls.get(line.request)
        self.note(known or Call("0", deployment, function, "", "", "", now()), line.kind, line.text)

    def note(self, call: Call, kind: str, text: str) -> None:
        """Add to the runtime log."""
        count = self._counts[call.id] = self._counts.get(call.id, 0) + 1
        if call.id != "0" and count > LINES:
            return
        cut = len(text.encode()) > LINE
        record = {
            "rowId": name_of("", 20),
            "timestampInMs": now(),
            "level": _LEVELS.get(kind, kind),
            "message": text.encode()[:LINE].decode("utf-8", "ignore"),
            "messageTruncated": cut,
            "source": "serverless",
            "domain": call.host,
            "requestMethod": call.method,
            "requestPath": call.path,
            "responseStatusCode": 0,
            "requestId": call.trace if call.id != "0" else "",
            "deploymentId": call.deployment,
            "function": call.function,
        }
        self._keep(call.deployment, record)

    def ended(self, call: Call, status: int) -> None:
        """Add the request itself."""
        self.note(call, "info" if status < 500 else "error", "")
        log = self.account.logs[call.deployment]
        log[-1] |= {"source": "request", "responseStatusCode": status}
        self._counts.pop(call.id, None)

    def _keep(self, deployment: str, record: dict[str, Any]) -> None:
        with self.account.lock:
            log = self.account.logs[deployment]
            log.append(record)
            del log[:-KEPT]
        self.account.tell()

    def retire(self, deployment: str, function: str, instance: Instance) -> None:
        """End one that is stuck; the next call starts another."""
        with self._lock:
            slot = self._slots.get((deployment, function))
            if slot is not None and slot.instance is instance:
                slot.instance = None
        instance.close()

    def drop(self, deployment: str) -> None:
        """End all of a deployment."""
        with self._lock:
            gone = [self._slots.pop(key) for key in list(self._slots) if key[0] == deployment]
        _end(gone)

    def close(self) -> None:
        """End all, now."""
        with self._lock:
            gone = [slot.instance.pid for slot in self._slots.values() if slot.instance is not None]
            self._slots.clear()
            self._calls.clear()
        for pid in gone:
            processes.end(pid)

    def _make_room(self) -> None:
        with self._lock:
            idle = sorted((slot.used, key) for key, slot in self._slots.items() if slot.instance is not None and not slot.busy)
            running = sum(slot.instance is not None for slot in self._slots.values())
            gone = [self._slots.pop(key) for _, key in idle[: max(0, running - IN_ALL + 1)]]
        _end(gone)

    def _reap(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            limit = time.monotonic() - IDLE_SECONDS
            with self._lock:
                old = [key for key, slot in self._slots.items() if slot.used < limit and not slot.busy and not slot.starting.locked()]
                gone = [self._slots.pop(key) for key in old]
                recent = now() - int(IDLE_SECONDS * 1000)
                self._calls = {key: call for key, call in self._calls.items() if call.started > recent}
            _end(gone)


def _end(slots: list[_Slot]) -> None:
    """In the background: its last lines want the account's lock, which callers may hold."""
    for slot in slots:
        if slot.instance is not None:
            threading.Thread(target=slot.instance.close, daemon=True, name=f"end-{slot.instance.pid}").start()

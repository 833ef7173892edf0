"""The deploy lock: one run of a service and stage at a time, held by a conditional write, renewed by a heartbeat.

It lives 60 seconds and is renewed every 20. A holder on this very machine whose process is gone is taken over at once; any other is waited for until
it expires. The fence counts take-overs.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from fnctl.dataclass import dataclass
from fnctl.errors import CloudError, FnctlError, LockHeld, LockLost
from fnctl.ledger.store import Conflict, Store

KEY = "lock.json"
LIVES = 60.0
BEATS = 20.0


@dataclass(frozen=True)
class Owner:
    """Who holds a lock: enough to tell whether that process still runs, when asked on the same machine."""

    who: str
    host: str
    boot: str
    space: str
    pid: int
    started: str

    def gone(self) -> bool:
        """Tell whether the holder ran on this machine and does so no more."""
        here = myself()
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True
        # Containers can share a host name and a kernel: a process of another pid space cannot be seen from here.
        return self.space == here.space and (not _alive(self.pid) or _started(self.pid) != self.started)


def myself() -> Owner:
    """Describe this process."""
    return Owner(_user(), platform.node(), _boot(), _space(), os.getpid(), _started(os.getpid()))


def holder(store: Store) -> tuple[dict[str, Any], str] | None:
    """Return who holds the lock, and the version of that record."""
    found = store.get(KEY)
    if found is None:
        return None
    try:
        data = json.loads(found[0])
    except ValueError:
        data = {}
    return (data if isinstance(data, dict) else {}), found[1]


def remove(store: Store, version: str) -> None:
    """Remove exactly the lock that was seen. Raises LockHeld when it has changed since."""
    try:
        store.delete(KEY, expect=version)
    except Conflict:
        message = "the lock changed hands while you were asked"
        raise LockHeld(message, help="fnctl unlock") from None


class Lock:
    """A held lock; a context manager that gives it back."""

    def __init__(self, store: Store, version: str, body: dict[str, Any], now: Callable[[], float]) -> None:
        self.fence: int = body["fence"]
        self._store = store
        self._version = version
        self._body = body
        self._now = now
        self._lost = ""
        self._ended = threading.Event()
        self._mutex = threading.Lock()
        self._thread = threading.Thread(target=self._beat, name="fnctl-lock", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise LockLost when the lock is no longer ours: asked before every write."""
        if self._lost:
            raise LockLost(self._lost, help="see who deploys now: fnctl status")
        if self._now() > self._body["expires"]:
            message = "the lock ran out, because it could not be renewed for a minute"
            raise LockLost(message, help="check the connection, then run the same command again")

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=BEATS)
        with suppress(Conflict, FnctlError):  # it is someone else's by now, or it expires by itself
            self._store.delete(KEY, expect=self._version)

    def _beat(self) -> None:
        while not self._ended.wait(BEATS):
            body = {**self._body, "expires": self._now() + LIVES}
            try:
                self._version = self._store.put(KEY, _dump(body), expect=self._version)
                self._body = body
            except Conflict:
                self._lost = "another run took the lock over"
                return
            except CloudError:
                continue  # the next beat tries again; check() watches the clock


def acquire(store: Store, *, patience: float, now: Callable[[], float] = time.time, sleep: Callable[[float], bool]) -> Lock:
    """Take the lock, waiting up to `patience` seconds for its holder. Raises LockHeld."""
    until = now() + patience
    while True:
        lock = _try(store, now)
        if lock is not None:
            return lock
        found = holder(store)
        if found is None:
            continue
        if now() >= until or not sleep(min(2.0, max(0.05, until - now()))):
            raise _held(found[0], now())


def _try(store: Store, now: Callable[[], float]) -> Lock | None:
    found = holder(store)
    body = {**vars(myself()), "since": now(), "expires": now() + LIVES, "fence": 1}
    try:
        if found is None:
            return Lock(store, store.put(KEY, _dump(body), absent=True), body, now)
        data, version = found
        if not _free(data, now()):
            return None
        body["fence"] = int(data.get("fence", 0)) + 1
        return Lock(store, store.put(KEY, _dump(body), expect=version), body, now)
    except Conflict:
        return None


def _free(data: Mapping[str, Any], now: float) -> bool:
    if float(data.get("expires", 0)) < now:
        return True
    try:
        return Owner(**{key: data[key] for key in ("who", "host", "boot", "space", "pid", "started")}).gone()
    except (KeyError, TypeError):
        return False


def _held(data: Mapping[str, Any], now: float) -> LockHeld:
    age = int(now - float(data.get("since", now)))
    left = max(0, int(float(data.get("expires", now)) - now))
    message = f"{data.get('who', 'someone')} on {data.get('host', 'another machine')} is deploying this service and stage"
    notes = (f"held for {age} s by process {data.get('pid', '?')}; without a sign of life it ends in {left} s",)
    return LockHeld(message, notes=notes, help="wait for it with --lock-timeout 5m, or look at it and remove it:\nfnctl unlock")


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115  # not a path: `pid:[4026531836]`
    except OSError:
        return ""


def _started(pid: int) -> str:
    # The 22nd field of /proc/PID/stat counts from boot; the name in the 2nd may hold spaces and brackets.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True

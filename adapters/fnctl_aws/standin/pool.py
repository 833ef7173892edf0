"""The environments that are alive: several for a function, never more than the machine bears, idle ones ended, stale ones never used again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fnctl_aws.standin.environment import Environment
from fnctl_aws.standin.logs import Journal

PER_FUNCTION = 10
IN_ALL = 48
IDLE_SECONDS = 300.0
LOOK_SECONDS = 5.0


@dataclass
class Slot:
    """A place for one environment of `key`; empty until it is started."""

    key: str
    environment: Environment | None = None
    journal: Journal | None = None
    idle_since: float = field(default_factory=time.monotonic)
    doomed: bool = False


class Full(Exception):  # becomes Lambda's throttle
    """No environment became free in time."""


class Pool:
    """Thread-safe. A key is account:region:function:version:digest, so that its start says whom it belongs to."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._idle: list[Slot] = []
        self._busy: list[Slot] = []
        self._closed = False
        threading.Thread(target=self._reap, daemon=True, name="environment-reaper").start()

    def acquire(self, key: str, seconds: float) -> Slot:
        """A warm one (the last used first), else an empty place for a new one. Raises Full after `seconds`."""
        limit = time.monotonic() + seconds
        doomed: list[Slot] = []
        with self._changed:
            while (slot := self._take(key, doomed)) is None:
                left = limit - time.monotonic()
                if left <= 0 or self._closed:
                    raise Full
                self._changed.wait(left)
            self._busy.append(slot)
        _end(doomed)
        return slot

    def _take(self, key: str, doomed: list[Slot]) -> Slot | None:
        warm = [s for s in self._idle if s.key == key]
        if warm:
            self._idle.remove(warm[-1])
            return warm[-1]
        if sum(s.key == key for s in self._busy) >= PER_FUNCTION:
            return None
        if len(self._idle) + len(self._busy) >= IN_ALL:
            if not self._idle:
                return None
            doomed.append(self._idle.pop(0))
        return Slot(key)

    def release(self, slot: Slot, *, alive: bool) -> None:
        """Give it back; one that cannot serve again is ended."""
        with self._changed:
            self._busy.remove(slot)
            keep = alive and not slot.doomed and not self._closed
            if keep:
                slot.idle_since = time.monotonic()
                self._idle.append(slot)
            self._changed.notify_all()
        if not keep:
            _end([slot])

    def drop(self, belongs: Callable[[str], bool]) -> None:
        """End the idle ones whose key belongs, and the busy ones once they have answered."""
        with self._changed:
            gone = [s for s in self._idle if belongs(s.key)]
            self._idle = [s for s in self._idle if s not in gone]
            for slot in self._busy:
                slot.doomed = slot.doomed or belongs(slot.key)
            self._changed.notify_all()
        _end(gone)

    def close(self) -> None:
        """End all, now."""
        with self._changed:
            self._closed = True
            slots = self._idle + self._busy
            self._idle = []
            self._changed.notify_all()
        _end(slots)

    def _reap(self) -> None:
        while not self._closed:
            time.sleep(LOOK_SECONDS)
            limit = time.monotonic() - IDLE_SECONDS
            with self._changed:
                gone = [s for s in self._idle if s.idle_since < limit]
                self._idle = [s for s in self._idle if s not in gone]
            _end(gone)


def _end(slots: list[Slot]) -> None:
    for slot in slots:
        if slot.environment is not None:
            slot.environment.close()

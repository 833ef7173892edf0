"""One listing for many reads: whoever asks while it runs shares the next one, so nobody is told what was true before they asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any


class Listing:
    """A listing shared by concurrent reads. A hundred routes cost a handful of calls, and no answer is older than its question."""

    def __init__(self) -> None:
        """Start empty."""
        self._turn = threading.Condition()
        self._found: dict[Hashable, tuple[float, list[Any]]] = {}
        self._loading: set[Hashable] = set()

    def get(self, key: Hashable, load: Callable[[], list[Any]]) -> list[Any]:
        """Return a listing that began after this call did."""
        asked = time.monotonic()
        with self._turn:
            while (found := self._found.get(key, (-1.0, [])))[0] < asked and key in self._loading:
                self._turn.wait()
            if found[0] >= asked:
                return found[1]
            self._loading.add(key)
        try:
            began = time.monotonic()  # after everybody who waits asked: they share it
            items = load()
            with self._turn:
                self._found[key] = (began, items)
            return items
        finally:
            with self._turn:
                self._loading.discard(key)
                self._turn.notify_all()


class Locks:
    """A lock for each name: AWS refuses two changes of one function's policy at the same time."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        """Return the one lock of a name."""
        with self._lock:
            return self._locks.setdefault(name, threading.Lock())

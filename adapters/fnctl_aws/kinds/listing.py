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
        self._lock = threading.Lock()
        self._found: dict[Hashable, tuple[float, list[Any]]] = {}

    def get(self, key: Hashable, load: Callable[[], list[Any]]) -> list[Any]:
        """Return a listing that began after this call did."""
        asked = time.monotonic()
        with self._lock:
            began, items = self._found.get(key, (-1.0, []))
            if began < asked:
                began = time.monotonic()
                items = load()
                self._found[key] = (began, items)
            return items


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

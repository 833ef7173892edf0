"""What starts a function by itself: timers that are due, messages that wait. A thread for each, from a publish to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fnctl_azure.standin.hosts import queues, timers
from fnctl_azure.standin.hosts.app import App
from fnctl_azure.standin.hosts.model import Account, Found

CALLED = frozenset({"httptrigger", "eventgridtrigger"})
"""Triggers that need no listener: somebody calls."""


class Listeners:
    """The listeners of one app."""

    def __init__(self, app: App, account: Callable[[str], Account | None]) -> None:
        self._app = app
        self._account = account
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Listen for each function that something but a caller starts."""
        self._stop = threading.Event()
        for found in self._app.functions.values():
            task = self._task(found)
            if task is None and found.kind not in CALLED:
                words = f"'{found.name}' waits for a {found.trigger['type']}, which nothing in this sandbox sends: `fnctl invoke --event` does"
                self._app.say(words, "Warning", "Host.Startup", found.name)
            elif task is not None:
                thread = threading.Thread(target=task, args=(self._stop,), daemon=True, name=f"listener-{self._app.name}-{found.name}")
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """Stop to listen. What runs already is not waited for: its worker ends with it."""
        self._stop.set()
        self._threads.clear()

    def _task(self, found: Found) -> Callable[[threading.Event], None] | None:
        if found.kind == "timertrigger":
            return lambda stop: timers.listen(self._app, found, stop)
        if found.kind == "queuetrigger":
            return lambda stop: queues.listen(self._app, found, self._account, stop)
        return None

"""Ctrl-C and SIGTERM: before the first write they end the run, after it they ask it to stop in good order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from fnctl.adapter import Cancel
from fnctl.events import Event
from fnctl.session import Session

FIRST = "Stopping: what is in flight is finished first. Press Ctrl-C again to stop now."
SECOND = "Stopping now."


class Interrupts:
    """Turns signals into `session.cancel`, once the engine has said that it is about to write."""

    def __init__(self, session: Session, say: Callable[[str], None]) -> None:
        self._session, self._say, self._writing = session, say, False

    def watch(self, event: Event) -> None:
        """Learn from the engine's events when the first write is near: the lock is one."""
        if event.type == "phase" and event.data.get("phase") == "lock":
            self._writing = True

    def handle(self, _signal: int, _frame: FrameType | None = None) -> None:
        """Go one step further: finish what is in flight, then stop now. Nothing is written yet: just end."""
        if not self._writing:
            raise KeyboardInterrupt
        if self._session.cancel is Cancel.NO:
            self._session.cancel = Cancel.FINISH
            self._say(FIRST)
        else:
            self._session.cancel = Cancel.NOW
            self._say(SECOND)


@contextmanager
def listening(session: Session, say: Callable[[str], None]) -> Iterator[None]:
    """Listen to both signals for the length of a verb that writes."""
    interrupts = Interrupts(session, say)
    emit = session.emit

    def watched(event: Event) -> None:
        interrupts.watch(event)
        emit(event)

    session.emit = watched
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's: a host that runs us elsewhere keeps them
        yield
        return
    before = {number: signal.signal(number, interrupts.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

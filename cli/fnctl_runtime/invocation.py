"""Which call is running: its request id, its trace and how long it may still take. Logs and handlers read it here."""

from __future__ import annotations

import time
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any


class Invocation:
    """One call of the function by the platform.

    Attributes:
        request_id: the platform's own id of the call.
        trace_id: 32 hex digits of the W3C trace it belongs to, None where there is none.
        deadline: in Unix seconds, None where the platform does not say.
        fields: what each log line of this call carries besides.
    """

    __slots__ = ("deadline", "fields", "request_id", "trace_id")

    def __init__(self, request_id: str, trace_id: str | None = None, deadline: float | None = None, fields: dict[str, Any] | None = None) -> None:
        self.request_id = request_id
        self.trace_id = trace_id
        self.deadline = deadline
        self.fields: dict[str, Any] = fields or {}

    def remaining(self) -> float | None:
        """Tell how many seconds are left before the platform stops the function; never negative."""
        return None if self.deadline is None else max(0.0, self.deadline - time.time())


_RUNNING: ContextVar[Invocation | None] = ContextVar("fnctl_invocation", default=None)
_latest: Invocation | None = None


def enter(invocation: Invocation) -> None:
    """Make it the running one."""
    global _latest
    _latest = invocation
    _RUNNING.set(invocation)


def current() -> Invocation | None:
    """Give the running invocation. A thread that the handler started sees the one that began last."""
    return _RUNNING.get() or _latest


def trace_id(traceparent: str | None, xray: str | None = None) -> str | None:
    """Read the trace id of a W3C `traceparent` (`00-<32 hex>-...`), else of an X-Ray header (`Root=1-<8 hex>-<24 hex>;...`)."""
    parts = (traceparent or "").split("-")
    if len(parts) >= 4 and len(parts[1]) == 32:  # version-trace-parent-flags
        return parts[1]
    for field in (xray or "").split(";"):
        if field.startswith("Root=1-"):
            return field[len("Root=1-") :].replace("-", "") or None
    return None


_loop: AbstractEventLoop | None = None


def loop() -> AbstractEventLoop:
    """Give the one event loop of this environment, made on first use: importing asyncio costs more than the rest of the runtime."""
    global _loop
    if _loop is None:
        import asyncio

        _loop = asyncio.new_event_loop()
        asyncio.set_event_loop(_loop)
    return _loop


def call(handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler, and wait for it when it is asynchronous."""
    answer = handler(*arguments)
    return loop().run_until_complete(answer) if hasattr(answer, "__await__") else answer

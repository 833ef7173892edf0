"""Which call is running: its request id, its trace and how long it may still take. Logs and handlers read it here."""

from __future__ import annotations

import _thread
import time
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Awaitable, Callable
    from typing import Any, TypeVar

    T = TypeVar("T")


class Invocation:
    """One call of the function by the platform.

    Attributes:
        request_id: the platform's own id of the call.
        trace_id: 32 hex digits of the W3C trace it belongs to, None where there is none.
        deadline: in Unix seconds, None where the platform does not say.
        fields: what each log line of this call carries besides: `correlation_id`, `event_id`, a task's `run`, `step` and `key`.
        traceparent: the caller's, in W3C form; under `tracing: otel` that of the call's own span.
        tracestate: what came along with it.
    """

    __slots__ = ("deadline", "fields", "request_id", "trace_id", "traceparent", "tracestate")

    def __init__(
        self,
        request_id: str,
        trace_id: str | None = None,
        deadline: float | None = None,
        fields: dict[str, Any] | None = None,
        *,
        traceparent: str | None = None,
        tracestate: str | None = None,
    ) -> None:
        self.request_id = request_id
        self.trace_id = trace_id
        self.deadline = deadline
        self.fields: dict[str, Any] = fields or {}
        self.traceparent = traceparent
        self.tracestate = tracestate

    @property
    def correlation_id(self) -> str | None:
        """What ties this call to everything else that one cause set off: the event's `correlationid`, a request's `x-correlation-id`."""
        return self.fields.get("correlation_id")

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


def trace() -> dict[str, str]:
    """Give the headers that carry the trace and the correlation on to whatever this call asks: `httpx.get(url, headers=trace())`.

    `traceparent`, `tracestate` and `x-correlation-id`, as far as there are any. A call that opens no span of its own hands on what it was given.
    """
    invocation = current()
    if invocation is None:
        return {}
    carried = {"traceparent": invocation.traceparent, "tracestate": invocation.tracestate, "x-correlation-id": invocation.correlation_id}
    return {name: value for name, value in carried.items() if value}


def traceparent(given: str | None, xray: str | None = None) -> str | None:
    """Give a W3C `traceparent` (`00-<32 hex>-<16 hex>-<2 hex>`): the one given, else what an X-Ray header says, else None.

    An X-Ray header is `Root=1-<8 hex>-<24 hex>;Parent=<16 hex>;Sampled=1`. One without a parent names a trace and no place in it.
    """
    parts = (given or "").split("-")
    if given and len(parts) >= 4 and [len(part) for part in parts[:4]] == [2, 32, 16, 2]:  # version-trace-parent-flags
        return given
    said = _said(xray)
    trace, parent = _root(said.get("Root", "")), said.get("Parent", "")
    return f"00-{trace}-{parent}-0{'1' if said.get('Sampled') == '1' else '0'}" if trace and len(parent) == 16 else None


def _said(xray: str | None) -> dict[str, str]:
    parts = [field.strip().partition("=") for field in (xray or "").split(";")]
    return {name: value for name, _, value in parts}


def trace_id(given: str | None, xray: str | None = None) -> str | None:
    """Read the trace id of a `traceparent`, else of an X-Ray header."""
    whole = traceparent(given)
    return whole.split("-")[1] if whole else _root(_said(xray).get("Root", ""))


def _root(root: str) -> str | None:
    trace = root[len("1-") :].replace("-", "") if root.startswith("1-") else ""
    return trace if len(trace) == 32 else None


_local = _thread._local()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # what `threading` gives out as `local`, without the 2 ms of that import


def loop() -> AbstractEventLoop:
    """Give the event loop of this thread, made on first use: importing asyncio costs more than the rest of the runtime. Lambda has one thread."""
    found: AbstractEventLoop | None = getattr(_local, "loop", None)
    if found is None:
        import asyncio

        found = _local.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(found)
    return found


def call(handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler, and wait for it when it is asynchronous."""
    try:
        answer = handler(*arguments)
        return wait(answer) if hasattr(answer, "__await__") else answer
    except SystemExit as error:
        raise left(error) from error


def left(error: SystemExit) -> RuntimeError:
    """Make an exit a failure of one call: let out, it would end the process, and on some platforms the calls of others with it."""
    return RuntimeError(f"the handler called sys.exit({'' if error.code is None else error.code!r})")


def wait(answer: Awaitable[T]) -> T:
    """Wait for what is asynchronous. A cancellation that nobody caught is a failure like any other: let out, it would end the process."""
    running = loop()
    from asyncio import CancelledError

    try:
        return running.run_until_complete(answer)
    except CancelledError as error:
        message = "the handler's own work was cancelled, and nothing caught that"
        raise RuntimeError(message) from error

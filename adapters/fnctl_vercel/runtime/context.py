"""What Vercel says of the call that begins."""

from __future__ import annotations

import sys
import time

from fnctl_runtime.invocation import Invocation, enter, trace_id, traceparent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, TypeAlias

    Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
    Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
    App: TypeAlias = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
    """An ASGI application."""

REQUEST_ID = "x-vercel-id"


def begin(config: Mapping[str, Any], headers: Mapping[str, str], carrier: Mapping[str, Any] | None = None, **fields: Any) -> Invocation:
    """Note the call that begins, for logs and for `fnctl_runtime.current()`. `carrier` may hold a `traceparent` that is nearer than the request's."""
    nearer = traceparent((carrier or {}).get("traceparent"))
    given: Mapping[str, Any] = (carrier or {}) if nearer else headers
    whole = nearer or traceparent(headers.get("traceparent"))
    invocation = Invocation(
        headers.get(REQUEST_ID, ""),
        trace_id(whole),
        _deadline(config),
        {name: value for name, value in fields.items() if value},
        traceparent=whole,
        tracestate=given.get("tracestate") if whole else None,
    )
    enter(invocation)
    return invocation


def _deadline(config: Mapping[str, Any]) -> float | None:
    """Return the platform's own deadline; where it says none, the manifest's timeout from now on."""
    runtime = sys.modules.get("vercel_runtime.deadline")
    said = runtime.get_deadline() if runtime else None
    if said is not None:
        return float(said.timestamp())
    return time.time() + config["timeout"] if config["timeout"] else None

"""What the host says of the call that begins."""

from __future__ import annotations

from fnctl_runtime.invocation import Invocation, enter, trace_id, traceparent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def begin(context: Any, function: str, carrier: Mapping[str, Any] | None = None, **fields: Any) -> Invocation:
    """Note the call that begins, for logs and for `fnctl_runtime.current()`.

    `carrier` may hold `traceparent` and `tracestate` of its own, an event's or a request's; else the host's count.
    """
    own = traceparent((carrier or {}).get("traceparent"))
    host = getattr(context, "trace_context", None)
    given = own or getattr(host, "trace_parent", None)
    state = (carrier or {}).get("tracestate") if own else getattr(host, "trace_state", None)
    said = {"function": function, **{name: value for name, value in fields.items() if value}}
    invocation = Invocation(context.invocation_id, trace_id(given), None, said, traceparent=traceparent(given), tracestate=state or None)
    enter(invocation)
    return invocation


def attempt(context: Any) -> int:
    """Count tries under a retry policy, from 1."""
    return int(getattr(getattr(context, "retry_context", None), "retry_count", None) or 0) + 1

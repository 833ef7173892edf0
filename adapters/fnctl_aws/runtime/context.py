"""What Lambda says of the call that begins."""

from __future__ import annotations

import os
import time

from fnctl_runtime.invocation import Invocation, enter, trace_id, traceparent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def begin(context: Any, carrier: Mapping[str, Any] | None = None, **fields: Any) -> Invocation:
    """Note the call that begins, for logs and for `fnctl_runtime.current()`. `carrier` may hold `traceparent` and `tracestate`."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    deadline = time.time() + left() / 1000 if left else None
    given, xray = (carrier or {}).get("traceparent"), os.environ.get("_X_AMZN_TRACE_ID")
    whole = traceparent(given)
    state = (carrier or {}).get("tracestate") if whole else None
    invocation = Invocation(
        getattr(context, "aws_request_id", ""),
        trace_id(given, xray),
        deadline,
        {name: value for name, value in fields.items() if value},
        traceparent=whole or traceparent(None, xray),
        tracestate=state,
    )
    enter(invocation)
    return invocation

"""What Lambda says of the call that begins."""

from __future__ import annotations

import os
import time

from fnctl_runtime.invocation import Invocation, enter, trace_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def begin(context: Any, traceparent: str | None = None, **fields: Any) -> Invocation:
    """Note the call that begins, for logs and for `fnctl_runtime.current()`."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    deadline = time.time() + left() / 1000 if left else None
    trace = trace_id(traceparent, os.environ.get("_X_AMZN_TRACE_ID"))
    invocation = Invocation(getattr(context, "aws_request_id", ""), trace, deadline, fields)
    enter(invocation)
    return invocation

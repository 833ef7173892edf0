"""Calling a `task` handler on Lambda: a workflow's step, whose failure keeps its name as Lambda's `errorType`."""

from __future__ import annotations

from fnctl_aws.runtime.context import begin
from fnctl_runtime.answers import values
from fnctl_runtime.invocation import call
from fnctl_runtime.task import fields, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def bind(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any = None) -> Callable[[Any, Any], Any]:
    """Make Lambda's function for a handler of interface `task`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    handler = spans.tasks(handler, config) if spans else handler

    def handle(native: Any, context: Any) -> Any:
        request_id = getattr(context, "aws_request_id", "")
        given, step = read(native, step=config["function"], request_id=request_id, native={"event": native, "context": context})
        begin(context, **fields(step))
        return values(call(handler, given, step))

    return handle

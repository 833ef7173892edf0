"""Calling a `task` handler: an activity of Durable Functions. The host wraps the text of a failure, so its name travels inside a mark."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

from fnctl_azure.runtime.calling import in_thread, on_loop
from fnctl_azure.runtime.context import begin
from fnctl_runtime.answers import values
from fnctl_runtime.task import HandlerError, fields, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any


class TaskFailed(Exception):  # what the host shows: the author's failure, not ours
    """A step's failure with its name: `[fnctl:err:BASE64URL:] NAME: message`, the base64 of `{"error": ..., "message": ...}`."""


def bind(
    handler: Callable[..., Any], config: Mapping[str, Any], _door: Mapping[str, Any], *, waiting: bool
) -> Callable[[Any, Any], Coroutine[Any, Any, Any]]:
    """Make what the worker calls for a handler of interface `task`."""
    call = on_loop if waiting else in_thread

    async def handle(trigger: Any, context: Any) -> Any:
        native = {"trigger": trigger, "context": context}
        given, step = read(trigger, step=config["function"], request_id=context.invocation_id, native=native)
        begin(context, config["function"], **fields(step))
        try:
            return values(await call(handler, given, step))
        except HandlerError as error:
            raise TaskFailed(marked(error.name, str(error))) from error

    return handle


def marked(name: str, message: str) -> str:
    """Write a failure so that a workflow's driver finds its name whatever the host puts around it."""
    told = json.dumps({"error": name, "message": message}, ensure_ascii=False).encode()
    return f"[fnctl:err:{urlsafe_b64encode(told).decode()}:] {name}: {message}"

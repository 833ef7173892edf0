"""What travels inside an artifact: the request, the event, the task and the invocation that handlers meet. Standard library only.

Everything here is optional for a handler: requests, events and inputs arrive as arguments, and plain values are good answers. Names are loaded
when they are first asked for, because each module costs time at every cold start.
"""

from __future__ import annotations

TYPE_CHECKING = False  # the checkers know this name; importing `typing` for it would cost more than all of this module
if TYPE_CHECKING:
    from typing import Any

    from fnctl_runtime.event import Event
    from fnctl_runtime.http import BadRequest, Headers, Request, Response, Values
    from fnctl_runtime.invocation import Invocation, current, trace
    from fnctl_runtime.task import HandlerError, TaskContext

__all__ = ["BadRequest", "Event", "HandlerError", "Headers", "Invocation", "Request", "Response", "TaskContext", "Values", "current", "trace"]

_ROOMS = {
    "Event": "event",
    "HandlerError": "task",
    "Invocation": "invocation",
    "TaskContext": "task",
    "current": "invocation",
    "trace": "invocation",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ROOMS.get(name, 'http')}"), name)

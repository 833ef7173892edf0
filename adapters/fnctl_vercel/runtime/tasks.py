"""Calling a `task` handler on Vercel: a workflow's step over HTTP, whose failure keeps its name in the answer."""

from __future__ import annotations

import logging

from fnctl_runtime.event import decode
from fnctl_runtime.http import Response
from fnctl_runtime.task import fields
from fnctl_runtime.task import read as step_of
from fnctl_vercel.runtime.context import begin
from fnctl_vercel.runtime.door import refused_caller
from fnctl_vercel.runtime.exchange import body, call, lifespan, read, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from fnctl_runtime.http import Request
    from fnctl_runtime.task import TaskContext
    from fnctl_vercel.runtime.context import App, Receive, Send

log = logging.getLogger("fnctl")


def bind(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any = None) -> App:
    """Make the application for a handler of interface `task`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    handler = _traced(handler, config, spans) if spans else handler

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        await write(send, await _answer(handler, config, read(scope, await body(receive))))

    return app


def _traced(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any) -> Callable[..., Any]:
    async def traced(given: Any, step: TaskContext) -> Any:
        with spans.stepping(step, config):
            return await call(handler, given, step)

    return traced


async def _answer(handler: Callable[..., Any], config: Mapping[str, Any], request: Request) -> Response:
    """Answer `{"value": ...}`, or `{"error": {"name", "message"}}` with 500: whoever asks has shown the secret."""
    begin(config, request.headers)
    if request.method != "POST" or request.path != config["door"]:
        return Response({"error": "not found"}, 404)
    if refusal := refused_caller(request):
        return refusal
    given, step = step_of(decode(request.body)[0], step=config["function"], request_id=request.id, native=request.native)
    begin(config, request.headers, correlation_id=request.headers.get("x-correlation-id"), **fields(step))
    try:
        return Response({"value": await call(handler, given, step)})
    except Exception as error:
        log.exception("step failed")
        return Response({"error": {"name": type(error).__name__, "message": str(error)}}, 500)

"""Calling a `task` handler on Vercel: a workflow's step over HTTP, whose failure keeps its name in the answer."""

from __future__ import annotations

import logging

from fnctl_runtime.event import decode
from fnctl_runtime.task import fields
from fnctl_runtime.task import read as step_of
from fnctl_vercel.runtime.context import begin
from fnctl_vercel.runtime.door import refused_caller
from fnctl_vercel.runtime.exchange import JSON, Asked, body, call, lifespan, said, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from fnctl_runtime.task import TaskContext
    from fnctl_vercel.runtime.context import App, Receive, Send
    from fnctl_vercel.runtime.exchange import Answer

log = logging.getLogger("fnctl")


def bind(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any = None) -> App:
    """Make the application for a handler of interface `task`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    handler = _traced(handler, config, spans) if spans else handler

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        status, content = await _answer(handler, config, Asked(scope, await body(receive)))
        await write(send, status, content, JSON)

    return app


def _traced(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any) -> Callable[..., Any]:
    async def traced(given: Any, step: TaskContext) -> Any:
        with spans.stepping(step, config):
            return await call(handler, given, step)

    return traced


async def _answer(handler: Callable[..., Any], config: Mapping[str, Any], asked: Asked) -> Answer:
    """Answer `{"value": ...}`, or `{"error": {"name", "message"}}` with 500: whoever asks has shown the secret."""
    begin(config, asked.headers)
    if asked.method != "POST" or asked.path != config["door"]:
        return said(404, {"error": "not found"})
    if refusal := refused_caller(asked):
        return refusal
    given, step = step_of(decode(asked.body)[0], step=config["function"], request_id=asked.id, native=asked.native)
    begin(config, asked.headers, correlation_id=asked.headers.get("x-correlation-id"), **fields(step))
    try:
        return said(200, {"value": await call(handler, given, step)})
    except Exception as error:
        log.exception("step failed")
        return said(500, {"error": {"name": type(error).__name__, "message": str(error)}})

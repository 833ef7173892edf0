"""Calling an `event` handler on Vercel, whatever brought the event; the answer's status is the verdict.

Messages are in `messages`, crons and Schedules in `clocks`: what is imported is paid for at each cold start.
"""

from __future__ import annotations

import logging

from fnctl_vercel.runtime.context import begin
from fnctl_vercel.runtime.exchange import JSON, Asked, body, call, failed, lifespan, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_runtime.event import Event
    from fnctl_vercel.runtime.context import App, Receive, Send
    from fnctl_vercel.runtime.exchange import Answer

    Config: TypeAlias = Mapping[str, Any]
    Handler: TypeAlias = Callable[..., Any]
    Taking: TypeAlias = Callable[[Handler, Config, Asked], Awaitable[Answer]]

log = logging.getLogger("fnctl")


def serving(take: Taking, handler: Handler, config: Config, spans: Any) -> App:
    """Make the application that hands each request to `take`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    called = _traced(handler, config, spans) if spans else handler

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        asked = Asked(scope, await body(receive))
        begin(config, asked.headers)
        try:
            status, content = await take(called, config, asked)
        except Exception:
            log.exception("event failed", extra={"method": asked.method, "path": asked.path})
            status, content = failed(asked.id)
        await write(send, status, content, JSON if content else ())

    return app


def _traced(handler: Handler, config: Config, spans: Any) -> Handler:
    async def traced(subject: Any) -> Any:
        with spans.consuming(subject, config):
            return await call(handler, subject)

    return traced


async def deliver(handler: Handler, config: Config, headers: Mapping[str, str], event: Event) -> bool:
    """Call the handler; tell whether it took the event."""
    whole = config["trigger"] is not None and config["trigger"].get("whole")
    about = {} if whole else {"event_id": event.id, "correlation_id": event.extensions.get("correlationid")}  # a batch is not about one event
    begin(config, headers, None if whole else event.extensions, **about)
    try:
        answer = await call(handler, [event] if whole else event)
    except Exception:
        log.exception("event failed", extra={"event_type": event.type, "source": event.source, "attempt": event.attempt})
        return False
    return not (whole and event.id in {getattr(entry, "id", entry) for entry in answer or ()})

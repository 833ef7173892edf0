"""Crons, Schedules, and calls by hand: what starts an `event` handler on Vercel by the hour or by whoever has the project's secret."""

from __future__ import annotations

import time

from fnctl_runtime.event import Event, decode
from fnctl_vercel.runtime.context import begin
from fnctl_vercel.runtime.door import refused_caller
from fnctl_vercel.runtime.events import deliver, serving
from fnctl_vercel.runtime.exchange import call, failed, said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_vercel.runtime.context import App
    from fnctl_vercel.runtime.exchange import Answer, Asked

    Config: TypeAlias = Mapping[str, Any]
    Handler: TypeAlias = Callable[..., Any]


def bind(handler: Handler, config: Config, spans: Any = None) -> App:
    """Make the application of a public place, or of a private one that a Schedule starts."""
    return serving(_scheduled if config["trigger"] else _asked, handler, config, spans)


async def _asked(handler: Handler, config: Config, asked: Asked) -> Answer:
    """Take a request of a cron, or of whoever else has the secret. A cron does not say for when it was due: the minute stands for it."""
    key = config["crons"].get(asked.path) if asked.method == "GET" else None
    by_hand = asked.method == "POST" and asked.path == config["door"]
    if key is None and not by_hand:
        return said(404, {"error": "not found"})
    if refusal := refused_caller(asked):
        return refusal
    if key is not None:
        return await _schedule(handler, config, asked, key, _minute(), {})
    data, media = decode(asked.body)
    native = {"headers": dict(asked.headers), "body": asked.body}
    event = Event(asked.id, f"/{config['service']}/{config['function']}", "fnctl.invoke", data, datacontenttype=media, native=native)
    begin(config, asked.headers, event_id=event.id)
    return said(200, await call(handler, event))


def _minute() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time()))


async def _scheduled(handler: Handler, config: Config, asked: Asked) -> Answer:
    """Take a Schedule's request, which says for when it was due."""
    due, execution = asked.headers.get("ce-vssscheduledat"), asked.headers.get("ce-id")
    if not due:
        return said(400, {"error": "not a schedule"})
    extensions = {"executionid": execution} if execution else {}
    return await _schedule(handler, config, asked, config["trigger"]["key"], due.replace(".000Z", "Z"), extensions)


async def _schedule(handler: Handler, config: Config, asked: Asked, key: str, due: str, extensions: dict[str, Any]) -> Answer:
    source, data = f"/{config['service']}/schedule/{key}", {"schedule": key, "time": due}
    native = {"headers": dict(asked.headers), "body": asked.body}
    event = Event(f"{key}@{due}", source, "fnctl.schedule", data, subject=key, time=due, extensions=extensions, native=native)
    return (200, b"") if await deliver(handler, config, asked.headers, event) else failed(asked.id)

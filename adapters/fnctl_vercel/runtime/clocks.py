"""Crons, Schedules, and calls by hand: what starts an `event` handler on Vercel by the hour or by whoever has the project's secret."""

from __future__ import annotations

import json
import time

from fnctl_runtime.event import Event, decode
from fnctl_runtime.http import Response, failed
from fnctl_vercel.runtime.context import REQUEST_ID, begin
from fnctl_vercel.runtime.door import refused_caller
from fnctl_vercel.runtime.events import deliver, serving
from fnctl_vercel.runtime.exchange import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_runtime.http import Request
    from fnctl_vercel.runtime.context import App

    Config: TypeAlias = Mapping[str, Any]
    Handler: TypeAlias = Callable[..., Any]


def bind(handler: Handler, config: Config, spans: Any = None) -> App:
    """Make the application of a public place, or of a private one that a Schedule starts."""
    return serving(_scheduled if config["trigger"] else _asked, handler, config, spans)


async def _asked(handler: Handler, config: Config, request: Request) -> Response:
    """Take a request of a cron, or of whoever else has the secret. A cron does not say for when it was due: the minute stands for it."""
    key = config["crons"].get(request.path) if request.method == "GET" else None
    by_hand = request.method == "POST" and request.path == config["door"]
    if key is None and not by_hand:
        return Response({"error": "not found"}, 404)
    if refusal := refused_caller(request):
        return refusal
    if key is not None:
        return await _schedule(handler, config, request, key, _minute(), {})
    data, media = decode(request.body)
    native = {"headers": dict(request.headers), "body": request.body}
    event = Event(request.id, f"/{config['service']}/{config['function']}", "fnctl.invoke", data, datacontenttype=media, native=native)
    begin(config, request.headers, event_id=event.id)
    return Response(json.dumps(await call(handler, event)).encode(), headers={"content-type": "application/json"})


def _minute() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(time.time()))


async def _scheduled(handler: Handler, config: Config, request: Request) -> Response:
    """Take a Schedule's request, which says for when it was due."""
    due, execution = request.headers.get("ce-vssscheduledat"), request.headers.get("ce-id")
    if not due:
        return Response({"error": "not a schedule"}, 400)
    extensions = {"executionid": execution} if execution else {}
    return await _schedule(handler, config, request, config["trigger"]["key"], due.replace(".000Z", "Z"), extensions)


async def _schedule(handler: Handler, config: Config, request: Request, key: str, due: str, extensions: dict[str, Any]) -> Response:
    source, data = f"/{config['service']}/schedule/{key}", {"schedule": key, "time": due}
    native = {"headers": dict(request.headers), "body": request.body}
    event = Event(f"{key}@{due}", source, "fnctl.schedule", data, subject=key, time=due, extensions=extensions, native=native)
    return Response(None, 200) if await deliver(handler, config, request.headers, event) else failed(request.headers.get(REQUEST_ID, ""))

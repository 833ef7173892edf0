"""Calling an `event` handler on Vercel: a message that was pushed, a cron's request, a Schedule's; the answer's status is the verdict."""

from __future__ import annotations

import asyncio
import json
import logging
import time

from fnctl_runtime.event import Event, decode, message
from fnctl_runtime.http import Headers, Response, failed
from fnctl_vercel.runtime.context import REQUEST_ID, begin
from fnctl_vercel.runtime.door import refused_caller
from fnctl_vercel.runtime.http import body, call, lifespan, read, write
from fnctl_vercel.runtime.queues import Delivery, QueueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_runtime.http import Request
    from fnctl_vercel.runtime.context import App, Receive, Send

    Config: TypeAlias = Mapping[str, Any]
    Handler: TypeAlias = Callable[..., Any]

log = logging.getLogger("fnctl")
MEDIA = "application/octet-stream"
_LEASE, _MARGIN = 300, 30
"""Seconds: how much longer a message is held at a time, and how long before its time is up."""


def bind(handler: Handler, config: Config, spans: Any = None) -> App:
    """Make the application for a handler of interface `event`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    handler = _traced(handler, config, spans) if spans else handler
    trigger = config["trigger"]
    deliver = _asked if trigger is None else _scheduled if trigger["kind"] == "schedule" else _message

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        request = read(scope, await body(receive))
        begin(config, request.headers)
        try:
            response = await deliver(handler, config, request)
        except Exception:
            log.exception("event failed", extra={"method": request.method, "path": request.path})
            response = failed(request.id)
        await write(send, response)

    return app


def _traced(handler: Handler, config: Config, spans: Any) -> Handler:
    async def traced(subject: Any) -> Any:
        with spans.consuming(subject, config):
            return await call(handler, subject)

    return traced


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
    return Response(None, 200) if await _deliver(handler, config, request.headers, event) else failed(request.headers.get(REQUEST_ID, ""))


async def _message(handler: Handler, config: Config, request: Request) -> Response:
    """Take a pushed message: 200 and settled when it is done, 500 when it shall come again."""
    headers, trigger = request.headers, config["trigger"]
    if not headers.get("ce-type", "").startswith("com.vercel.queue.") or headers.get("ce-vqsqueuename") != trigger["topic"]:
        return Response({"error": "not a message of this queue"}, 400)
    delivery = Delivery(headers, request.body)
    if not delivery.whole:
        await asyncio.to_thread(delivery.fetch)
    event = message(
        delivery.body,
        id=delivery.id,
        source=f"/{config['service']}/{trigger['kind']}/{trigger['key']}",
        type=f"fnctl.{trigger['kind']}.message",
        time=delivery.created,
        extensions=_carried(headers),
        attempt=delivery.count,
        native={"headers": dict(headers), "body": delivery.body},
    )
    most = trigger["most"]
    if most is None or delivery.count <= most:
        holding = asyncio.create_task(_held(delivery))
        try:
            done = await _deliver(handler, config, headers, event)
        finally:
            holding.cancel()
        if not done and (most is None or delivery.count < most):
            return failed(request.id)
        if done:
            return await _settled(delivery)
    return await _given_up(delivery, trigger["dead"], headers.get("content-type", MEDIA))


def _carried(headers: Headers) -> dict[str, str]:
    """Give what came beside the message: the trace and the correlation, under their names in CloudEvents."""
    found = {name: headers.get(f"ce-{name}") for name in ("traceparent", "tracestate", "correlationid", "causationid")}
    if not found["traceparent"]:
        found |= {name: headers.get(name) for name in ("traceparent", "tracestate")}
    return {name: value for name, value in found.items() if value}


async def _deliver(handler: Handler, config: Config, headers: Headers, event: Event) -> bool:
    whole = config["trigger"] is not None and config["trigger"].get("whole")
    about = {} if whole else {"event_id": event.id, "correlation_id": event.extensions.get("correlationid")}  # a batch is not about one event
    begin(config, headers, None if whole else event.extensions, **about)
    try:
        answer = await call(handler, [event] if whole else event)
    except Exception:
        log.exception("event failed", extra={"event_type": event.type, "source": event.source, "attempt": event.attempt})
        return False
    return not (whole and event.id in {getattr(entry, "id", entry) for entry in answer or ()})


async def _held(delivery: Delivery) -> None:
    """Keep a message for as long as its handler takes: it would be delivered a second time meanwhile."""
    left = _left(delivery.until)
    while True:
        await asyncio.sleep(max(1.0, left - _MARGIN))
        try:
            await asyncio.to_thread(delivery.hold, _LEASE)
        except QueueError as error:
            log.warning("the message may be delivered a second time: %s", error)
        left = _LEASE


def _left(until: str | None) -> float:
    if not until:
        return _LEASE
    from datetime import datetime

    return datetime.fromisoformat(until).timestamp() - time.time()


async def _settled(delivery: Delivery) -> Response:
    """Settle as Vercel's own client does, and answer 200 in any case: the handler has done its work."""
    try:
        await asyncio.to_thread(delivery.settle)
    except QueueError as error:
        log.warning("the message may be delivered a second time: %s", error)
    return Response(None, 200)


async def _given_up(delivery: Delivery, dead: str | None, media: str) -> Response:
    """Move a message to where failed ones are kept. Raises QueueError, and it comes again, when that cannot be done."""
    if dead:
        await asyncio.to_thread(delivery.forward, dead, media)
    log.error("the message failed %d times; %s", delivery.count, f"it is in {dead} now" if dead else "it is dropped")
    return await _settled(delivery)

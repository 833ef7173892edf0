"""Messages that Vercel Queues push: 200 and settled when they are done, 500 when they shall come again, elsewhere when they failed too often."""

from __future__ import annotations

import asyncio
import logging
import time

from fnctl_runtime.event import message
from fnctl_vercel.runtime.events import deliver, serving
from fnctl_vercel.runtime.exchange import failed, said
from fnctl_vercel.runtime.queues import Delivery, QueueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_vercel.runtime.context import App
    from fnctl_vercel.runtime.exchange import Answer, Asked

    Config: TypeAlias = Mapping[str, Any]
    Handler: TypeAlias = Callable[..., Any]

log = logging.getLogger("fnctl")
MEDIA = "application/octet-stream"
_LEASE, _MARGIN = 300, 30
"""Seconds: how much longer a message is held at a time, and how long before its time is up."""


def bind(handler: Handler, config: Config, spans: Any = None) -> App:
    """Make the application of a consumer's private place."""
    return serving(_message, handler, config, spans)


async def _message(handler: Handler, config: Config, asked: Asked) -> Answer:
    """Take a pushed message: 200 and settled when it is done, 500 when it shall come again."""
    headers, trigger = asked.headers, config["trigger"]
    if not headers.get("ce-type", "").startswith("com.vercel.queue.") or headers.get("ce-vqsqueuename") != trigger["topic"]:
        return said(400, {"error": "not a message of this queue"})
    delivery = Delivery(headers, asked.body)
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
            done = await deliver(handler, config, headers, event)
        finally:
            holding.cancel()
        if not done and (most is None or delivery.count < most):
            return failed(asked.id)
        if done:
            return await _settled(delivery)
    return await _given_up(delivery, trigger["dead"], headers.get("content-type", MEDIA))


def _carried(headers: Mapping[str, str]) -> dict[str, str]:
    """Give what came beside the message: the trace and the correlation, under their names in CloudEvents."""
    found = {name: headers.get(f"ce-{name}") for name in ("traceparent", "tracestate", "correlationid", "causationid")}
    if not found["traceparent"]:
        found |= {name: headers.get(name) for name in ("traceparent", "tracestate")}
    return {name: value for name, value in found.items() if value}


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


async def _settled(delivery: Delivery) -> Answer:
    """Settle as Vercel's own client does, and answer 200 in any case: the handler has done its work."""
    try:
        await asyncio.to_thread(delivery.settle)
    except QueueError as error:
        log.warning("the message may be delivered a second time: %s", error)
    return 200, b""


async def _given_up(delivery: Delivery, dead: str | None, media: str) -> Answer:
    """Move a message to where failed ones are kept. Raises QueueError, and it comes again, when that cannot be done."""
    if dead:
        await asyncio.to_thread(delivery.forward, dead, media)
    log.error("the message failed %d times; %s", delivery.count, f"it is in {dead} now" if dead else "it is dropped")
    return await _settled(delivery)

"""Calling an `event` handler: one call per message. An exception is what makes the host deliver a message again, or put it aside as poison."""

from __future__ import annotations

import json
import logging

from fnctl_azure.runtime.calling import in_thread, on_loop
from fnctl_azure.runtime.context import attempt, begin
from fnctl_azure.runtime.shapes import queue, schedule
from fnctl_runtime.event import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any, TypeAlias

    from fnctl_azure.runtime.calling import Call

    Config: TypeAlias = Mapping[str, Any]
    Handle: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, Any]]

log = logging.getLogger("fnctl")


class Unfinished(Exception):  # what the host shows: not an error of ours
    """The handler named events that failed."""


def bind(handler: Callable[..., Any], config: Config, door: Config, *, waiting: bool) -> Handle:
    """Make what the worker calls for a handler of interface `event`."""
    call: Call = on_loop if waiting else in_thread
    if door["kind"] == "invoke":
        return _invoked(handler, config, call)
    read = _reader(config, door)
    deliver = _together if door.get("whole") else _one_by_one
    done: set[str] = set()

    async def handle(trigger: Any, context: Any) -> None:
        begin(context, config["function"])
        await deliver(_Batch(handler, config, call, done), read(trigger, context), context)

    return handle


class _Batch:
    """One delivery: whom to call, and which events an earlier try of the same batch has done with already."""

    __slots__ = ("call", "config", "done", "handler")

    def __init__(self, handler: Callable[..., Any], config: Config, call: Call, done: set[str]) -> None:
        self.handler = handler
        self.config = config
        self.call = call
        self.done = done


def _reader(config: Config, door: Config) -> Callable[[Any, Any], list[Event]]:
    kind, binding = door["kind"], door["binding"]["type"]
    if binding == "queueTrigger":
        return lambda trigger, _context: [queue(config, door, trigger)]
    if kind == "schedule":
        return lambda trigger, context: [schedule(config, door, trigger, context)]
    from fnctl_azure.runtime import feeds

    if binding == "serviceBusTrigger":
        return lambda trigger, _context: [feeds.service_bus(config, door, trigger)]
    if kind == "stream":
        return lambda trigger, context: feeds.stream(config, door, trigger, context)
    if kind == "table":
        return lambda trigger, context: feeds.table(config, door, json.loads(trigger), context)
    single = feeds.bucket if kind == "bucket" else feeds.bus
    return lambda trigger, _context: [single(config, door, json.loads(trigger))]


async def _one_by_one(batch: _Batch, events: list[Event], context: Any) -> None:
    """Call for each. The first failure ends it: a policy tries the batch again, and then goes on where it stopped."""
    if attempt(context) == 1:
        _forget(batch, events)
    for event in events:
        if event.id in batch.done:
            continue
        correlation = event.extensions.get("correlationid")
        begin(context, batch.config["function"], event.extensions, event_id=event.id, correlation_id=correlation)
        try:
            await batch.call(batch.handler, event)
        except Exception:
            _failed(event)
            if _last(context):
                _forget(batch, events)
            raise
        if len(events) > 1:
            batch.done.add(event.id)
    _forget(batch, events)


async def _together(batch: _Batch, events: list[Event], _context: Any) -> None:
    """Call once with the list. The answer may name the events (or their ids) that failed: then all of it comes again."""
    named = {getattr(entry, "id", entry) for entry in await batch.call(batch.handler, events) or ()}
    failed = [event.id for event in events if event.id in named]
    if failed:
        message = f"{len(failed)} of {len(events)} failed: {', '.join(failed[:5])}"
        raise Unfinished(message)


def _failed(event: Event) -> None:
    log.exception("event failed", extra={"event_type": event.type, "source": event.source, "attempt": event.attempt})


def _forget(batch: _Batch, events: list[Event]) -> None:
    batch.done.difference_update(event.id for event in events)


def _last(context: Any) -> bool:
    """Tell whether the host will not try this batch again in this process."""
    most = getattr(getattr(context, "retry_context", None), "max_retry_count", None)
    return most is None or (most >= 0 and attempt(context) > most)


def _invoked(handler: Callable[..., Any], config: Config, call: Call) -> Handle:
    from azure.functions import HttpResponse

    from fnctl_runtime.answers import written

    async def handle(trigger: Any, context: Any) -> Any:
        body = trigger.get_body()
        data = json.loads(body) if body.strip() else None
        event = Event(context.invocation_id, f"/{config['service']}/{config['function']}", "fnctl.invoke", data, native=trigger)
        begin(context, config["function"], trigger.headers, event_id=event.id)
        answer = await call(handler, event)
        return HttpResponse(written(answer), mimetype="application/json")

    return handle

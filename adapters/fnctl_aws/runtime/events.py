"""Calling an `event` handler on Lambda: one call per message, and what is told to Lambda about those that failed."""

from __future__ import annotations

import logging
from importlib import import_module

from fnctl_aws.runtime.context import begin
from fnctl_aws.runtime.shapes import ITEM, envelope, kind_of, queue, records_of, schedule
from fnctl_runtime.event import Event, from_structured, is_cloudevent
from fnctl_runtime.invocation import call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

log = logging.getLogger("fnctl")


def bind(handler: Callable[..., Any], config: Mapping[str, Any]) -> Callable[[Any, Any], Any]:
    """Make Lambda's function for a handler of interface `event`."""
    if any(trigger["kind"] not in ("queue", "schedule") for trigger in config["triggers"]):
        import_module("fnctl_aws.runtime.feeds")  # now, and not while the first caller waits
    whole = {trigger["kind"] for trigger in config["triggers"] if trigger.get("whole")}

    def handle(native: Any, context: Any) -> Any:
        begin(context)
        records = records_of(native)
        if records is None:
            return _single(handler, config, native, context)
        kind = kind_of(records[0])
        events = [_read(config, kind, record) for record in records]
        if kind not in ITEM:
            return _unanswered(handler, events, context)
        items = [ITEM[kind](record) for record in records]
        policy = _policy(kind, records[0])
        failed = _together(handler, events, items) if kind in whole else _one_by_one(handler, events, items, context, policy)
        return {"batchItemFailures": [{"itemIdentifier": item} for item in failed]}

    return handle


def _single(handler: Callable[..., Any], config: Mapping[str, Any], native: Any, context: Any) -> Any:
    if envelope(native) == "http":
        message = f"{config['function']} is of interface `event`, and was sent an HTTP request"
        raise TypeError(message)
    event = _read_single(config, native, getattr(context, "aws_request_id", ""))
    answer = _deliver(handler, event, context)
    return answer if event.type == "fnctl.invoke" else None


def _read(config: Mapping[str, Any], kind: str, record: Mapping[str, Any]) -> Event:
    if kind == "queue":
        return queue(config, record)
    from fnctl_aws.runtime.feeds import READERS

    return READERS[kind](config, record)


def _read_single(config: Mapping[str, Any], native: Any, request_id: str) -> Event:
    """Read a payload that is one event: a schedule's, a bus's, a CloudEvent as it is, or whatever an invocation sent."""
    found = envelope(native)
    if found == "schedule":
        return schedule(config, native["fnctl"], native)
    if found == "bus":
        from fnctl_aws.runtime.feeds import bus

        return bus(config, native)
    if is_cloudevent(native):
        return from_structured(native, native=native)
    return Event(request_id, f"/{config['service']}/{config['function']}", "fnctl.invoke", native, native=native)


def _deliver(handler: Callable[..., Any], event: Event, context: Any) -> Any:
    correlation = event.extensions.get("correlationid")
    fields = {"event_id": event.id} | ({"correlation_id": correlation} if correlation else {})
    begin(context, event.extensions.get("traceparent"), **fields)
    return call(handler, event)


def _failed(event: Event) -> None:
    log.exception("event failed", extra={"event_type": event.type, "source": event.source, "attempt": event.attempt})


def _policy(kind: str, record: Mapping[str, Any]) -> str:
    """Say what one failure means for the rest of its batch.

    `alone`: nothing. `rest`: a FIFO queue wants back every message that must not overtake the failed one. `stop`: a stream is read again from
    the failed record by itself.
    """
    if kind != "queue":
        return "stop"
    return "rest" if str(record.get("eventSourceARN", "")).endswith(".fifo") else "alone"


def _one_by_one(handler: Callable[..., Any], events: list[Event], items: list[str], context: Any, policy: str) -> list[str]:
    failed: list[str] = []
    for index, event in enumerate(events):
        try:
            _deliver(handler, event, context)
        except Exception:  # noqa: BLE001  # a handler may raise anything; it is logged, and its message comes back
            _failed(event)
            if policy != "alone":
                return items[index:] if policy == "rest" else [items[index]]
            failed.append(items[index])
    return failed


def _together(handler: Callable[..., Any], events: list[Event], items: list[str]) -> list[str]:
    """Call once with the list. The answer may name the events (or their ids) that failed; an exception is for all of them."""
    named = {getattr(entry, "id", entry) for entry in call(handler, events) or ()}
    return [item for event, item in zip(events, items, strict=True) if event.id in named]


def _unanswered(handler: Callable[..., Any], events: list[Event], context: Any) -> None:
    """Deliver what came without anyone waiting: there is no partial answer, Lambda calls again with all of it and the same ids."""
    first: Exception | None = None
    for event in events:
        try:
            _deliver(handler, event, context)
        except Exception as error:  # noqa: BLE001  # raised below, once the others have had their turn
            _failed(event)
            first = first or error
    if first is not None:
        raise first

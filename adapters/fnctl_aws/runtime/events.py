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


def bind(handler: Callable[..., Any], config: Mapping[str, Any], spans: Any = None) -> Callable[[Any, Any], Any]:
    """Make Lambda's function for a handler of interface `event`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    handler = spans.events(handler, config) if spans else handler
    if any(trigger["kind"] not in ("queue", "schedule") for trigger in config["triggers"]):
        import_module("fnctl_aws.runtime.feeds")  # now, and not while the first caller waits
    whole = {trigger["kind"] for trigger in config["triggers"] if trigger.get("whole")}

    def handle(native: Any, context: Any) -> Any:
        begin(context)
        records = records_of(native)
        if records is None:
            return _single(handler, config, native, context)
        kind = kind_of(records[0])
        if kind not in ITEM:
            return _unanswered(handler, [_read(config, kind, record) for record in records], context)
        if kind in whole:
            failed = _together(handler, [_read(config, kind, record) for record in records], [ITEM[kind](record) for record in records])
        else:
            failed = _one_by_one(handler, config, records, context)
        return {"batchItemFailures": [{"itemIdentifier": item} for item in failed]}

    return handle


def _single(handler: Callable[..., Any], config: Mapping[str, Any], native: Any, context: Any) -> Any:
    if envelope(native) == "http":
        message = f"{config['function']} is of interface `event`, and was sent an HTTP request"
        raise TypeError(message)
    event = _read_single(config, native, getattr(context, "aws_request_id", ""))
    answer = _deliver(handler, event, context)
    if event.type != "fnctl.invoke":
        return None
    from fnctl_runtime.answers import values  # only who is asked by hand answers

    return values(answer)


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
    begin(context, event.extensions, event_id=event.id, correlation_id=event.extensions.get("correlationid"))
    return call(handler, event)


def _failed(kind: str, event: Event | None) -> None:
    about = {"event_type": event.type, "source": event.source, "attempt": event.attempt} if event else {"kind": kind}
    log.exception("event failed" if event else "event cannot be read", extra=about)


def _one_by_one(handler: Callable[..., Any], config: Mapping[str, Any], records: list[Mapping[str, Any]], context: Any) -> list[str]:
    """Deliver one record after the other; what cannot even be read fails alone.

    After a failure a stream is read again from that record by itself, and a FIFO queue wants back what must not overtake it: the rest of its
    message group.
    """
    failed: list[str] = []
    held: set[str] = set()
    kind = kind_of(records[0])
    for record in records:
        item, group, event = ITEM[kind](record), _group(kind, record), None
        if group in held:
            failed.append(item)
            continue
        try:
            event = _read(config, kind, record)
            _deliver(handler, event, context)
        except Exception:  # noqa: BLE001  # a handler may raise anything; it is logged, and its message comes back
            _failed(kind, event)
            if kind != "queue":
                return [item]
            failed.append(item)
            held |= {group} if group else set()
    return failed


def _group(kind: str, record: Mapping[str, Any]) -> str:
    fifo = kind == "queue" and str(record.get("eventSourceARN", "")).endswith(".fifo")
    return str((record.get("attributes") or {}).get("MessageGroupId", "")) if fifo else ""


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
            _failed("", event)
            first = first or error
    if first is not None:
        raise first

"""What an invocation through /admin/functions/NAME hands to a trigger: `input`, as the platform's documented event of that kind."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fnctl_azure.standin.hosts.app import Ask
from fnctl_azure.standin.hosts.model import Found

REASON = "This function was programmatically called via the host APIs."


def ask(found: Found, text: str) -> Ask:
    """Return what a function of any trigger but HTTP is given for an input."""
    made = _KINDS.get(found.kind, _plain)(found, text)
    return Ask(*made, reason=REASON)


def body(found: Found, text: bytes) -> dict[str, Any]:
    """Write a message's body as the binding asks for it: bytes, or a text."""
    if found.trigger.get("dataType") == "binary":
        return {"bytes": base64.b64encode(text).decode()}
    return {"string": text.decode("utf-8", "replace")}


def moment(when: datetime) -> str:
    """Write a time with its zone, as JSON text."""
    return json.dumps(when.isoformat(timespec="seconds"))


Made = tuple[dict[str, Any], dict[str, Any]]


def _plain(_found: Found, text: str) -> Made:
    return {"string": text}, {}


def _timer(_found: Found, _text: str) -> Made:
    """A timer that somebody fires is not past due, and has no status."""
    return timer(None, None, past=False), {"TimerTrigger": {"string": f"{datetime.now(UTC):%m/%d/%Y %H:%M:%S}"}}


def timer(last: datetime | None, due: datetime | None, *, past: bool) -> dict[str, Any]:
    """Write a TimerInfo as the host does: its status is that of before the call."""
    never = "0001-01-01T00:00:00"
    before = last.isoformat() if last else never
    status = {"Last": before, "Next": due.isoformat(), "LastUpdated": before} if due else None
    return {"json": json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past})}


def queue(found: Found, message: Mapping[str, Any], content: bytes) -> Made:
    """Write a message of a Storage queue."""
    return body(found, content), {
        "QueueTrigger": {"string": content.decode("utf-8", "replace")},
        "Id": {"string": message["id"]},
        "DequeueCount": {"json": str(message["count"])},
        "InsertionTime": {"json": moment(message["inserted"])},
        "ExpirationTime": {"json": moment(message["expires"])},
        "NextVisibleTime": {"json": moment(message["next"])},
        "PopReceipt": {"string": message["receipt"]},
    }


def _queue(found: Found, text: str) -> Made:
    now = datetime.now(UTC)
    week = now + timedelta(days=7)
    made = {"id": str(uuid.uuid4()), "count": 1, "inserted": now, "expires": week, "next": now + timedelta(minutes=10), "receipt": "admin"}
    return queue(found, made, text.encode())


def _service_bus(found: Found, text: str) -> Made:
    now = datetime.now(UTC)
    metadata: dict[str, Any] = {
        "DeliveryCount": {"json": "1"},
        "LockToken": {"string": str(uuid.uuid4())},
        "EnqueuedTimeUtc": {"json": moment(now)},
        "ExpiresAtUtc": {"json": moment(now + timedelta(days=14))},
        "MessageId": {"string": uuid.uuid4().hex},
        "ContentType": {"string": "application/json"},
        "SequenceNumber": {"json": "1"},
        "ApplicationProperties": {"json": "{}"},
        "UserProperties": {"json": "{}"},
    }
    sessions = {"SessionId": {"string": "admin"}} if found.trigger.get("isSessionsEnabled") else {}
    return body(found, text.encode()), metadata | sessions


def _as_json(_found: Found, text: str) -> Made:
    return {"json": text}, {}


def _hubs(found: Found, text: str) -> Made:
    """One event, or the events of a JSON list, of one partition."""
    bodies = _several(text)
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    count = range(len(bodies))
    properties = [{"SequenceNumber": n, "Offset": n * 4096, "PartitionKey": "admin", "EnqueuedTimeUtc": now} for n in count]
    metadata: dict[str, Any] = {
        "PartitionContext": {"json": json.dumps({"PartitionId": "0", "EventHubName": found.trigger.get("eventHubName")})},
        "PartitionKeyArray": {"collectionString": {"string": ["admin" for _ in count]}},
        "OffsetArray": {"collectionString": {"string": [str(n * 4096) for n in count]}},
        "SequenceNumberArray": {"collectionSint64": {"sint64": list(count)}},
        "EnqueuedTimeUtcArray": {"json": json.dumps([now for _ in count])},
        "PropertiesArray": {"json": json.dumps([{} for _ in count])},
        "SystemPropertiesArray": {"json": json.dumps(properties)},
    }
    if str(found.trigger.get("cardinality", "many")).lower() != "many":
        alone = {name.removesuffix("Array"): _first(value) for name, value in metadata.items()}
        return body(found, bodies[0]), alone
    if found.trigger.get("dataType") == "binary":
        return {"collectionBytes": {"bytes": [base64.b64encode(one).decode() for one in bodies]}}, metadata
    return {"collectionString": {"string": [one.decode("utf-8", "replace") for one in bodies]}}, metadata


def _several(text: str) -> list[bytes]:
    try:
        value = json.loads(text)
    except ValueError:
        return [text.encode()]
    return [one.encode() if isinstance(one, str) else json.dumps(one).encode() for one in value] if isinstance(value, list) else [text.encode()]


def _first(value: Mapping[str, Any]) -> dict[str, Any]:
    ((kind, told),) = value.items()
    if kind == "json":
        read = json.loads(told)
        return {"json": json.dumps(read[0] if isinstance(read, list) else read)}
    return {"string": str(next(iter(told.values()))[0])}


_KINDS: Mapping[str, Callable[[Found, str], Made]] = {
    "timertrigger": _timer,
    "queuetrigger": _queue,
    "servicebustrigger": _service_bus,
    "eventgridtrigger": _as_json,
    "eventhubtrigger": _hubs,
    "cosmosdbtrigger": _as_json,
}

"""What Lambda hands over, told apart and read as CloudEvents. Field lists: the event pages of the Lambda developer guide, 2026.

Queues and schedules are here, the other kinds in `feeds`: what is imported is paid for at each cold start.
"""

from __future__ import annotations

import time

from fnctl_runtime.event import Event, message
from fnctl_runtime.invocation import traceparent
from fnctl_runtime.logs import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Native: TypeAlias = Mapping[str, Any]
    Config: TypeAlias = Mapping[str, Any]

_KINDS = {"aws:sqs": "queue", "aws:sns": "topic", "aws:s3": "bucket", "aws:dynamodb": "table", "aws:kinesis": "stream"}

ITEM: dict[str, Callable[[Native], str]] = {
    "queue": lambda record: record["messageId"],
    "table": lambda record: record["dynamodb"]["SequenceNumber"],
    "stream": lambda record: record["kinesis"]["sequenceNumber"],
}
"""Kinds of which Lambda can be told that a single message failed, and what it calls that message then."""


def envelope(native: Any) -> str | None:
    """Tell a payload of the platform's own making from one that somebody sent: `http`, `records`, `bus`, `schedule`, or None."""
    if not isinstance(native, dict):
        return None
    if _is_http(native):
        return "http"
    if records_of(native) is not None:
        return "records"
    if isinstance(native.get("fnctl"), dict) and "schedule" in native["fnctl"]:
        return "schedule"
    return "bus" if "detail-type" in native and "source" in native else None


def _is_http(native: Native) -> bool:
    request = native.get("requestContext")
    return isinstance(request, dict) and ("httpMethod" in native or "http" in request)


def records_of(native: Any) -> list[Native] | None:
    """Give the records of a batch of a known kind, else None."""
    records = native.get("Records") if isinstance(native, dict) else None
    known = isinstance(records, list) and records and isinstance(records[0], dict) and kind_of(records[0])
    return records if known else None


def kind_of(record: Native) -> str:
    """Name the trigger kind of a record, "" when it is none of ours."""
    return _KINDS.get(str(record.get("eventSource") or record.get("EventSource")), "")


def source(config: Config, kind: str, physical: str) -> str:
    """Give `/SERVICE/KIND/KEY` of the trigger that listens to what has this physical name."""
    triggers = [trigger for trigger in config["triggers"] if trigger["kind"] == kind]
    named = [trigger for trigger in triggers if physical in trigger["names"]] or (triggers if len(triggers) == 1 else [])
    return f"/{config['service']}/{kind}/{named[0]['key'] if named else physical}"


def carried(attributes: Any, value: str, xray: str | None = None) -> dict[str, str]:
    """Give what a sender put beside the message: the trace and the correlation, under their names in CloudEvents."""
    given: Mapping[str, Any] = attributes or {}
    found = {name: given[name].get(value) for name in _CARRIED if name in given}
    found.setdefault("traceparent", traceparent(None, xray))
    return {name: text for name, text in found.items() if text}


_CARRIED = ("traceparent", "tracestate", "correlationid", "causationid")


def queue(config: Config, record: Native) -> Event:
    """Read one SQS message."""
    attributes = record.get("attributes") or {}
    sent = attributes.get("SentTimestamp")
    return message(
        record["body"],
        id=record["messageId"],
        source=source(config, "queue", str(record.get("eventSourceARN", "")).rpartition(":")[2]),
        type="fnctl.queue.message",
        subject=attributes.get("MessageGroupId"),
        time=timestamp(int(sent) / 1000) if sent else None,
        extensions=carried(record.get("messageAttributes"), "stringValue", attributes.get("AWSTraceHeader")),
        attempt=int(attributes.get("ApproximateReceiveCount", 1)),
        native=record,
    )


def schedule(config: Config, facts: Native, native: Native) -> Event:
    """Read what our schedules send. Its id is name and due time: the same for every attempt at one occasion."""
    home = source(config, "schedule", str(facts["schedule"]))
    key, due = home.rpartition("/")[2], str(facts.get("time") or "")
    if not due or due.startswith("<"):  # a stand-in that does not fill in Scheduler's placeholders
        due = timestamp(time.time() // 60 * 60)
    execution = str(facts.get("id") or "<")
    extensions = {} if execution.startswith("<") else {"executionid": execution}
    data = facts.get("input", {"schedule": key, "time": due})
    return Event(f"{key}@{due}", home, "fnctl.schedule", data, subject=key, time=due, extensions=extensions, native=native)

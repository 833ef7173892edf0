"""What Lambda hands over, told apart and read as CloudEvents. Field lists: the event pages of the Lambda developer guide, 2026."""

from __future__ import annotations

import time

from fnctl_runtime.event import Event, from_structured, is_cloudevent, message
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


def read_record(config: Config, kind: str, record: Native) -> Event:
    """Read one record of a batch."""
    return _READERS[kind](config, record)


def read_single(config: Config, native: Any, request_id: str) -> Event:
    """Read a payload that is one event: a schedule's, a bus's, a CloudEvent as it is, or whatever an invocation sent."""
    found = envelope(native)
    if found == "schedule":
        return _schedule(config, native["fnctl"], native)
    if found == "bus":
        return _bus(config, native)
    if is_cloudevent(native):
        return from_structured(native, native=native)
    return Event(request_id, f"/{config['service']}/{config['function']}", "fnctl.invoke", native, native=native)


def _source(config: Config, kind: str, physical: str) -> str:
    """`/SERVICE/KIND/KEY` of the trigger that listens to what has this physical name."""
    triggers = [trigger for trigger in config["triggers"] if trigger["kind"] == kind]
    named = [trigger for trigger in triggers if physical in trigger["names"]] or (triggers if len(triggers) == 1 else [])
    return f"/{config['service']}/{kind}/{named[0]['key'] if named else physical}"


def _queue(config: Config, record: Native) -> Event:
    attributes = record.get("attributes") or {}
    sent = attributes.get("SentTimestamp")
    return message(
        record["body"],
        id=record["messageId"],
        source=_source(config, "queue", str(record.get("eventSourceARN", "")).rpartition(":")[2]),
        type="fnctl.queue.message",
        subject=attributes.get("MessageGroupId"),
        time=timestamp(int(sent) / 1000) if sent else None,
        attempt=int(attributes.get("ApproximateReceiveCount", 1)),
        native=record,
    )


def _topic(config: Config, record: Native) -> Event:
    sns = record["Sns"]
    source = _source(config, "topic", str(sns.get("TopicArn", "")).rpartition(":")[2])
    return message(
        sns["Message"],
        id=sns["MessageId"],
        source=source,
        type="fnctl.topic.message",
        subject=sns.get("Subject"),
        time=sns.get("Timestamp"),
        native=record,
    )


def _bucket(config: Config, record: Native) -> Event:
    from urllib.parse import unquote_plus

    bucket, entry = record["s3"]["bucket"]["name"], record["s3"]["object"]
    # The key is form-encoded in notifications (`a+b%2F1.png`), and only there.
    facts = {"key": unquote_plus(entry["key"]), "size": entry.get("size"), "etag": entry.get("eTag"), "version": entry.get("versionId")}
    return _object(config, bucket, facts, entry.get("sequencer"), record["eventName"], record.get("eventTime"), record)


_OBJECT_EVENTS = (
    ("ObjectCreated", "created"),
    ("Object Created", "created"),
    ("ObjectRemoved", "deleted"),
    ("LifecycleExpiration", "deleted"),
    ("Object Deleted", "deleted"),
)


def _object(config: Config, bucket: str, facts: dict[str, Any], sequencer: str | None, name: str, at: str | None, native: Native) -> Event:
    what = next((word for start, word in _OBJECT_EVENTS if name.startswith(start)), "changed")
    identity = f"{bucket}/{facts['key']}@{sequencer or facts['version'] or facts['etag']}"
    data = {"bucket": bucket, **facts}
    return Event(identity, _source(config, "bucket", bucket), f"fnctl.bucket.{what}", data, subject=facts["key"], time=at, native=native)


def _table(config: Config, record: Native) -> Event:
    change = record["dynamodb"]
    keys = _item(change["Keys"])
    created = change.get("ApproximateCreationDateTime")
    data = {
        "change": record["eventName"].lower(),
        "keys": keys,
        "new": _item(change["NewImage"]) if "NewImage" in change else None,
        "old": _item(change["OldImage"]) if "OldImage" in change else None,
    }
    return Event(
        record["eventID"],
        _source(config, "table", _table_name(str(record.get("eventSourceARN", "")))),
        "fnctl.table.changed",
        data,
        subject="/".join(str(keys[name]) for name in sorted(keys)),
        time=timestamp(float(created)) if created else None,
        native=record,
    )


def _table_name(arn: str) -> str:
    return arn.partition(":table/")[2].partition("/")[0]


def _item(image: Native) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in image.items()}


def _attribute(typed: Native) -> Any:
    """Read DynamoDB's `{"S": "x"}`. Numbers become int or float: 38 digits are in `event.native` for whoever needs them."""
    kind, value = next(iter(typed.items()))
    read = _ATTRIBUTES.get(kind)
    return read(value) if read else value


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _binary(text: str) -> bytes:
    from base64 import b64decode

    return b64decode(text)


_ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "N": _number,
    "B": _binary,
    "M": _item,
    "L": lambda values: [_attribute(value) for value in values],
    "NS": lambda values: [_number(value) for value in values],
    "BS": lambda values: [_binary(value) for value in values],
    "NULL": lambda _value: None,
}


def _stream(config: Config, record: Native) -> Event:
    kinesis = record["kinesis"]
    arrived = kinesis.get("approximateArrivalTimestamp")
    return message(
        _binary(kinesis["data"]),
        id=record["eventID"],
        source=_source(config, "stream", str(record.get("eventSourceARN", "")).rpartition("/")[2]),
        type="fnctl.stream.record",
        subject=kinesis["partitionKey"],
        time=timestamp(float(arrived)) if arrived else None,
        native=record,
    )


_READERS: dict[str, Callable[[Config, Native], Event]] = {"queue": _queue, "topic": _topic, "bucket": _bucket, "table": _table, "stream": _stream}


def _bus(config: Config, native: Native) -> Event:
    detail, about = native.get("detail"), next(iter(native.get("resources") or ()), None)
    if is_cloudevent(detail):
        return from_structured(detail, transport=native.get("id"), native=native)
    if native["source"] == "aws.s3" and isinstance(detail, dict) and any(trigger["kind"] == "bucket" for trigger in config["triggers"]):
        return _bucket_over_bus(config, native, detail)
    if native["detail-type"] == "Scheduled Event":
        return _schedule(config, {"schedule": (about or "").rpartition("/")[2], "time": native.get("time")}, native)
    return Event(native.get("id", ""), native["source"], native["detail-type"], detail, subject=about, time=native.get("time"), native=native)


def _bucket_over_bus(config: Config, native: Native, detail: Native) -> Event:
    entry = detail["object"]
    facts = {"key": entry["key"], "size": entry.get("size"), "etag": entry.get("etag"), "version": entry.get("version-id")}
    return _object(config, detail["bucket"]["name"], facts, entry.get("sequencer"), native["detail-type"], native.get("time"), native)


def _schedule(config: Config, facts: Native, native: Native) -> Event:
    """Read what our schedules send. Its id is name and due time: the same for every attempt at one occasion."""
    source = _source(config, "schedule", str(facts["schedule"]))
    key, due = source.rpartition("/")[2], str(facts.get("time") or "")
    if not due or due.startswith("<"):  # a stand-in that does not fill in Scheduler's placeholders
        due = timestamp(time.time() // 60 * 60)
    execution = str(facts.get("id") or "<")
    extensions = {} if execution.startswith("<") else {"executionid": execution}
    data = facts.get("input", {"schedule": key, "time": due})
    return Event(f"{key}@{due}", source, "fnctl.schedule", data, subject=key, time=due, extensions=extensions, native=native)

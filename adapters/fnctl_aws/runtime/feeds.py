"""The events of topics, buckets, tables, streams and buses: read only in a function that listens to one of these."""

from __future__ import annotations

from fnctl_aws.runtime.shapes import carried, schedule, source
from fnctl_runtime.event import Event, from_structured, is_cloudevent, message
from fnctl_runtime.logs import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Native: TypeAlias = Mapping[str, Any]
    Config: TypeAlias = Mapping[str, Any]


def _topic(config: Config, record: Native) -> Event:
    sns = record["Sns"]
    home = source(config, "topic", str(sns.get("TopicArn", "")).rpartition(":")[2])
    return message(
        sns["Message"],
        id=sns["MessageId"],
        source=home,
        type="fnctl.topic.message",
        subject=sns.get("Subject"),
        time=sns.get("Timestamp"),
        extensions=carried(sns.get("MessageAttributes"), "Value"),
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
    return Event(identity, source(config, "bucket", bucket), f"fnctl.bucket.{what}", data, subject=facts["key"], time=at, native=native)


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
        source(config, "table", _table_name(str(record.get("eventSourceARN", "")))),
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
        source=source(config, "stream", str(record.get("eventSourceARN", "")).rpartition("/")[2]),
        type="fnctl.stream.record",
        subject=kinesis["partitionKey"],
        time=timestamp(float(arrived)) if arrived else None,
        native=record,
    )


def bus(config: Config, native: Native) -> Event:
    """Read an EventBridge event: a CloudEvent in `detail` as itself, what S3 and schedules send as their kind, all else by its own names."""
    detail, about = native.get("detail"), next(iter(native.get("resources") or ()), None)
    if is_cloudevent(detail):
        return from_structured(detail, transport=native.get("id"), native=native)
    if native["source"] == "aws.s3" and isinstance(detail, dict) and any(trigger["kind"] == "bucket" for trigger in config["triggers"]):
        return _bucket_over_bus(config, native, detail)
    if native["detail-type"] == "Scheduled Event":
        return schedule(config, {"schedule": (about or "").rpartition("/")[2], "time": native.get("time")}, native)
    return Event(native.get("id", ""), native["source"], native["detail-type"], detail, subject=about, time=native.get("time"), native=native)


def _bucket_over_bus(config: Config, native: Native, detail: Native) -> Event:
    entry = detail["object"]
    facts = {"key": entry["key"], "size": entry.get("size"), "etag": entry.get("etag"), "version": entry.get("version-id")}
    return _object(config, detail["bucket"]["name"], facts, entry.get("sequencer"), native["detail-type"], native.get("time"), native)


READERS: dict[str, Callable[[Config, Native], Event]] = {"topic": _topic, "bucket": _bucket, "table": _table, "stream": _stream}

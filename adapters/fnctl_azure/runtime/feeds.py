"""The events of Service Bus, Event Grid, Event Hubs and Cosmos DB: read only in an app whose functions listen to one of these."""

from __future__ import annotations

import json

from fnctl_azure.runtime.context import attempt
from fnctl_azure.runtime.shapes import source, when
from fnctl_runtime.event import Event, from_structured, is_cloudevent, message
from fnctl_runtime.logs import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    Config: TypeAlias = Mapping[str, Any]

_OWN = ("_rid", "_self", "_etag", "_attachments", "_ts", "_lsn")
"""What Cosmos DB adds to every document."""

_CARRIED = ("traceparent", "tracestate", "correlationid", "causationid")


def service_bus(config: Config, door: Config, native: Any) -> Event:
    """Read a message of a queue, or of a topic's subscription. Its own properties may carry a trace."""
    topic = door["kind"] == "topic"
    properties: Mapping[str, Any] = native.application_properties or native.user_properties or {}
    return message(
        native.get_body(),
        id=native.message_id,
        source=source(config, door),
        type="fnctl.topic.message" if topic else "fnctl.queue.message",
        subject=native.session_id or ((native.subject or native.label) if topic else None),
        time=when(native.enqueued_time_utc),
        extensions=_carried(properties),
        attempt=native.delivery_count or 1,
        native=native,
    )


def _carried(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: properties[name] for name in _CARRIED if properties.get(name)}


def bucket(config: Config, door: Config, native: Mapping[str, Any]) -> Event:
    """Read what Event Grid says of a blob, in either of its schemas. `subject` is `/blobServices/default/containers/NAME/blobs/KEY`."""
    container, _, key = str(native.get("subject", "")).partition("/containers/")[2].partition("/blobs/")
    about: Mapping[str, Any] = native.get("data") or {}
    etag, sequencer = str(about.get("eTag") or "").strip('"') or None, about.get("sequencer")  # with quotes in newer events, without in older ones
    word = str(native.get("type") or native.get("eventType"))
    what = "created" if word.endswith("BlobCreated") else "deleted" if word.endswith("BlobDeleted") else "changed"
    identity = f"{container}/{key}@{sequencer or etag or native.get('id')}"
    data = {"bucket": container, "key": key, "size": about.get("contentLength"), "etag": etag, "version": about.get("blobVersion")}
    moment = native.get("time") or native.get("eventTime")
    return Event(identity, source(config, door), f"fnctl.bucket.{what}", data, subject=key, time=moment, native=native)


def bus(config: Config, door: Config, native: Mapping[str, Any]) -> Event:
    """Read an event of a custom topic: a CloudEvent as itself, one of Event Grid's own schema by its names."""
    if is_cloudevent(native):
        return from_structured(native, native=native)
    home, data = native.get("topic") or source(config, door), native.get("data")
    if is_cloudevent(data):
        return from_structured(data, transport=native.get("id"), native=native)
    return Event(str(native["id"]), home, str(native["eventType"]), data, subject=native.get("subject"), time=native.get("eventTime"), native=native)


def stream(config: Config, door: Config, native: Any, context: Any) -> list[Event]:
    """Read a batch of Event Hubs: an id is partition and sequence number. Each record carries what the host says of all, so it is read once."""
    about: Mapping[str, Any] = (native[0].metadata if native else None) or {}
    partition = _read(about.get("PartitionContext") or {}).get("PartitionId", "")
    properties = dict(enumerate(_read(about.get("PropertiesArray") or [])))
    return [
        message(
            record.get_body(),
            id=f"{partition}:{record.sequence_number}",
            source=source(config, door),
            type="fnctl.stream.record",
            subject=record.partition_key,
            time=when(record.enqueued_time),
            extensions=_carried(properties.get(index) or {}),
            attempt=attempt(context),
            native=record,
        )
        for index, record in enumerate(native)
    ]


def _read(about: Any) -> Any:
    return json.loads(about) if isinstance(about, str) else about


def table(config: Config, door: Config, native: Any, context: Any) -> list[Event]:
    """Read a batch of the change feed. It has the new state only, and does not say whether that was an insert."""
    return [_change(config, door, document, context) for document in native]


def _change(config: Config, door: Config, document: Mapping[str, Any], context: Any) -> Event:
    keys = {name: document.get(name) for name in door["keys"]}
    data = {"change": "modify", "keys": keys, "new": {name: value for name, value in document.items() if name not in _OWN}, "old": None}
    moment = document.get("_ts")
    return Event(
        f"{document.get('id')}@{str(document.get('_etag', '')).strip(chr(34))}",
        source(config, door),
        "fnctl.table.changed",
        data,
        subject="/".join(str(keys[name]) for name in sorted(keys)),
        time=timestamp(float(moment)) if moment else None,
        attempt=attempt(context),
        native=document,
    )

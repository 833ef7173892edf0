"""CloudEvents 1.0 as JSON, read and written, and events that lead to others. Apart from `event`, since most starts do without it."""

from __future__ import annotations

from base64 import b64decode, b64encode
from time import time

from fnctl_runtime.invocation import trace
from fnctl_runtime.logs import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_CORE = frozenset({"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data", "data_base64"})


def well_formed(value: Mapping[str, Any]) -> bool:
    """Tell whether an object that says to be a CloudEvent is one. A sender's mistake must not cost the rest of a batch: it stays a message."""
    if "data_base64" in value and not _is_base64(value["data_base64"]):
        return False
    return all(isinstance(value.get(name), str) and value[name] for name in ("id", "source", "type"))


def _is_base64(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(b64decode(value, validate=True)) >= 0
    except ValueError:
        return False


def attributes(value: Mapping[str, Any], transport: str | None) -> dict[str, Any]:
    """Give what an Event is made of. `transport` is the id that the carrier gave the message."""
    extensions = {name: item for name, item in value.items() if name not in _CORE}
    if transport is not None:
        extensions.setdefault("transportid", transport)
    data = b64decode(value["data_base64"]) if "data_base64" in value else value.get("data")
    named = {name: value.get(name) for name in ("id", "source", "type", "subject", "time")}
    media = {"datacontenttype": value["datacontenttype"]} if value.get("datacontenttype") else {}
    return {**named, **media, "data": data, "extensions": extensions}


def written(event: Any) -> dict[str, Any]:
    """Give the structured form of an Event."""
    head: dict[str, Any] = {"specversion": "1.0", "id": event.id, "source": event.source, "type": event.type}
    optional = {"subject": event.subject, "time": event.time}
    head.update({name: value for name, value in optional.items() if value is not None})
    binary = isinstance(event.data, (bytes, bytearray))
    data = {"data_base64": b64encode(event.data).decode()} if binary else {"data": event.data}
    extensions: dict[str, Any] = event.extensions
    return {**head, **extensions, "datacontenttype": event.datacontenttype, **data}


def following(cause: Any, type: str, name: str) -> dict[str, Any]:  # noqa: A002  # the attribute's name in the CloudEvents specification
    """Give id, time and extensions of the event that another leads to."""
    from uuid import NAMESPACE_URL, uuid5

    carried = {key: value for key, value in trace().items() if key != "x-correlation-id"}
    chain = {"correlationid": cause.extensions.get("correlationid") or cause.id, "causationid": cause.id}
    identity = str(uuid5(NAMESPACE_URL, "\n".join((cause.source, cause.id, type, name))))
    return {"id": identity, "time": timestamp(time()), "extensions": chain | carried}

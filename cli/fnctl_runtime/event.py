"""The event that a handler meets: CloudEvents 1.0 attributes, decoded data, and the platform's own message untouched."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeGuard

JSON_TYPE = "application/json"


class Event:
    """One thing that happened.

    Attributes:
        id: with `source` unique to the event, and the same when it is delivered again.
        source: `/SERVICE/KIND/KEY` of the trigger, or the sender's own word when the message was a CloudEvent.
        type: `fnctl.queue.message`, `fnctl.schedule`, ... or the sender's own.
        data: decoded JSON, text, or bytes.
        subject: what it is about: an object's key, a partition, a message group. None where there is nothing of the kind.
        time: when it happened, RFC 3339 in UTC; None where the platform does not say.
        datacontenttype: media type of `data` before it was decoded.
        extensions: further CloudEvents attributes such as `traceparent` or `correlationid`.
        attempt: 1 for the first delivery, as far as the platform counts.
        native: what the platform handed over.
    """

    __slots__ = ("attempt", "data", "datacontenttype", "extensions", "id", "native", "source", "subject", "time", "type")

    def __init__(
        self,
        id: str,  # noqa: A002  # the attribute's name in the CloudEvents specification
        source: str,
        type: str,  # noqa: A002
        data: Any = None,
        *,
        subject: str | None = None,
        time: str | None = None,
        datacontenttype: str = JSON_TYPE,
        extensions: Mapping[str, Any] | None = None,
        attempt: int = 1,
        native: Any = None,
    ) -> None:
        self.id = id
        self.source = source
        self.type = type
        self.data = data
        self.subject = subject
        self.time = time
        self.datacontenttype = datacontenttype
        self.extensions: dict[str, Any] = dict(extensions or {})
        self.attempt = attempt
        self.native = native

    def __repr__(self) -> str:
        return f"Event(id={self.id!r}, source={self.source!r}, type={self.type!r})"

    def to_dict(self) -> dict[str, Any]:
        """Give the structured JSON form of CloudEvents 1.0: what to send when this event is to arrive elsewhere as itself."""
        from fnctl_runtime.structured import written

        return written(self)

    def follow(
        self,
        type: str,  # noqa: A002
        data: Any = None,
        *,
        source: str | None = None,
        name: str = "",
        subject: str | None = None,
    ) -> Event:
        """Make the event that this one leads to: send its `to_dict()`.

        Its id is derived from this event's, so that handling a redelivery sends the same event again and whoever gets it can tell. `name` keeps
        two events of one type apart. `causationid` is this event's id, `correlationid` is that of the whole chain, and the trace goes along.
        """
        from fnctl_runtime.structured import following

        return Event(source=source or self.source, type=type, data=data, subject=subject, **following(self, type, name))


def is_cloudevent(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether a decoded message is a structured CloudEvent of version 1."""
    if not isinstance(value, dict) or value.get("specversion") != "1.0":
        return False
    from fnctl_runtime.structured import well_formed

    return well_formed(value)


def from_structured(value: Mapping[str, Any], *, transport: str | None = None, attempt: int = 1, native: Any = None) -> Event:
    """Read a structured CloudEvent. `transport` is the id that the carrier gave the message: kept as the extension `transportid`."""
    from fnctl_runtime.structured import attributes

    return Event(**attributes(value, transport), attempt=attempt, native=native)


def decode(body: str | bytes) -> tuple[Any, str]:
    """Turn a message body into data and its media type: JSON where it parses, else text, else the bytes."""
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        return body, "application/octet-stream"
    try:
        return json.loads(text), JSON_TYPE
    except ValueError:
        return text, "text/plain"


def message(
    body: str | bytes,
    *,
    id: str,  # noqa: A002
    source: str,
    type: str,  # noqa: A002
    subject: str | None = None,
    time: str | None = None,
    extensions: Mapping[str, Any] | None = None,
    attempt: int = 1,
    native: Any = None,
) -> Event:
    """Make the event of a broker's message. A body that is itself a CloudEvent is delivered as such: its id is the one from end to end.

    `extensions` are those that the carrier knows, such as a `traceparent` among the message's attributes; a CloudEvent's own win.
    """
    data, media = decode(body)
    if is_cloudevent(data):
        event = from_structured(data, transport=id, attempt=attempt, native=native)
        event.extensions = {**(extensions or {}), **event.extensions}
        return event
    return Event(id, source, type, data, subject=subject, time=time, datacontenttype=media, extensions=extensions, attempt=attempt, native=native)

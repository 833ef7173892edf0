"""Queue messages and timers, read as CloudEvents: what `azure.functions` hands over, 2026.

The other kinds are in `feeds`: what is imported is paid for at each cold start.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone

from fnctl_azure.runtime.context import attempt
from fnctl_runtime.event import Event, message
from fnctl_runtime.logs import timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    Config: TypeAlias = Mapping[str, Any]

EARLY = 30.0
"""Seconds: a timer may fire a moment before its time; a due time further ahead is the next one, not this one."""


def source(config: Config, door: Config) -> str:
    """Give `/SERVICE/KIND/KEY` of a trigger."""
    return f"/{config['service']}/{door['kind']}/{door['key']}"


def when(moment: datetime | None) -> str | None:
    """Write the library's time as RFC 3339; it means UTC where it says nothing."""
    if moment is None:
        return None
    return timestamp((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())  # noqa: UP017  # datetime.UTC is of 3.11


def queue(config: Config, door: Config, native: Any) -> Event:
    """Read a message of a Storage queue."""
    return message(
        native.get_body(),
        id=native.id,
        source=source(config, door),
        type="fnctl.queue.message",
        time=when(native.insertion_time),
        attempt=native.dequeue_count or 1,
        native=native,
    )


def schedule(config: Config, door: Config, native: Any, context: Any) -> Event:
    """Read a timer. Its id is name and due time: the same for every attempt at one occasion."""
    key, due = door["key"], _due(native.schedule_status, time.time())
    data = door["data"] if door.get("data") is not None else {"schedule": key, "time": due}
    return Event(f"{key}@{due}", source(config, door), "fnctl.schedule", data, subject=key, time=due, attempt=attempt(context), native=native)


def _due(status: Mapping[str, Any], now: float) -> str:
    """Give the time that a timer is due: the host knows it as `Next` until the call is over; else it is this minute."""
    said = status.get("Next") or ""
    try:
        due = datetime.fromisoformat(said.replace("Z", "+00:00"))
    except ValueError:
        return _minute(now)
    due = due if due.tzinfo else due.replace(tzinfo=timezone.utc)  # noqa: UP017
    passed = due.year > 1 and due.timestamp() <= now + EARLY
    return _seconds(due.timestamp()) if passed else _minute(now)


def _minute(now: float) -> str:
    return _seconds(now // 60 * 60)


def _seconds(moment: float) -> str:
    """Write a due time in whole seconds, as other platforms do."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))

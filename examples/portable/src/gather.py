"""A whole batch in one call. The answer names what failed; an exception would be for all of them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnctl_runtime import Event


def handler(events: list[Event]) -> list[Event]:
    for event in events:
        logging.info("received", extra={"event": event.to_dict(), "attempt": event.attempt})
    return [event for event in events if "poison" in str(event.data)]

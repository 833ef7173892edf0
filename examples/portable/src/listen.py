"""Events, one a call: whatever the platform, a CloudEvent comes in. An exception sends this one back, and no other."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fnctl_runtime import Event


def handler(event: Event) -> None:
    logging.info("received", extra={"event": event.to_dict(), "attempt": event.attempt})
    if "poison" in str(event.data):
        raise ValueError("this one is not to be had")

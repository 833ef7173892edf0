"""The schedule: counts the orders and logs the number."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import stores

if TYPE_CHECKING:
    from fnctl_runtime import Event

log = logging.getLogger("orders")


def handler(event: Event) -> dict[str, int]:
    count = stores.count()
    log.info("counted", extra={"orders": count, "due": event.time})
    return {"orders": count}

"""The queue worker: one call a message. An exception sends that message back to the queue, and after three times to the dead-letter queue."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec
import stores
from src.order import Job, sign

if TYPE_CHECKING:
    from fnctl_runtime import Event


def handler(event: Event) -> None:
    job = msgspec.convert(event.data, type=Job)
    if not hmac.compare_digest(job.signature, sign(job.id, job.order)):
        raise PermissionError(f"the signature of order {job.id} is not ours")
    stores.save({"id": job.id, "sku": job.order.sku, "quantity": job.order.quantity})

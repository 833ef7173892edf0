"""What Vercel's own Queues client says to the stand-in; runs in a Python of its own, with the address, a token and a deployment as arguments."""

from __future__ import annotations

import json
import sys
from typing import Any

from vercel.queue.sync import QueueClient  # type: ignore[import-not-found]  # of the other Python  # pyright: ignore


def main(address: str, token: str, deployment: str) -> dict[str, Any]:
    """Send, poll, fail, hold and settle; return what was met."""
    client = QueueClient(token=token, region="iad1", base_url=address, deployment=deployment)
    first = client.send("work", {"n": 1}, idempotency_key="once")
    again = client.send("work", {"n": 1}, idempotency_key="once")
    client.send("work", {"n": 2})
    met: list[Any] = []
    for delivery in client.poll("work", "readers", limit=10, lease_duration=60):
        with delivery as message:
            met.append([message.payload, message.metadata.delivery_count, message.metadata.topic])
    others = list(client.poll("work", "others", limit=10, lease_duration=60))
    return {"same": first == again, "met": met, "left": len(list(client.poll("work", "readers", limit=10))), "others": len(others)}


sys.stdout.write(json.dumps(main(*sys.argv[1:])))

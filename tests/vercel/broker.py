"""Runs Vercel's own local Queues (vercel-queue's embedded server) for a test, in a Python of its own; commands come line by line as JSON.

`{"do": "push", "topic", "consumer"}` answers with the next delivery, or null; `{"do": "later", "seconds"}` moves the broker's clock. The first line
that it prints is its address.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import timedelta
from typing import Any

from vercel.queue.devserver import embedded_queue_dev_server  # type: ignore[import-not-found]  # of the other Python  # pyright: ignore


def answer(server: Any, command: dict[str, Any]) -> Any:
    """Do what a line says."""
    if command["do"] == "later":
        server.state.now += timedelta(seconds=command["seconds"])
        return True
    delivery = server.app.server.push_delivery(command["topic"], command["consumer"], deployment=command.get("deployment"))
    return delivery and {"headers": dict(delivery.headers), "body": base64.b64encode(delivery.body).decode()}


def say(value: Any) -> None:
    """Write a line at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    with embedded_queue_dev_server(manual_clock=True) as server:
        say(server.base_url)
        for line in sys.stdin:
            say(answer(server, json.loads(line)))


main()

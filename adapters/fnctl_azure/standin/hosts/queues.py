"""The trigger of Storage queues: takes messages, calls the function for each, removes what is done and puts aside what is poison."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC
from functools import partial

from fnctl_azure.standin.hosts import inputs, storage
from fnctl_azure.standin.hosts.app import App, Ask, Stopped, span
from fnctl_azure.standin.hosts.model import Account, Found
from fnctl_azure.standin.hosts.storage import Message, Unreachable

HIDDEN = 600.0
"""Seconds that a message which is worked on stays unseen; the host renews it, and nothing here works that long."""

FIRST, SLOWEST = 0.1, 1.0
"""Seconds between two looks: doubled while there is nothing, as the host does, which goes up to a minute."""

REASON = "New queue message detected on '{}'."


def listen(app: App, found: Found, account: Callable[[str], Account | None], stop: threading.Event) -> None:
    """Serve one function until `stop`."""
    queue, connection = str(found.trigger["queueName"]), str(found.trigger.get("connection") or "")
    said, pause = "", FIRST
    size = _number(app, "batchSize", 16)
    with ThreadPoolExecutor(size, thread_name_prefix=f"queue-{queue}") as pool:
        while not stop.wait(pause):
            place = storage.named(account, app.settings, connection, "queue")
            words, taken = _taken(place, queue, connection, size)
            if words and words != said:
                app.say(words, "Error", "Host.Triggers.Queues", found.name)
            said, pause = words, FIRST if taken else min(SLOWEST, pause * 2)
            if place is not None:
                # The next look waits for all of a batch: more at once would need the host's own count of what is under way.
                list(pool.map(partial(_one, app, found, place, queue), taken))


def _taken(place: Account | None, queue: str, connection: str, size: int) -> tuple[str, list[Message]]:
    if place is None:
        return f"The connection '{connection}' of the queue '{queue}' names no storage account of this sandbox", []
    try:
        return "", storage.take(place, queue, size, HIDDEN)
    except Unreachable as error:
        return ("" if error.status == 404 else str(error)), []


def _number(app: App, name: str, default: int) -> int:
    return max(1, min(32, int(app.setting("extensions", "queues", name) or default)))


def _one(app: App, found: Found, place: Account, queue: str, message: Message) -> None:
    """Call the function for one message. A queue or a sandbox that goes away in the midst of it leaves the message to whoever comes."""
    with suppress(Unreachable, Stopped):
        content = _content(app, message.text)
        if content is None:
            app.say(f"A message of '{queue}' is not base64, as host.json's messageEncoding wants it", "Error", "Host.Triggers.Queues", found.name)
            _aside(app, place, queue, message)
            return
        about = asdict(message) | {"next": message.next.astimezone(UTC), "receipt": message.receipt}
        data, metadata = inputs.queue(found, about, content)
        outcome = app.run(found.name, Ask(data, metadata, reason=REASON.format(queue)))
        if outcome.status == "Success":
            storage.done(place, queue, message)
        elif message.count >= int(app.setting("extensions", "queues", "maxDequeueCount") or 5):
            _aside(app, place, queue, message)
        else:
            storage.leave(place, queue, message, span(str(app.setting("extensions", "queues", "visibilityTimeout") or 0)))


def _content(app: App, text: str) -> bytes | None:
    if str(app.setting("extensions", "queues", "messageEncoding") or "base64").lower() == "none":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _aside(app: App, place: Account, queue: str, message: Message) -> None:
    """Put a message into the poison queue; one of a poison queue is only removed."""
    poison = f"{queue}-poison"
    if not queue.endswith("-poison"):
        storage.put(place, poison, message.text)
        app.say(f"Message has reached MaxDequeueCount of {message.count}. Moving message to queue '{poison}'.", "Warning", "Host.Triggers.Queues")
    storage.done(place, queue, message)

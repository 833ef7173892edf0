"""Event Grid for the blobs of this machine, whose emulator tells nobody: containers are listed again and again, and what differs is an event."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import quote

from fnctl_azure.standin.hosts import grid, storage
from fnctl_azure.standin.hosts.app import App, Stopped
from fnctl_azure.standin.hosts.model import Account, Subscription
from fnctl_azure.standin.hosts.storage import Blob, Unreachable

EVERY = 0.4
"""Seconds between two listings."""

CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"
HOME = "/blobServices/default/containers/"
FIRST, SLOWEST = 1.0, 60.0
"""Seconds before an event that failed is delivered again: doubled each time; the platform begins with ten."""

_SEQUENCE = count(1)


@dataclass
class _Watch:
    """A subscription, what it has seen, and how its thread ends."""

    told: Subscription
    seen: dict[tuple[str, str], Blob] | None = None
    stop: threading.Event = field(default_factory=threading.Event)


class Watcher:
    """The event subscriptions on storage accounts, by the id of each."""

    def __init__(self, app: Callable[[str], App | None], account: Callable[[str], Account | None]) -> None:
        self._app = app
        self._account = account
        self._watches: dict[str, _Watch] = {}
        self._lock = threading.Lock()

    def subscribe(self, identity: str, subscription: Subscription) -> None:
        """Watch from now on; one of the same id is replaced. What lies there already is no event."""
        self.unsubscribe(identity)
        watch = _Watch(subscription, self._looked(subscription))
        with self._lock:
            self._watches[identity] = watch
        threading.Thread(target=self._run, args=(watch,), daemon=True, name=f"watch-{subscription.function}").start()

    def unsubscribe(self, identity: str) -> None:
        """Watch no longer."""
        with self._lock:
            watch = self._watches.pop(identity, None)
        if watch is not None:
            watch.stop.set()

    def close(self) -> None:
        """Watch nothing."""
        for identity in list(self._watches):
            self.unsubscribe(identity)

    def _run(self, watch: _Watch) -> None:
        while not watch.stop.wait(EVERY):
            now = self._looked(watch.told)
            if now is None:
                continue
            for event in _events(watch.told, watch.seen or {}, now, known=watch.seen is not None):
                thread = threading.Thread(target=self._deliver, args=(watch, event), daemon=True, name=f"event-{watch.told.function}")
                thread.start()
            watch.seen = now

    def _looked(self, told: Subscription) -> dict[tuple[str, str], Blob] | None:
        """List what a subscription is about; None while its account does not answer."""
        account = self._account(told.account)
        if account is None:
            return None
        try:
            container, slash, prefix = told.begins.removeprefix(HOME).partition("/")
            names = [container] if told.begins.startswith(HOME) and slash else storage.containers(account)
            inner = prefix.removeprefix("blobs/") if slash else ""
            return {(name, blob.name): blob for name in names for blob in storage.blobs(account, name, inner)}
        except Unreachable:
            return None

    def _deliver(self, watch: _Watch, event: Mapping[str, Any]) -> None:
        """Deliver an event, again and again as the platform does, until the function has done with it or nobody wants it."""
        pause = FIRST
        for _ in range(max(1, watch.told.attempts)):
            app = self._app(watch.told.app)
            with suppress(Stopped):
                if app is not None and watch.told.function in app.functions and grid.deliver(app, watch.told.function, event):
                    return
            if watch.stop.wait(pause):
                return
            pause = min(SLOWEST, pause * 2)
        if app := self._app(watch.told.app):
            words = f"An event was dropped after {watch.told.attempts} deliveries: {event['subject']}"
            app.say(words, "Error", "Microsoft.EventGrid", watch.told.function)


def _events(
    told: Subscription, before: Mapping[tuple[str, str], Blob], now: Mapping[tuple[str, str], Blob], *, known: bool
) -> Iterator[dict[str, Any]]:
    if not known:
        return
    account = told.account
    for place, blob in now.items():
        if place not in before or before[place].etag != blob.etag:
            yield from _event(told, CREATED, place, account, blob)
    for place in before.keys() - now.keys():
        yield from _event(told, DELETED, place, account, before[place])


def _event(told: Subscription, kind: str, place: tuple[str, str], account: str, blob: Blob) -> Iterator[dict[str, Any]]:
    """Yield the platform's event of one change, in the subscription's schema, if it is one that is asked for."""
    container, name = place
    subject = f"{HOME}{container}/blobs/{name}"
    if kind not in told.types or not subject.startswith(told.begins) or not subject.endswith(told.ends):
        return
    request = str(uuid.uuid4())
    about = {"contentLength": blob.size, "eTag": blob.etag} if kind == CREATED else {}
    data = {
        "api": "PutBlob" if kind == CREATED else "DeleteBlob",
        "clientRequestId": request,
        "requestId": request,
        **about,
        "contentType": blob.type,
        "blobType": blob.kind,
        "url": f"https://{account}.blob.core.windows.net/{container}/{quote(name)}",
        "sequencer": f"{next(_SEQUENCE):048x}",
        "storageDiagnostics": {"batchId": request},
    }
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    if told.cloudevents:
        yield {"specversion": "1.0", "id": request, "source": told.topic, "type": kind, "subject": subject, "time": moment, "data": data}
        return
    yield {
        "topic": told.topic,
        "subject": subject,
        "eventType": kind,
        "eventTime": moment,
        "id": request,
        "data": data,
        "dataVersion": "",
        "metadataVersion": "1",
    }

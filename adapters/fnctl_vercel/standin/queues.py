"""Vercel Queues: topics of a deployment, consumer groups with a copy of each message, leases, retries; pushed to functions, or polled.

vercel.com/docs/queues/concepts, 2026-06-30, and the local server in PyPI vercel-queue 0.10.0.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from fnctl_vercel.standin.account import Account, Deployment
from fnctl_vercel.standin.web import Request

LOOK_SECONDS = 0.1
LEASE, RETRY = 300, 60
"""Seconds: how long a pushed message is held, and until it comes again where its consumer does not say."""
RETENTION, LEAST, MOST = 86_400, 60, 604_800
VISIBILITY = 3_600
ANNOUNCED = 4 * 1024 * 1024
"""Bytes above which only the news of a message is pushed."""
REGION = "iad1"


@dataclass
class Group:
    """A message as one consumer group sees it."""

    visible: float
    count: int = 0
    lease: str = ""
    busy: bool = False
    done: bool = False


@dataclass
class Message:
    """One message; `deployment` is the partition."""

    id: str
    topic: str
    deployment: str
    body: bytes
    media: str
    created: float
    expires: float
    available: float
    carried: Mapping[str, str]
    key: str = ""
    groups: dict[str, Group] = field(default_factory=dict)

    def of(self, consumer: str) -> Group:
        """How a group stands to it."""
        return self.groups.setdefault(consumer, Group(self.available))


@dataclass(frozen=True)
class Consumer:
    """A function that is subscribed: its trigger in `.vc-config.json`."""

    function: str
    topic: str
    name: str
    retry: int
    delay: int
    most: int | None
    together: int | None

    def takes(self, topic: str) -> bool:
        """`*` at the end of a topic stands for any rest."""
        return re.fullmatch(self.topic.replace("*", "[A-Za-z0-9_-]*"), topic) is not None


Push: TypeAlias = Callable[[Deployment, str, Request], int]
"""Calls a function with a message; the status that it answered."""


@dataclass
class Queues:
    """Thread-safe. `push` calls functions; `ahead` is by how many seconds its clock was moved."""

    account: Account
    push: Push
    ahead: float = 0.0
    messages: list[Message] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self) -> None:
        """Deliver, from now on."""
        threading.Thread(target=self._deliver, daemon=True, name="queues").start()

    def now(self) -> float:
        """Seconds since 1970, by its own clock."""
        return time.time() + self.ahead

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self.messages.clear()
            self.ahead = 0.0

    def send(self, deployment: Deployment, topic: str, request: Request) -> Message:
        """Keep a message. Raises ValueError for what the service refuses."""
        retention = number(request.header("vqs-retention-seconds"), RETENTION, LEAST, MOST, "Vqs-Retention-Seconds")
        delay = number(request.header("vqs-delay-seconds"), 0, 0, MOST, "Vqs-Delay-Seconds")
        key, now = request.header("vqs-idempotency-key"), self.now()
        carried = {name: request.header(name) for name in ("traceparent", "tracestate") if request.header(name)}
        carried |= {name.lower(): value for name, value in request.pairs if name.lower().startswith("ce-")}
        partition = request.header("vqs-deployment-id") or deployment.id
        with self._lock:
            for known in self.messages if key else ():
                if (known.key, known.topic, known.deployment) == (key, topic, partition):
                    return known
            media = request.header("content-type") or "application/octet-stream"
            message = Message(
                secrets.token_hex(16), topic, partition, request.body, media, now, now + retention, now + min(delay, retention), carried, key
            )
            self.messages.append(message)
        return message

    def take(self, topic: str, consumer: str, partition: str | None, limit: int, seconds: int) -> list[tuple[Message, str]]:
        """Lease up to `limit` messages to a consumer that polls."""
        found: list[tuple[Message, str]] = []
        with self._lock:
            for message in self._live():
                group = message.of(consumer)
                fits = message.topic == topic and partition in (None, message.deployment)
                if fits and not group.done and group.visible <= self.now() and len(found) < limit:
                    found.append((message, self._leased(message, group, seconds)))
        return found

    def named(self, topic: str, name: str) -> Message | None:
        """A message by its id."""
        return next((one for one in self._live() if one.topic == topic and one.id == name), None)

    def lease(self, topic: str, consumer: str, handle: str) -> Group | None:
        """Who holds this handle; None where it is unknown, or its time is over."""
        with self._lock:
            for message in self._live():
                group = message.groups.get(consumer)
                if message.topic == topic and group is not None and group.lease == handle and not group.done and group.visible > self.now():
                    return group
        return None

    def _leased(self, message: Message, group: Group, seconds: float) -> str:
        group.count += 1
        group.visible = self.now() + seconds
        group.lease = f"rh_{secrets.token_hex(4)}:{message.id}:{group.count}"
        return group.lease

    def leased(self, message: Message, consumer: str, seconds: float) -> str:
        """Lease one message; return its handle."""
        with self._lock:
            return self._leased(message, message.of(consumer), seconds)

    def _live(self) -> Iterator[Message]:
        with self._lock:
            now = self.now()
            self.messages = [one for one in self.messages if one.expires > now and one.deployment in self.account.deployments]
            return iter(list(self.messages))

    def _deliver(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> list[threading.Thread]:
        """Push what is due, each message in a thread of its own."""
        due = [
            (deployment, message, consumer)
            for message in self._live()
            if (deployment := self.account.deployments.get(message.deployment)) is not None
            for consumer in consumers(deployment)
            if consumer.takes(message.topic)
        ]
        return [thread for one in due if (thread := self._offer(*one)) is not None]

    def _offer(self, deployment: Deployment, message: Message, consumer: Consumer) -> threading.Thread | None:
        with self._lock:
            group = message.of(consumer.name)
            if not group.count and consumer.delay and group.visible == message.available:
                group.visible = message.available + consumer.delay
            if group.done or group.busy or group.visible > self.now():
                return None
            busy = sum(one.groups[consumer.name].busy for one in self.messages if consumer.name in one.groups)
            if consumer.together is not None and busy >= consumer.together:
                return None
            group.busy = True
            handle = self._leased(message, group, LEASE)
        work = (deployment, message, consumer, group, handle)
        thread = threading.Thread(target=self._pushed, args=work, daemon=True, name=f"push-{message.id}")
        thread.start()
        return thread

    def _pushed(self, deployment: Deployment, message: Message, consumer: Consumer, group: Group, handle: str) -> None:
        status = self.push(deployment, consumer.function, _request(message, consumer, group, handle))
        with self._lock:
            group.busy = False
            if status // 100 == 2 or (consumer.most is not None and group.count >= consumer.most):
                group.done = True
            elif not group.done and group.lease == handle:
                group.visible = self.now() + consumer.retry


def consumers(deployment: Deployment) -> Iterator[Consumer]:
    """The functions of a deployment that are subscribed to topics."""
    for function, config in (deployment.build.functions if deployment.build else {}).items():
        for one in config.get("experimentalTriggers") or ():
            if str(one["type"]).startswith("queue/"):
                retry, delay = int(one.get("retryAfterSeconds") or RETRY), int(one.get("initialDelaySeconds") or 0)
                yield Consumer(function, one["topic"], one["consumer"], retry, delay, one.get("maxDeliveries"), one.get("maxConcurrency"))


def _request(message: Message, consumer: Consumer, group: Group, handle: str) -> Request:
    whole = len(message.body) <= ANNOUNCED
    said = {
        "ce-specversion": "1.0",
        "ce-type": "com.vercel.queue.v2beta",
        "ce-source": f"/topic/{message.topic}/consumer/{consumer.name}",
        "ce-id": message.id,
        "ce-vqsqueuename": message.topic,
        "ce-vqsconsumergroup": consumer.name,
        "ce-vqsmessageid": message.id,
        **({"ce-vqsreceipthandle": handle} if whole else {}),
        "ce-vqsdeliverycount": str(group.count),
        "ce-vqscreatedat": stamp(message.created),
        "ce-vqsexpiresat": stamp(message.expires),
        "ce-vqsvisibilitydeadline": stamp(group.visible),
        "ce-vqsregion": REGION,
        "content-type": message.media,
    }
    if not whole:
        group.visible = 0.0  # it is fetched by its id, with a lease of its own
    return Request("POST", f"/{consumer.function}", tuple({**message.carried, **said}.items()), message.body if whole else b"")


def stamp(seconds: float) -> str:
    """RFC 3339, in milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(text: str, default: int, low: int, high: int, name: str) -> int:
    """Read a number of seconds or messages; "" is the default. Raises ValueError."""
    if not text:
        return default
    if not text.isdigit() or not low <= int(text) <= high:
        message = f"{name} must be between {low} and {high}"
        raise ValueError(message)
    return int(text)


def facts(queues: Queues) -> list[dict[str, Any]]:
    """What is there, for a test."""
    return [
        {
            "id": one.id,
            "topic": one.topic,
            "deployment": one.deployment,
            "body": one.body.decode("utf-8", "replace"),
            "groups": {name: {"count": group.count, "done": group.done, "busy": group.busy} for name, group in one.groups.items()},
        }
        for one in queues.messages
    ]

"""The HTTP API of Queues: `/api/v3/topic/...`, to send, to poll, to settle and to hold."""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass
from urllib.parse import unquote

from fnctl_vercel.standin.account import Deployment
from fnctl_vercel.standin.queues import LEASE, VISIBILITY, Message, Queues, number, stamp
from fnctl_vercel.standin.web import Answer, Request, said

PREFIX = "/api/v3/topic/"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LEASE = "vqs-visibility-timeout-seconds"


@dataclass(frozen=True)
class _Place:
    """What a path names: a topic, a consumer, and a message's id or a lease's handle."""

    topic: str
    consumer: str = ""
    what: str = ""
    name: str = ""


def answer(queues: Queues, request: Request) -> Answer:
    """Answer one call. The token is a deployment's: what it sends and reads is that deployment's."""
    token = request.header("authorization").partition(" ")[2]
    sender = next((one for one in queues.account.deployments.values() if secrets.compare_digest(one.oidc, token)), None)
    if sender is None:
        return said({"error": "Unauthorized"}, 401)
    place = _place(request)
    if place is None:
        return said({"error": "Not found"}, 404)
    try:
        return _answered(queues, request, place, sender)
    except ValueError as error:
        return said({"error": str(error)}, 400)


def _place(request: Request) -> _Place | None:
    parts = [unquote(part) for part in request.target.partition("?")[0].removeprefix(PREFIX).split("/")]
    match parts:
        case [topic]:
            found = _Place(topic)
        case [topic, "consumer", consumer]:
            found = _Place(topic, consumer, "poll")
        case [topic, "consumer", consumer, ("id" | "lease") as what, name]:
            found = _Place(topic, consumer, what, name)
        case [topic, "consumer", consumer, "lease", name, "visibility"]:
            found = _Place(topic, consumer, "lease", name)
        case _:
            return None
    return found if _NAME.fullmatch(found.topic) and (not found.consumer or _NAME.fullmatch(found.consumer)) else None


def _answered(queues: Queues, request: Request, place: _Place, sender: Deployment) -> Answer:
    match request.method, place.what:
        case "POST", "":
            message = queues.send(sender, place.topic, request)
            return said({"messageId": message.id}, 201, (("vqs-message-id", message.id),))
        case "POST", "poll":
            limit = number(request.header("vqs-max-messages"), 1, 1, 10, "Vqs-Max-Messages")
            partition = request.header("vqs-deployment-id") or sender.id
            taken = queues.take(place.topic, place.consumer, partition, limit, _seconds(request))
            return _parts(request, taken, place.consumer) if taken else Answer(204)
        case "POST", "id":
            return _one(queues, request, place)
        case (("DELETE" | "PATCH"), "lease"):
            return _held(queues, request, place)
        case _:
            return said({"error": "Not found"}, 404)


def _seconds(request: Request) -> int:
    return number(request.header(_LEASE), LEASE, 0, VISIBILITY, "Vqs-Visibility-Timeout-Seconds")


def _one(queues: Queues, request: Request, place: _Place) -> Answer:
    message = queues.named(place.topic, place.name)
    if message is None:
        return said({"error": "Message not found"}, 404)
    group = message.of(place.consumer)
    if group.done:
        return Answer(410)
    if group.visible > queues.now():
        left = max(1, int(group.visible - queues.now()))
        return said({"error": "Message is locked by another consumer"}, 409, (("retry-after", str(left)),))
    again = group.busy  # it was announced: this is the same delivery
    handle = queues.leased(message, place.consumer, _seconds(request))
    group.count -= again
    return _parts(request, [(message, handle)], place.consumer)


def _held(queues: Queues, request: Request, place: _Place) -> Answer:
    group = queues.lease(place.topic, place.consumer, place.name)
    if group is None:
        return said({"error": "Message not found, or its lease is over"}, 404)
    if request.method == "DELETE":
        group.done = True
        return Answer(204)
    wanted = json.loads(request.body or b"{}").get("visibilityTimeoutSeconds")
    if not isinstance(wanted, int) or not 0 <= wanted <= VISIBILITY:
        return said({"error": "Invalid visibilityTimeoutSeconds"}, 400)
    group.visible = queues.now() + wanted
    return said({"success": True})


def _parts(request: Request, taken: list[tuple[Message, str]], consumer: str) -> Answer:
    if "x-ndjson" in request.header("accept"):
        lines = [json.dumps(_line(message, handle, consumer)).encode() + b"\n" for message, handle in taken]
        return Answer(200, b"".join(lines), (("content-type", "application/x-ndjson"),))
    boundary = secrets.token_hex(12)
    body = b"".join(_part(message, handle, consumer, boundary) for message, handle in taken) + f"--{boundary}--\r\n".encode()
    return Answer(200, body, (("content-type", f"multipart/mixed; boundary={boundary}"),))


def _line(message: Message, handle: str, consumer: str) -> dict[str, object]:
    return {
        "messageId": message.id,
        "receiptHandle": handle,
        "deliveryCount": message.of(consumer).count,
        "timestamp": stamp(message.created),
        "expiresAt": stamp(message.expires),
        "contentType": message.media,
        "body": base64.b64encode(message.body).decode(),
    }


def _part(message: Message, handle: str, consumer: str, boundary: str) -> bytes:
    fields = {
        "Content-Type": message.media,
        "Vqs-Message-Id": message.id,
        "Vqs-Receipt-Handle": handle,
        "Vqs-Delivery-Count": str(message.of(consumer).count),
        "Vqs-Timestamp": stamp(message.created),
        "Vqs-Expires-At": stamp(message.expires),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"--{boundary}\r\n{head}\r\n".encode() + message.body + b"\r\n"

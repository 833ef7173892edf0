"""Speaking to Vercel Queues about one delivery: settle it, hold it longer, fetch what was too large to be pushed, and send."""

from __future__ import annotations

import json
import os
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_TIMEOUT = 10.0  # seconds
_ATTEMPTS = 3
_OIDC = "x-vercel-oidc-token"


class QueueError(Exception):
    """Queues did not do as asked; the message has its own words and no token."""


class Delivery:
    """One delivery of one message to one consumer.

    Attributes:
        id: the message's, the same at every delivery.
        topic: its topic.
        count: 1 for the first delivery.
        body: what was sent.
        created: when it was sent, RFC 3339.
    """

    def __init__(self, headers: Mapping[str, str], body: bytes) -> None:
        self.id = headers["ce-vqsmessageid"]
        self.topic = headers["ce-vqsqueuename"]
        self.count = int(headers.get("ce-vqsdeliverycount", "1"))
        self.created = headers.get("ce-vqscreatedat")
        self.until = headers.get("ce-vqsvisibilitydeadline")
        self.body = body
        self._consumer = headers["ce-vqsconsumergroup"]
        self._handle = headers.get("ce-vqsreceipthandle", "")
        self._region = headers.get("ce-vqsregion") or os.environ.get("VERCEL_REGION", "iad1")
        self._token = os.environ.get("VERCEL_QUEUE_TOKEN") or headers.get(_OIDC) or os.environ.get("VERCEL_OIDC_TOKEN", "")

    @property
    def whole(self) -> bool:
        """Tell whether the message came along: of a large one only the news comes."""
        return bool(self._handle)

    def fetch(self) -> None:
        """Bring the message that was only announced."""
        headers, answer = self._ask("POST", self._place("id", self.id), {"Accept": "multipart/mixed", **_deployment()}, b"", (200,))
        part, self.body = _first_part(headers.get("content-type", ""), answer)
        self._handle = part["vqs-receipt-handle"]
        self.count = int(part.get("vqs-delivery-count", "1"))
        self.created = part.get("vqs-timestamp", self.created)

    def settle(self) -> None:
        """Say that it is done. One that is settled already, or whose time has run out, is no error."""
        self._ask("DELETE", self._place("lease", self._handle), {}, b"", (200, 202, 204, 404))

    def hold(self, seconds: int) -> None:
        """Keep it from other instances for this long, from now on."""
        said = json.dumps({"visibilityTimeoutSeconds": seconds}).encode()
        self._ask("PATCH", self._place("lease", self._handle), {"Content-Type": "application/json"}, said, (200, 202, 204))

    def forward(self, topic: str, media: str) -> None:
        """Send the same message to another topic; once, however often it is tried."""
        headers = {"Content-Type": media, "Vqs-Idempotency-Key": f"{self._consumer}:{self.id}", **_deployment()}
        self._ask("POST", f"/{quote(topic, safe='')}", headers, self.body, (200, 201, 202))

    def _place(self, what: str, name: str) -> str:
        parts = (self.topic, "consumer", self._consumer, what, name)
        return "".join(f"/{quote(part, safe='')}" for part in parts)

    def _ask(self, method: str, path: str, headers: dict[str, str], said: bytes, fine: tuple[int, ...]) -> tuple[dict[str, str], bytes]:
        if not self._token:
            message = "no token for Queues: the project's OIDC token is not in the request, and VERCEL_OIDC_TOKEN is not set"
            raise QueueError(message)
        url = urlsplit(os.environ.get("VERCEL_QUEUE_BASE_URL", "https://{region}.vercel-queue.com").format(region=self._region))
        trouble = ""
        for _ in range(_ATTEMPTS):
            try:
                status, found, answer = _send(url, method, f"{url.path.rstrip('/')}/api/v3/topic{path}", {**headers, **self._sign()}, said)
            except (OSError, HTTPException) as error:
                trouble = f"{type(error).__name__}: {error}"
                continue
            if status in fine:
                return found, answer
            trouble = f"{status} {answer[:200].decode('utf-8', 'replace')}"
            if status < 500 and status != 429:
                break
        message = f"{method} of message {self.id} failed: {trouble}"
        raise QueueError(message)

    def _sign(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


def _deployment() -> dict[str, str]:
    """Stay with this deployment's messages; the local broker of `vercel dev` knows none."""
    name = os.environ.get("VERCEL_DEPLOYMENT_ID", "")
    return {"Vqs-Deployment-Id": name} if name and os.environ.get("VERCEL_QUEUE_TOKEN") != "vc-dev-token" else {}  # its public name


def _send(url: Any, method: str, path: str, headers: dict[str, str], said: bytes) -> tuple[int, dict[str, str], bytes]:
    connection = (HTTPConnection if url.scheme == "http" else HTTPSConnection)(url.hostname or "", url.port, timeout=_TIMEOUT)
    try:
        connection.request(method, path, said, headers)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def _first_part(media: str, answer: bytes) -> tuple[dict[str, str], bytes]:
    """Take the first part of a multipart answer apart."""
    _, found, rest = media.partition("boundary=")
    boundary = rest.split(";")[0].strip().strip('"').encode()
    parts = (b"\r\n" + answer).split(b"\r\n--" + boundary)
    if not found or len(parts) < 3:
        message = "the answer of Queues holds no message"
        raise QueueError(message)
    head, _, content = parts[1].partition(b"\r\n\r\n")
    fields = (line.partition(":") for line in head.decode("latin-1").split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in fields}, content

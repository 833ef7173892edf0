"""What an application gets and gives over ASGI, and calling a handler beside other calls: what every interface needs.

Nothing here is of `fnctl_runtime.http`, which an instance for events does without: it is a quarter of what that would load.
"""

from __future__ import annotations

import asyncio
import inspect

from fnctl_runtime.answers import written
from fnctl_runtime.invocation import left
from fnctl_vercel.runtime.context import REQUEST_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    from fnctl_vercel.runtime.context import Receive, Send

    Answer: TypeAlias = tuple[int, bytes]
    """A status, and JSON or nothing."""

JSON = [("content-type", "application/json")]


class Asked:
    """A request that brings an event or a step.

    Attributes:
        method: in capitals.
        path: percent-decoded.
        headers: by name in small letters; repeated fields joined.
        body: the bytes.
        id: the platform's request id.
        native: what the platform handed over.
    """

    __slots__ = ("body", "headers", "id", "method", "native", "path")

    def __init__(self, scope: dict[str, Any], content: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[str, str] = {}
        for name, value in pairs(scope):
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        self.body = content
        self.id = self.headers.get(REQUEST_ID, "")
        self.native = scope


async def call(handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call a handler without holding up other calls: a coroutine on the loop that is there, a plain function in a thread."""
    try:
        if inspect.iscoroutinefunction(handler):
            return await handler(*arguments)
        value = await asyncio.to_thread(handler, *arguments)
        return await value if hasattr(value, "__await__") else value
    except SystemExit as error:
        raise left(error) from error


async def lifespan(receive: Receive, send: Send) -> None:
    """Answer for a handler that knows no lifespan."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def body(receive: Receive) -> bytes:
    """Read a whole body; no request here is over 4.5 MB."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def pairs(scope: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the header fields of a request."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]


def said(status: int, value: Any) -> Answer:
    """Make an answer of a value."""
    return status, written(value).encode()


def failed(request_id: str) -> Answer:
    """Answer for what failed: why is in the log, and no detail of it leaves."""
    return said(500, {"error": "internal server error", "request_id": request_id})


async def write(send: Send, status: int, content: bytes, headers: Iterable[tuple[str, str]]) -> None:
    """Send an answer whose length is known."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers if name != "content-length"]
    if status not in (204, 304):
        fields.append((b"content-length", str(len(content)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": content})

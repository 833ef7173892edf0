"""One request and its answer over ASGI, and calling a handler beside other calls: what every interface needs."""

from __future__ import annotations

import asyncio
import inspect

from fnctl_runtime.http import Request, Response
from fnctl_runtime.invocation import left
from fnctl_vercel.runtime.context import REQUEST_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fnctl_vercel.runtime.context import Receive, Send


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


def read(scope: dict[str, Any], content: bytes) -> Request:
    """Read a request."""
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    known = dict(headers)
    return Request(
        scope["method"],
        scope["path"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=content,
        id=known.get(REQUEST_ID, ""),
        client=known.get("x-forwarded-for", "").split(",")[0].strip(),
        native=scope,
    )


async def write(send: Send, response: Response) -> None:
    """Send an answer whose length is known."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers if name != "content-length"]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})

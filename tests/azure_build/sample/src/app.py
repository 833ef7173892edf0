"""An application whose startup fails once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

starts = 0


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    global starts
    if scope["type"] == "lifespan":
        await receive()
        starts += 1
        if starts == 1:
            await send({"type": "lifespan.startup.failed", "message": "not yet"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"start {starts}".encode()})

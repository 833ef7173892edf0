"""An ASGI application's startup, once per worker: the loop is the worker's and runs already, so the first request waits for it."""

from __future__ import annotations

import asyncio

from fnctl_runtime import asgi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Once:
    """Starts an application when it is first asked for; requests that come meanwhile wait for the same start."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._starting: asyncio.Task[asgi.Lifespan] | None = None

    async def state(self) -> Mapping[str, Any]:
        """Give the lifespan's state. A startup that fails fails its requests, and the next one tries again."""
        if self._starting is None or (self._starting.done() and self._starting.exception()):
            self._starting = asyncio.ensure_future(asgi.started(self._app))
        return (await asyncio.shield(self._starting)).state

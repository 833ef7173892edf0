"""Running an ASGI application on one buffered request at a time, its lifespan started once per environment."""

from __future__ import annotations

import asyncio
import logging

from fnctl_runtime.http import Response
from fnctl_runtime.invocation import left, loop, wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_runtime.http import Request

    Scope: TypeAlias = dict[str, Any]
    Message: TypeAlias = dict[str, Any]
    App: TypeAlias = Callable[[Scope, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

log = logging.getLogger("fnctl")
_VERSIONS = {"version": "3.0", "spec_version": "2.4"}
_PATIENCE = 2.0  # seconds for a shutdown: platforms give a function about that when they end it


class ProtocolError(RuntimeError):
    """The application broke the ASGI protocol, for instance by ending without an answer."""


class Lifespan:
    """An application's startup and shutdown. One that knows no lifespan is left alone."""

    def __init__(self, app: App) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._done = {"startup": asyncio.Event(), "shutdown": asyncio.Event()}
        self._failure: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until the application has started. Raises ProtocolError with its own words when it says that it could not."""
        self._inbox.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.ensure_future(self._run())
        await self._done["startup"].wait()
        if self._failure is not None:
            message = f"the application's startup failed: {self._failure}"
            raise ProtocolError(message)

    async def stop(self) -> None:
        """Tell the application to shut down, and wait a little for it."""
        if self._task is None or self._task.done():
            return
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        await asyncio.wait([self._task], timeout=_PATIENCE)
        self._task.cancel()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": _VERSIONS, "state": self.state}
        try:
            await self._app(scope, self._inbox.get, self._send)
        except Exception:
            # Before startup is done this is how an application says that it knows no lifespan; a failed startup has been announced.
            if self._done["startup"].is_set() and self._failure is None:
                raise
        finally:
            self._done["startup"].set()

    async def _send(self, message: Message) -> None:
        kind, _, outcome = message["type"].removeprefix("lifespan.").partition(".")
        if kind == "startup" and outcome == "failed":
            self._failure = message.get("message") or "no reason given"
        self._done[kind].set()


class _Exchange:
    """One request and its answer: `receive` and `send` of the protocol."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._read = False
        self._complete = asyncio.Event()
        self._chunks: list[bytes] = []
        self.response: Response | None = None

    async def receive(self) -> Message:
        """Give the body once; after that, wait for the answer to be complete and say that the client has gone."""
        if not self._read:
            self._read = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await self._complete.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take one part of the answer."""
        if message["type"] == "http.response.start":
            self._start(message)
        elif message["type"] == "http.response.body":
            self._body(message)
        else:
            error = f"{message['type']!r} is not a message that an HTTP answer consists of"
            raise ProtocolError(error)

    def _start(self, message: Message) -> None:
        if self.response is not None:
            error = "the answer was started twice"
            raise ProtocolError(error)
        headers = [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in message.get("headers", ())]
        self.response = Response(None, message["status"], headers)

    def _body(self, message: Message) -> None:
        if self.response is None:
            error = "a body came before the start of the answer"
            raise ProtocolError(error)
        if self.complete:
            error = "a body came after the end of the answer"
            raise ProtocolError(error)
        self._chunks.append(bytes(message.get("body", b"")))
        if not message.get("more_body", False):
            self._complete.set()

    @property
    def complete(self) -> bool:
        """Tell whether the last part of the answer has been sent."""
        return self._complete.is_set()

    def close(self) -> Response:
        """Give the whole answer. Raises ProtocolError when there is none."""
        if self.response is None or not self.complete:
            error = "the application ended without a complete answer"
            raise ProtocolError(error)
        self.response.body = b"".join(self._chunks)
        return self.response


def start(app: App) -> Lifespan:
    """Run the application's startup on this environment's event loop, and its shutdown when the process ends in order."""
    import atexit

    lifespan = loop().run_until_complete(started(app))
    atexit.register(_end, lifespan)
    return lifespan


async def started(app: App) -> Lifespan:
    """Run the application's startup on the loop that runs."""
    lifespan = Lifespan(app)
    await lifespan.start()
    return lifespan


def _end(lifespan: Lifespan) -> None:
    loop().run_until_complete(lifespan.stop())
    loop().close()


def run(app: App, request: Request, state: Mapping[str, Any], extra: Mapping[str, Any]) -> Response:
    """Answer one request. Background work that the application does after its answer is finished first: the platform freezes us afterwards."""
    return wait(answer(app, request, state, extra))


async def answer(app: App, request: Request, state: Mapping[str, Any], extra: Mapping[str, Any]) -> Response:
    """Answer one request on the loop that runs, beside others."""
    exchange = _Exchange(request)
    try:
        await app({**scope(request), "state": dict(state), **extra}, exchange.receive, exchange.send)
    except Exception:
        if not exchange.complete:
            raise
        # Frameworks answer with their own page first and raise then, for the server to log.
        log.exception("request failed", extra={"method": request.method, "path": request.path})
    except SystemExit as error:
        raise left(error) from error
    return exchange.close()


def scope(request: Request) -> Scope:
    """Describe a request as ASGI does: names and values as bytes, the path decoded, `raw_path` as it was sent."""
    host, _, port = request.headers.get("host", "localhost").rpartition(":")
    if not host or not port.isdigit():
        host, port = request.headers.get("host", "localhost"), "443" if request.scheme == "https" else "80"
    return {
        "type": "http",
        "asgi": _VERSIONS,
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.raw_path.encode("ascii", "replace"),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in request.headers.pairs()],
        "client": (request.client, 0) if request.client else None,
        "server": (host, int(port)),
    }

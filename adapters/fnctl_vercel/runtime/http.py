"""HTTP on Vercel: an ASGI application for every interface, served by Vercel's own runtime."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext

from fnctl_runtime.http import BadRequest, Request, Response, answer, failed, refused
from fnctl_runtime.routes import match
from fnctl_vercel.runtime.context import REQUEST_ID, begin
from fnctl_vercel.runtime.exchange import body, call, lifespan, pairs, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any, TypeAlias

    from fnctl_vercel.runtime.context import App, Receive, Send

    Scope: TypeAlias = dict[str, Any]
    Config: TypeAlias = Mapping[str, Any]

log = logging.getLogger("fnctl")


def bind(handler: Any, config: Config, spans: Any = None) -> App:
    """Make the application for a handler of interface `function`, `asgi` or `wsgi`; `spans` is `fnctl_runtime.otel` where calls are traced."""
    if config["interface"] == "asgi":
        return _asgi(handler, config, spans)
    respond = _function(handler) if config["interface"] == "function" else _wsgi(handler)
    respond = _traced(respond, config, spans) if spans else respond
    routes = [(method, path) for method, path in config["routes"]]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        request = _read(scope, await body(receive))
        begin(config, request.headers, correlation_id=request.headers.get("x-correlation-id"))
        await _write(send, await _guarded(respond, request, config, routes))

    return app


def _read(scope: Scope, content: bytes) -> Request:
    headers = pairs(scope)
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


async def _write(send: Send, response: Response) -> None:
    await write(send, response.status, response.body, response.headers)


async def _guarded(respond: Callable[[Request], Awaitable[Response]], request: Request, config: Config, routes: list[tuple[str, str]]) -> Response:
    try:
        _refuse_events(config, request)
        found = match(routes, request.method, request.path) if routes else {}
        if found is None and config["interface"] == "function":
            return Response({"error": "not found"}, 404)
        request.path_params.update(found or {})
        return await respond(request)
    except BadRequest as error:
        return refused(error)
    except Exception:
        log.exception("request failed", extra={"method": request.method, "path": request.path})
        return failed(request.id)


def _traced(respond: Callable[[Request], Awaitable[Response]], config: Config, spans: Any) -> Callable[[Request], Awaitable[Response]]:
    async def traced(request: Request) -> Response:
        with spans.serving(request, _route_of(config, request)) as span:
            response = await respond(request)
            spans.answered(span, response.status)
            return response

    return traced


def _route_of(config: Config, request: Request) -> str | None:
    """Give the manifest's path that a request came by, where it is certain: a function may have several."""
    fits = [path for method, path in config["routes"] if match([(method, path)], request.method, request.path) is not None]
    return fits[0] if len(fits) == 1 else None


def _refuse_events(config: Config, request: Request) -> None:
    kind = config["trigger"]["kind"] if config["trigger"] else "schedule" if request.path in config["crons"] else None
    if kind:
        message = f"{config['function']} is of interface `{config['interface']}`, and was sent an event ({kind})"
        raise TypeError(message)


def _function(handler: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        return answer(await call(handler, request))

    return respond


def _wsgi(app: Any) -> Callable[[Request], Awaitable[Response]]:
    from fnctl_runtime import wsgi

    def run(request: Request) -> Response:
        return wsgi.run(app, request, {"wsgi.multithread": True})

    return lambda request: asyncio.to_thread(run, request)


def _asgi(inner: Any, config: Config, spans: Any) -> App:
    """Hand everything on as it comes, streams as well; only an answer to an exception before the first byte is ours."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        status = 0

        async def noted(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        request = _read(scope, b"")
        begin(config, request.headers, correlation_id=request.headers.get("x-correlation-id"))
        try:
            _refuse_events(config, request)
            with spans.serving(request, _route_of(config, request)) if spans else nullcontext() as span:
                await inner(scope, receive, noted)
                if spans:
                    spans.answered(span, status)
        except Exception:
            if status:
                raise
            log.exception("request failed", extra={"method": request.method, "path": request.path})
            await _write(send, failed(request.id))

    return app

"""HTTP on Azure: the library's request in, its response out. The host has no stage in its paths, and its `api` prefix is off."""

from __future__ import annotations

import logging
from urllib.parse import unquote, urlsplit

import azure.functions as func

from fnctl_azure.runtime.calling import in_thread, on_loop
from fnctl_azure.runtime.context import begin
from fnctl_runtime.http import BadRequest, Request, Response, answer, failed, refused
from fnctl_runtime.routes import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from typing import Any, TypeAlias

    Config: TypeAlias = Mapping[str, Any]
    Handle: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, func.HttpResponse]]
    Answer: TypeAlias = Callable[[Request, Any], Awaitable[Response]]

log = logging.getLogger("fnctl")


def bind(handler: Any, config: Config, door: Config, *, waiting: bool) -> Handle:
    """Make what the worker calls for a handler of interface `function`, `asgi` or `wsgi`."""
    respond = _RESPONDERS[config["interface"]](handler, waiting=waiting)
    routes = [(method, path) for method, path in config["routes"]]

    async def handle(trigger: func.HttpRequest, context: Any) -> func.HttpResponse:
        request = read(trigger, context.invocation_id, routes)
        if door["kind"] == "invoke":
            request.path = request.raw_path = "/"
        begin(context, config["function"], request.headers, correlation_id=request.headers.get("x-correlation-id"))
        return write(await _guarded(respond, request, context))

    return handle


async def _guarded(respond: Answer, request: Request, context: Any) -> Response:
    try:
        return await respond(request, context)
    except BadRequest as error:
        return refused(error)
    except Exception:
        log.exception("request failed", extra={"method": request.method, "path": request.path})
        return failed(request.id)


def _function(handler: Callable[[Request], Any], *, waiting: bool) -> Answer:
    call = on_loop if waiting else in_thread

    async def respond(request: Request, _context: Any) -> Response:
        return answer(await call(handler, request))

    return respond


def _asgi(app: Any, *, waiting: bool) -> Answer:
    del waiting  # an ASGI application always is
    from fnctl_azure.runtime.lifespan import Once
    from fnctl_runtime import asgi

    once = Once(app)

    async def respond(request: Request, context: Any) -> Response:
        state = await once.state()
        return await asgi.answer(app, request, state, {"azure.request": request.native, "azure.context": context})

    return respond


def _wsgi(app: Any, *, waiting: bool) -> Answer:
    del waiting  # a WSGI application never is
    from fnctl_runtime import wsgi

    async def respond(request: Request, context: Any) -> Response:
        return wsgi.run(app, request, {"azure.request": request.native, "azure.context": context})

    return respond


_RESPONDERS: dict[str, Callable[..., Answer]] = {"function": _function, "asgi": _asgi, "wsgi": _wsgi}


def read(native: func.HttpRequest, request_id: str, routes: list[tuple[str, str]]) -> Request:
    """Read a request. The path is as it was sent; what the route's parts hold is read from it, so that all platforms decode alike."""
    address = urlsplit(native.url)
    raw = address.path or "/"
    path = unquote(raw)
    headers = [(name, restored(value) if name == "cookie" else value) for name, value in native.headers.items()]
    return Request(
        native.method,
        path,
        raw_path=raw,
        query_string=address.query,
        path_params=match(routes, native.method, path) or dict(native.route_params),
        headers=headers,
        body=native.get_body(),
        id=request_id,
        client=_client(native.headers),
        native=native,
    )


_SIGNS = "%(?:2[1346-9ABF]|3[AC-F]|40|5[BDE]|60|7[BCD]|25(?![0-9A-F]{2}))"
"""Signs that a cookie may hold as they are, the percent sign itself where it begins no other: the host encoded them on the way out."""


def restored(header: str) -> str:
    """Put cookies as a browser does, and their values as they were set, so that a signed one is still the same.

    The host joins those of several headers by commas (azure-functions-host#9505).
    """
    import re

    apart = re.sub(r",\s*(?=[^\s;,=]+=)", "; ", header)
    return re.sub(_SIGNS, lambda found: chr(int(found[0][1:], 16)), apart, flags=re.IGNORECASE) if "%" in apart else apart


def _client(headers: Mapping[str, str]) -> str:
    """Give the caller's address: the front end writes `ADDRESS:PORT, ...`."""
    first = headers.get("x-forwarded-for", "").split(",")[0].strip()
    host, colon, port = first.rpartition(":")
    return (host if colon and port.isdigit() and (host.count(":") == 0 or host.startswith("[")) else first).strip("[]")


def write(response: Response) -> func.HttpResponse:
    """Write an answer. The library has one value a name, and a place of its own for cookies."""
    joined: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in response.headers:
        if name == "set-cookie":
            cookies.append(value)
        else:
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
    made = func.HttpResponse(response.body, status_code=response.status, headers=joined, mimetype=joined.get("content-type"))
    for cookie in cookies:
        made.headers.add("Set-Cookie", _cookie(cookie))
    return made


def _cookie(text: str) -> str:
    """Write a cookie so that the library, which takes it apart, and the worker, which reads one form of dates only, lose nothing of it."""
    from email.utils import format_datetime, parsedate_to_datetime
    from http.cookies import CookieError, SimpleCookie

    pair, *attributes = text.split(";")
    name, _, value = pair.strip().partition("=")
    jar = SimpleCookie()
    try:
        jar[name] = plain(value)
        for attribute in attributes:
            word, _, said = attribute.strip().partition("=")
            if word.lower() in jar[name]:
                jar[name][word.lower()] = said or True
        if jar[name]["expires"]:
            jar[name]["expires"] = format_datetime(parsedate_to_datetime(str(jar[name]["expires"])), usegmt=True)
    except (CookieError, ValueError):
        return text
    return jar[name].OutputString()


def plain(value: str) -> str:
    """Decode a value once. The host percent-encodes values: what is encoded already would be so twice (azure-functions-python-worker#1794)."""
    bare = value.removeprefix('"').removesuffix('"')
    found = unquote(bare)
    whole = all(len(part) > 1 and set(part[:2]) <= _HEX for part in bare.split("%")[1:]) and "\ufffd" not in found
    return found if whole else bare


_HEX = frozenset("0123456789abcdefABCDEF")

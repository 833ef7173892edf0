"""Plain loopback URLs for HTTP APIs and function URLs, whose real host names do not resolve on this machine; and the sandbox's control endpoint."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote

from fnctl.standins.serving import bind, write_json

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """An HTTP request as the emulator's data plane wants it: names in lower case, repeated fields joined."""

    method: str
    path: str
    raw_path: str
    query: str
    headers: dict[str, str]
    body: bytes
    client: str

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The query, decoded."""
        return parse_qs(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Response:
    """What goes back; a field given as a list is sent once for each item."""

    status: int
    headers: dict[str, str | list[str]]
    body: bytes = b""


Route: TypeAlias = Callable[[str, Request], Awaitable[Response | None]]
"""Answers a request to an API's own host name; None when nothing is deployed under it."""


@dataclass
class Front:
    """One name's port, and the host name that it stands for. `host` changes with a new API, the port stays."""

    port: int
    host: str

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://127.0.0.1:{self.port}"


class Fronts:
    """The open fronts. `listen` serves an application on a socket for as long as the sandbox lives; ports are kept in `notes`."""

    def __init__(self, route: Route, listen: Callable[[App, socket.socket], None], notes: Path) -> None:
        self._route = route
        self._listen = listen
        self._notes = notes
        self._open: dict[str, Front] = {}

    def put(self, name: str, host: str) -> Front:
        """Open a front, or point the one of this name at another host."""
        front = self._open.get(name)
        if front is None:
            ports = self._ports()
            sock = bind(ports.get(name, 0))
            front = self._open[name] = Front(sock.getsockname()[1], host)
            self._keep(ports | {name: front.port})
            self._listen(http(lambda request: self._answer(front, request)), sock)
        front.host = host
        return front

    def remove(self, name: str) -> bool:
        """Point it at nothing; its port stays, and says so."""
        front = self._open.get(name)
        if front is not None:
            front.host = ""
        return front is not None

    def listing(self) -> dict[str, dict[str, str]]:
        """Name to URL and host."""
        return {name: {"url": front.url, "host": front.host} for name, front in self._open.items() if front.host}

    async def _answer(self, front: Front, request: Request) -> Response:
        answer = await self._route(front.host, _forwarded(request, front.port)) if front.host else None
        if answer is not None:
            return answer
        words = f"Nothing is deployed behind this URL now ({front.host or 'it was removed'}).\nDeploy again, or see: fnctl outputs\n"
        return Response(503, {"content-type": TEXT, "retry-after": "1"}, words.encode())

    def _ports(self) -> dict[str, int]:
        try:
            known: dict[str, int] = json.loads(self._notes.read_text())
        except (OSError, ValueError):
            return {}
        return known

    def _keep(self, ports: dict[str, int]) -> None:
        write_json(self._notes, ports)


def control(fronts: Fronts, identity: str) -> App:
    """GET /health answers with the sandbox's id; PUT /fronts/NAME {"host": ...} with {"url": ...}; GET /fronts; DELETE /fronts/NAME."""

    async def answer(request: Request) -> Response:
        head, _, name = request.path.strip("/").partition("/")
        if (request.method, head) == ("GET", "health"):
            return Response(200, {"content-type": TEXT}, identity.encode())
        if head != "fronts":
            return _said(404, "There is /health and /fronts/NAME")
        if request.method == "PUT" and name:
            return _put(fronts, name, request.body)
        if request.method == "DELETE" and name:
            return Response(204 if fronts.remove(name) else 404, {})
        return (
            Response(200, {"content-type": JSON}, json.dumps(fronts.listing()).encode())
            if request.method == "GET"
            else _said(405, "PUT, DELETE or GET")
        )

    return http(answer)


def _put(fronts: Fronts, name: str, body: bytes) -> Response:
    try:
        host = json.loads(body)["host"]
    except (ValueError, KeyError, TypeError):
        host = None
    if not isinstance(host, str) or not host:
        return _said(400, 'The body is {"host": "API.execute-api.localhost"}')
    return Response(200, {"content-type": JSON}, json.dumps({"url": fronts.put(name, host).url}).encode())


def _said(status: int, words: str) -> Response:
    return Response(status, {"content-type": JSON}, json.dumps({"message": words}).encode())


def _forwarded(request: Request, port: int) -> Request:
    """Name the caller, as a proxy does. The Host stays the caller's own, so that links made from it lead back here."""
    known = request.headers.get("x-forwarded-for")
    added = {
        "x-forwarded-for": f"{known}, {request.client}" if known else request.client,
        "x-forwarded-proto": request.headers.get("x-forwarded-proto", "http"),
        "x-forwarded-port": request.headers.get("x-forwarded-port", str(port)),
        "x-forwarded-host": request.headers.get("x-forwarded-host", request.headers.get("host", "")),
    }
    headers = {k: v for k, v in request.headers.items() if k not in _HOPS and k not in _hops(request.headers)}
    return Request(request.method, request.path, request.raw_path, request.query, headers | added, request.body, request.client)


_HOPS = frozenset({"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"})
"""They belong to one connection (RFC 9110, 7.6.1)."""


def _hops(headers: dict[str, str]) -> Iterable[str]:
    return {name.strip().lower() for name in headers.get("connection", "").split(",")}


def http(answer: Callable[[Request], Awaitable[Response]]) -> App:
    """An ASGI application from a function of requests."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif (body := await _body(receive)) is not None:
            response = await answer(_request(scope, body))
            await _respond(scope, response, send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    for _ in range(2):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})


async def _body(receive: Receive) -> bytes | None:
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _request(scope: Scope, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        name, text = key.decode("latin-1").lower(), value.decode("latin-1")
        headers[name] = f"{headers[name]}{'; ' if name == 'cookie' else ', '}{text}" if name in headers else text
    raw = (scope.get("raw_path") or b"").decode("latin-1") or scope["path"]
    path = unquote(raw.partition("?")[0])
    client = (scope.get("client") or ("127.0.0.1",))[0]
    return Request(scope["method"], path, raw.partition("?")[0], scope.get("query_string", b"").decode("latin-1"), headers, body, client)


async def _respond(scope: Scope, response: Response, send: Send) -> None:
    fields = [
        (n, v) for n, vs in response.headers.items() for v in (vs if isinstance(vs, list) else [vs]) if n.lower() not in _HOPS | {"content-length"}
    ]
    # A HEAD is answered with the length that a GET would have.
    headers = [(n.lower().encode("latin-1"), str(v).encode("utf-8")) for n, v in fields]
    if response.status not in (204, 304):
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})

"""The door of an app: one loopback port that routes, checks keys and answers as the Functions host behind Azure's front end does."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fnctl_azure.standin.hosts import admin, grid, messages, routes
from fnctl_azure.standin.hosts.app import App, Ask, Stopped
from fnctl_azure.standin.hosts.environment import IDENTITY
from fnctl_azure.standin.hosts.messages import Request, Response
from fnctl_azure.standin.hosts.model import Found, Keys
from fnctl_azure.standin.hosts.worker import Outcome

LONGEST = 230.0
"""Seconds that Azure's front end waits for an answer, on every plan."""

LARGEST = 210 * 1024 * 1024
LONGEST_TARGET = 8192
LONGEST_QUERY = 4096

HOME = b"<!DOCTYPE html><title>Azure Functions</title><h1>Your Functions 4.0 app is up and running</h1>\n"
NO_TOKENS = {
    "statusCode": 400,
    "message": "fnctl's sandbox has no identities, for an SDK sends no token over plain http. For blobs, queues and tables take the key "
    "of the account, AZURE_STORAGE_KEY, where it is set.",
}
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE")


def answer(app: App, keys: Keys, given: Request, patience: float = LONGEST) -> Response:
    """Answer one request to an app. `patience` is how many seconds its function may take."""
    if len(given.target) > LONGEST_TARGET or len(given.target.partition("?")[2]) > LONGEST_QUERY:
        return _text(414 if len(given.target) > LONGEST_TARGET else 404, "The request URL or its query string is too long.")
    head = given.path.strip("/").lower().split("/")
    if head[0] == "admin":
        return admin.answer(app, keys, given) if _opens(given, [keys.master]) else Response(401)
    if head[:2] == ["runtime", "webhooks"]:
        return grid.webhook(app, keys, given)
    if given.path == IDENTITY and given.header("x-identity-header"):
        return Response(400, (("Content-Type", messages.JSON),), json.dumps(NO_TOKENS).encode())
    try:
        return _routed(app, keys, given, patience)
    except Stopped:
        return _text(503, "Function host is not running.")


def _routed(app: App, keys: Keys, given: Request, patience: float) -> Response:
    if not app.published:
        return _text(503, "Function host is not running.")
    prefix = app.setting("extensions", "http", "routePrefix")
    found = route(app.functions, "api" if prefix is None else str(prefix), given)
    if found is None:
        at_home = given.path in ("", "/") and given.method in ("GET", "HEAD")
        return Response(200, (("Content-Type", "text/html; charset=utf-8"),), HOME) if at_home else Response(404)
    function, params = found
    if not _opens(given, _keys(function, keys)):
        return Response(401)
    told = messages.request(given, app.address.removeprefix("http://"), params, function.language)
    trace = given.header("traceparent")
    outcome = _patient(lambda: app.run(function.name, Ask(told, trace=trace)), patience)
    if outcome is None:
        return _text(504, f"504.0 GatewayTimeout: the function has not answered within {patience:g} seconds.")
    return messages.response(outcome.value) if outcome.status == "Success" else Response(500)


def _patient(run: Callable[[], Outcome], seconds: float) -> Outcome | None:
    """Wait as long as Azure's front end does: the function goes on, and nobody hears of it."""
    answer: Future[Outcome] = Future()

    def task() -> None:
        try:
            answer.set_result(run())
        except BaseException as error:  # noqa: BLE001  # it is raised again where somebody waits
            answer.set_exception(error)

    threading.Thread(target=task, daemon=True, name="request").start()
    try:
        return answer.result(seconds)
    except TimeoutError:
        return None


def route(functions: Mapping[str, Found], prefix: str, given: Request) -> tuple[Found, dict[str, str]] | None:
    """Return the function that a request is for, and the values of its path. Of several that fit, the one whose route says most."""
    doors = [(routes.route(template(found, prefix)), found) for found in functions.values() if found.kind == "httptrigger"]
    for one, found in sorted(doors, key=lambda door: door[0].rank):
        methods = [str(method).upper() for method in found.trigger.get("methods") or ()]
        if methods and given.method not in methods:
            continue
        values = routes.match(one, given.path)
        if values is not None:
            return found, values
    return None


def template(found: Found, prefix: str) -> str:
    """Return a function's whole route: its own, or its name, behind the app's prefix."""
    own = str(found.trigger.get("route") or found.name)
    return f"{prefix}/{own}".strip("/")


def _keys(function: Found, keys: Keys) -> list[str] | None:
    """Return what opens a function's door; None for one that is open."""
    level = str(function.trigger.get("authLevel") or "function").lower()
    if level == "anonymous":
        return None
    own = keys.own.get(function.name, {}).values() if level == "function" else ()
    shared = keys.functions.values() if level == "function" else ()
    return [keys.master, *shared, *own]


def _opens(given: Request, keys: list[str] | None) -> bool:
    said = given.header("x-functions-key") or given.query.get("code", "")
    return keys is None or any(hmac.compare_digest(said.encode(), key.encode()) for key in keys)


def _text(status: int, words: str) -> Response:
    return Response(status, (("Content-Type", messages.TEXT),), words.encode())


class Front:
    """A server on loopback, from its start to `close`."""

    def __init__(self, port: int, reply: Callable[[Request], Response]) -> None:
        handler = type("Handler", (_Handler,), {"reply": staticmethod(reply)})
        try:
            self._server = _Server(("127.0.0.1", port), handler)
        except OSError:
            self._server = _Server(("127.0.0.1", 0), handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name=f"front-{self.port}")
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two packets waits 40 ms for an acknowledgement
    reply: Callable[[Request], Response]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_") and name.removeprefix("do_") in VERBS:
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            return self._write(Response(413), self.command)
        given = Request(self.command, self.path, tuple(self.headers.items()), body)
        return self._write(type(self).reply(given), self.command)

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = int(self.headers.get("content-length") or 0)
        return None if length > LARGEST else self.rfile.read(length)

    def _chunks(self) -> bytes | None:
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            if len(body) + size > LARGEST:
                return None
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _write(self, response: Response, method: str) -> None:
        self.send_response_only(response.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Server", "Kestrel")
        for name, value in messages.joined(response.headers):
            self.send_header(name, value)
        if response.status not in (204, 304) and response.status >= 200:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if method != "HEAD" and response.status not in (204, 304):
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing: requests are in the app's log."""

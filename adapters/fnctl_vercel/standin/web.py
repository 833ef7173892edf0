"""HTTP for the stand-in: a request and an answer as values, and a threaded server on a socket that is bound already."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

JSON = "application/json; charset=utf-8"
Pairs: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """What came in. `pairs` are the header fields as they came, `target` is the path and query as they were sent."""

    method: str
    target: str
    pairs: Pairs
    body: bytes
    client: str = "127.0.0.1"

    @property
    def path(self) -> str:
        """Without the query, decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        """The last value of each name."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def header(self, name: str) -> str:
        """A field's values, joined; "" for none."""
        return ", ".join(value for key, value in self.pairs if key.lower() == name)


@dataclass(frozen=True)
class Answer:
    """What goes back. A body that is not bytes is sent piece by piece. `cut`: the connection is closed without a word."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    pairs: Pairs = ()
    cut: bool = False


@dataclass(frozen=True)
class Refused(Exception):
    """The API says no: `{"error": {"code", "message", ...}}`."""

    status: int
    code: str
    message: str
    more: Mapping[str, Any] = field(default_factory=dict)
    pairs: Pairs = ()

    def answer(self) -> Answer:
        """As the API words it."""
        return said({"error": {"code": self.code, "message": self.message, **self.more}}, self.status, self.pairs)


Serve: TypeAlias = Callable[[Request], Answer]


def said(value: object, status: int = 200, pairs: Pairs = ()) -> Answer:
    """Answer with JSON."""
    return Answer(status, json.dumps(value).encode(), (("content-type", JSON), *pairs))


def listen(sock: socket.socket, serve: Serve) -> ThreadingHTTPServer:
    """Serve on a bound socket, each connection in a thread of its own, until `shutdown`."""

    handler = type("Handler", (_Handler,), {"serve": staticmethod(serve)})
    server = _Server(sock.getsockname(), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = sock
    server.server_activate()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name=f"port-{sock.getsockname()[1]}").start()
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 75
    server_version, sys_version = "Vercel", ""
    serve: Serve

    def handle_any(self) -> None:
        answer = self.serve(Request(self.command, self.path, tuple(self.headers.items()), self._body(), str(self.client_address[0])))
        if answer.cut:
            self.close_connection = True
            return
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815  # the base class calls them so

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        pieces: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(pieces)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.pairs:
            self.send_header(name, value)
        bare = self.command == "HEAD" or answer.status in (204, 304)
        if bare and not isinstance(answer.body, bytes):
            getattr(answer.body, "close", lambda: None)()
            answer = replace(answer, body=b"")
        if isinstance(answer.body, bytes):
            if answer.status not in (204, 304) and not any(name.lower() == "content-length" for name, _ in answer.pairs):
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(b"" if bare else answer.body)
            self.wfile.flush()
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        self._stream(answer.body)

    def _stream(self, body: Iterable[bytes]) -> None:
        """Send pieces as they come. One that breaks off is not ended, so that nobody takes it for complete."""
        try:
            for piece in body:
                if piece:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
        except Exception:
            self.close_connection = True
            raise
        finally:
            getattr(body, "close", lambda: None)()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's word
        """The journal has it."""

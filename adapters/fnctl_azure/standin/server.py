"""Ports on loopback: every request becomes a Request, every answer goes out as it is, and both are written down."""

from __future__ import annotations

import json
import socket
import threading
import traceback
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from fnctl_azure.standin.wire import Answer, Refused, Request, refused

Serve = Callable[[Request], Answer]

LARGEST = 1 << 30


class Dropped(Exception):  # an answer, not a mishap
    """The connection ends here, without a word."""


class Port:
    """One port, from its start to `close`."""

    def __init__(self, serve: Serve, bound: socket.socket | None = None) -> None:
        handler = type("Handler", (_Handler,), {"serve": staticmethod(serve)})
        self._server = _Server(("127.0.0.1", 0), handler, bind_and_activate=bound is None)
        if bound is not None:
            self._server.socket.close()
            self._server.socket = bound
            self._server.server_address = bound.getsockname()
            self._server.server_activate()
        self.number: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True, name=f"port-{self.number}").start()

    @property
    def host(self) -> str:
        """host:port, as a Host header has it."""
        return f"127.0.0.1:{self.number}"

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
    serve: Serve

    def _any(self) -> None:
        path, _, query = self.path.partition("?")
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        # Somebody may have put TLS before us.
        base = f"{self.headers.get('x-forwarded-proto', 'http')}://{self.headers['Host']}"
        asked = Request(self.command, unquote(path), dict(parse_qsl(query, keep_blank_values=True)), headers, body, base)
        try:
            answer = type(self).serve(asked)
        except Refused as error:
            answer = Answer(error.status, error.body, error.headers)
        except Dropped:
            self.close_connection = True
            self.connection.close()
            return
        except Exception as error:  # noqa: BLE001  # the boundary: a fault of the stand-in is told to its caller and its log
            traceback.print_exc()
            said = refused(500, "InternalServerError", f"the sandbox failed: {type(error).__name__}: {error}")
            answer = Answer(said.status, said.body)
        self._write(answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_MERGE = _any  # noqa: N815  # the base's names

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            found = bytearray()
            while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return bytes(found)
        return self.rfile.read(min(int(self.headers.get("content-length") or 0), LARGEST))

    def _write(self, answer: Answer) -> None:
        body = b"" if answer.body is None else answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        headers = dict(answer.headers)
        known = {name.lower() for name in headers}
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        if body and "content-type" not in known:
            self.send_header("Content-Type", "text/plain" if isinstance(answer.body, bytes) else "application/json; charset=utf-8")
        for name in ("x-ms-request-id", "x-ms-correlation-request-id"):
            if name not in known:
                self.send_header(name, str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        if "content-length" not in known and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing: requests are written down elsewhere."""

"""What loopback proxies before a platform's endpoint have in common: a server, and how a caller is answered."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length"}

Answer: TypeAlias = tuple[int, list[tuple[str, str]], bytes]


class Server(ThreadingHTTPServer):
    """One thread a connection, and room for a whole pool of them to knock at once: a full backlog costs a second."""

    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a caller that was killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as it was given


class Passing(BaseHTTPRequestHandler):
    """Has the body of a request, and sends answers on; `handle_any` says which."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or an answer in two packets waits 40 ms for an acknowledgement
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return

    def handle_expect_100(self) -> bool:
        told = super().handle_expect_100()
        self.wfile.flush()  # else the SDK waits a second before it sends the body
        return told

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length") or 0))

    def handle_any(self) -> None: ...

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in NOT_FORWARDED:
                self.send_header(key, value)
        # A HEAD's length is that of the object, not of its empty body.
        length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
        self.send_header("content-length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def do_GET(self) -> None:  # the base class asks for these names
        self.handle_any()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815

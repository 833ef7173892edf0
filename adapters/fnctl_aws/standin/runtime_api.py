"""The Lambda Runtime API (2018-06-01) for one execution environment: hands an invocation to a runtime client, takes its answer."""

from __future__ import annotations

import http.server
import queue
import socketserver
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TypeAlias

RESPONSE_MODE = "Lambda-Runtime-Function-Response-Mode"


@dataclass(frozen=True)
class Invocation:
    """What the runtime client is asked to run. `seconds` is the function's timeout, counted from the moment it is taken."""

    id: str
    payload: bytes
    arn: str
    trace: str
    seconds: float


@dataclass(frozen=True)
class Ready:
    """The client asks for work: its init phase is over."""


@dataclass(frozen=True)
class Taken:
    """The client has the invocation."""

    id: str


@dataclass(frozen=True)
class InitError:
    """The handler could not be loaded."""

    body: bytes


@dataclass(frozen=True)
class Answer:
    """The function returned, or raised (`error`)."""

    id: str
    body: bytes
    error: bool
    streamed: bool


@dataclass(frozen=True)
class Exited:
    """The process is gone; negative for a signal."""

    code: int


Happening: TypeAlias = Ready | Taken | InitError | Answer | Exited


class RuntimeApi:
    """Listens on a loopback port of its own, which is all that a runtime client can be told."""

    def __init__(self, happenings: queue.SimpleQueue[Happening]) -> None:
        self.happenings = happenings
        self._work: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True, name="runtime-api")
        self._thread.start()

    @property
    def address(self) -> str:
        """`host:port`, the value of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def offer(self, invocation: Invocation) -> None:
        """Give it to the client as soon as the client asks."""
        self._work.put(invocation)

    def close(self) -> None:
        """Stop listening, and let a waiting client go."""
        self._work.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _next(self) -> Invocation | None:
        self.happenings.put(Ready())
        work = self._work.get()
        if work is not None:
            self.happenings.put(Taken(work.id))
        return work

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        api = self

        class Handler(_Exchange):
            def do_GET(self) -> None:
                if not self.path.endswith("/runtime/invocation/next"):
                    self.reply(404)
                    return
                work = api._next()
                if work is None:
                    self.reply(410)
                else:
                    self.reply(200, work.payload, _headers(work))

            def do_POST(self) -> None:
                body = self.body()
                happening = _happening(self.path, body, self.headers)
                self.reply(404 if happening is None else 202, b"{}")
                if happening is not None:
                    api.happenings.put(happening)

        return Handler


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed in the middle of a request is no event of its own: its exit is."""


class _Exchange(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, at once: two of them meet the other side's delayed acknowledgement, 40 ms each time.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        pass

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers: a streaming function reports a late error there
            pass
        return b"".join(chunks)


def _headers(work: Invocation) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": work.id,
        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + work.seconds) * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": work.arn,
        "Lambda-Runtime-Trace-Id": work.trace,
    }


def _happening(path: str, body: bytes, headers: Message) -> Happening | None:
    parts = path.split("/")
    if path.endswith("/runtime/init/error"):
        return InitError(body)
    if len(parts) > 2 and parts[-1] in ("response", "error"):
        return Answer(parts[-2], body, parts[-1] == "error", headers.get(RESPONSE_MODE, "").lower() == "streaming")
    return None

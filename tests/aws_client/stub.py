"""A loopback HTTP server that answers as a test says: refusals, resets, silence. And Lambda's strictest door: so many calls in any second."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What arrived; `at` in monotonic seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def operation(self) -> str:
        """The operation of a JSON-RPC or query service."""
        if "x-amz-target" in self.headers:
            return self.headers["x-amz-target"].rpartition(".")[2]
        return self.body.decode().partition("Action=")[2].partition("&")[0]


@dataclass(frozen=True)
class Answer:
    """`act`: send it, drop the connection after the request was read, or say nothing."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    act: str = "send"


RESET, SILENCE = Answer(act="reset"), Answer(act="silence")


def refusal(code: str, message: str, status: int = 400) -> Answer:
    """A JSON service's error."""
    body = json.dumps({"__type": code, "message": message, "Message": message, "Type": "User"}).encode()
    return Answer(status, body, {"x-amzn-ErrorType": code})


def xml_refusal(code: str, message: str, status: int = 400) -> Answer:
    """A query or S3 service's error."""
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    return Answer(
        status, f"<ErrorResponse><Error>{error}</Error><RequestId>1</RequestId>{error}</ErrorResponse>".encode(), {"content-type": "text/xml"}
    )


def s3_refusal(code: str, status: int) -> Answer:
    return Answer(status, f"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>".encode(), {"content-type": "application/xml"})


IDENTITY = Answer(
    body=b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>a</Arn><UserId>u</UserId>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>",
    headers={"content-type": "text/xml"},
)


class Stub:
    """The running server. `seen` holds every request in order of arrival."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.answer, self.seen, self._lock, self.ended = answer, list[Request](), threading.Lock(), threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def do_GET(self) -> None:
                stub.serve(self)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's own word
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        at = time.monotonic()
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        request = Request(handler.command, handler.path, {k.lower(): v for k, v in handler.headers.items()}, body, at)
        with self._lock:
            self.seen.append(request)
            answer = self.answer(request)
        if answer.act == "silence":
            self.ended.wait(20)
        if answer.act != "send":
            handler.close_connection = True
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            return
        handler.send_response(answer.status)
        for name, value in {"content-type": "application/json", **answer.headers, "content-length": str(len(answer.body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(answer.body)


@contextmanager
def running(answer: Callable[[Request], Answer]) -> Iterator[Stub]:
    """Serve until the block ends."""
    stub = Stub(answer)
    thread = threading.Thread(target=stub.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.ended.set()
        stub.server.shutdown()
        stub.server.server_close()
        thread.join()


def script(*answers: Answer) -> Callable[[Request], Answer]:
    """Answer one after the other; the last one for ever."""
    left: list[Answer] = list(answers)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def strict_door(allowed: int, window: float = 1.0) -> Callable[[Request], Answer]:
    """Refuse whatever would be more than `allowed` calls in any `window` seconds."""
    taken: list[float] = []

    def answer(request: Request) -> Answer:
        recent = [at for at in taken if request.at - at < window]
        if len(recent) >= allowed:
            return refusal("TooManyRequestsException", "Rate exceeded", 429)
        taken.append(request.at)
        return Answer(body=json.dumps({"FunctionName": "f", "State": "Active"}).encode())

    return answer


def most_in_a_window(times: Sequence[float], window: float = 1.0) -> int:
    """The busiest window."""
    return max(sum(1 for later in times[i:] if later - at < window) for i, at in enumerate(times))

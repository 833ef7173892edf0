"""A loopback proxy before an AWS endpoint that enforces the account quotas which a stand-in does not have, with AWS's own refusals."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Lambda and API Gateway quotas, Developer Guides, read 2026-11. A burst of 3 where AWS states a bare rate is room for a machine's jitter, no more.
SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
LAMBDA, API = re.compile(r"/20\d\d-\d\d-\d\d/"), re.compile(r"/v2/")
GET_FUNCTION = re.compile(r"/20\d\d-\d\d-\d\d/functions/[^/]+$")
INVOKE, GET_POLICY = re.compile(r"/invocations$|/invoke-async/?$"), re.compile(r"/policy$")
NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Quota:
    """A token bucket: `rate` a second, at most `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, time.monotonic()
        self.lock = threading.Lock()

    def take(self) -> bool:
        with self.lock:
            now = time.monotonic()
            self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
            allowed = self.tokens >= 1
            self.tokens -= allowed
            return allowed


@dataclass
class Metered:
    """The proxy's endpoint and what passed: (seconds since the start, quota or service, status) of every call."""

    endpoint: str = ""
    begun: float = field(default_factory=time.monotonic)
    calls: list[tuple[float, str, int]] = field(default_factory=list)
    quotas: dict[str, Quota] = field(
        default_factory=lambda: {
            "lambda": Quota(15, 3),
            "lambda.GetFunction": Quota(100, 10),
            "lambda.GetPolicy": Quota(15, 3),
            "apigateway": Quota(10, 40),
        }
    )

    def count(self, name: str = "", status: int | None = None) -> int:
        return sum(1 for _, quota, answered in self.calls if (not name or quota == name) and status in (None, answered))


def quota_of(method: str, path: str) -> str:
    """Which quota a request draws from; "" for those without one here."""
    bare = path.partition("?")[0]
    if API.match(bare):
        return "apigateway"
    if not LAMBDA.match(bare) or INVOKE.search(bare):
        return ""
    if method == "GET" and GET_FUNCTION.match(bare):
        return "lambda.GetFunction"
    return "lambda.GetPolicy" if method == "GET" and GET_POLICY.search(bare) else "lambda"


class Server(ThreadingHTTPServer):
    """One thread a connection, and room for a whole pool of them to knock at once: a full backlog costs a second."""

    request_queue_size = 256
    daemon_threads = True


@contextmanager
def metered(upstream: str) -> Iterator[Metered]:
    """Stand before `upstream` while the block runs."""
    meter = Metered()
    forward = Forwarder(upstream)
    server = Server(("127.0.0.1", 0), proxy(meter, forward))
    meter.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield meter
    finally:
        server.shutdown()
        server.server_close()
        forward.close()


def proxy(meter: Metered, forward: Forwarder) -> type[BaseHTTPRequestHandler]:
    """Make the handler that refuses what is over a quota and forwards the rest."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # one packet an answer

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

        def handle_expect_100(self) -> bool:
            told = super().handle_expect_100()
            self.wfile.flush()  # else the SDK waits a second before it sends the body
            return told

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            name = quota_of(self.command, self.path) or self.service()
            refused = name in meter.quotas and not meter.quotas[name].take()
            status, headers, content = refusal() if refused else forward(self.command, self.path, body, self.asked())
            meter.calls.append((time.monotonic() - meter.begun, name, status))
            self.send_response(status)
            for key, value in headers:
                if key.lower() not in NOT_FORWARDED:
                    self.send_header(key, value)
            # A HEAD's length is that of the object, not of its empty body.
            length = dict(headers).get("Content-Length") if self.command == "HEAD" else None
            self.send_header("content-length", length or str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        def service(self) -> str:
            found = SCOPE.search(self.headers.get("authorization") or "")
            return found[1] if found else ""

        def asked(self) -> dict[str, str]:
            return {key: value for key, value in self.headers.items() if key.lower() != "expect"}  # the body is here already

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815  # the base class asks for these names

    return Handler


Answer = tuple[int, list[tuple[str, str]], bytes]


class Forwarder:
    """Hands requests on, over one kept connection a thread."""

    def __init__(self, upstream: str) -> None:
        target = urlsplit(upstream)
        self.host, self.port = str(target.hostname), target.port
        self.own = threading.local()
        self.connections: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    def __call__(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
            self.connections.append(self.own.connection)
        try:
            return self.ask(method, path, body, headers)
        except (http.client.HTTPException, ConnectionError):  # the stand-in closed an idle connection: once more on a new one
            self.own.connection.close()
            return self.ask(method, path, body, headers)

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.own.connection.request(method, path, body, headers)
        answer = self.own.connection.getresponse()
        content = answer.read()
        return answer.status, answer.getheaders(), content


def refusal() -> Answer:
    body = json.dumps({"Reason": "CallerRateLimitExceeded", "message": "Rate exceeded", "Type": "User"}).encode()
    return 429, [("content-type", "application/json"), ("x-amzn-errortype", "TooManyRequestsException")], body

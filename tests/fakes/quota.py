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
from urllib.parse import urlsplit

from fakes.passing import Answer, Passing, Server

# Lambda and API Gateway quotas, Developer Guides, read 2026-11. A burst of 3 where AWS states a bare rate is room for a machine's jitter, no more.
SCOPE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/aws4_request")
LAMBDA, API = re.compile(r"/20\d\d-\d\d-\d\d/"), re.compile(r"/v2/")
GET_FUNCTION = re.compile(r"/20\d\d-\d\d-\d\d/functions/[^/]+$")
INVOKE, GET_POLICY = re.compile(r"/invocations$|/invoke-async/?$"), re.compile(r"/policy$")


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


@contextmanager
def metered(upstream: str) -> Iterator[Metered]:
    """Stand before `upstream` while the block runs."""
    meter = Metered()
    forward = Forwarder(upstream)
    server = Server(("127.0.0.1", 0), type("Before", (Proxy,), {"meter": meter, "forward": forward}))
    meter.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield meter
    finally:
        server.shutdown()
        server.server_close()
        forward.close()


class Proxy(Passing):
    """Refuses what is over a quota and forwards the rest."""

    meter: Metered
    forward: Forwarder

    def handle_any(self) -> None:
        body = self.body()
        name = quota_of(self.command, self.path) or self.service()
        refused = name in self.meter.quotas and not self.meter.quotas[name].take()
        status, headers, content = refusal() if refused else self.forward(self.command, self.path, body, self.asked())
        self.meter.calls.append((time.monotonic() - self.meter.begun, name, status))
        self.answer(status, headers, content)

    def service(self) -> str:
        found = SCOPE.search(self.headers.get("authorization") or "")
        return found[1] if found else ""

    def asked(self) -> dict[str, str]:
        return {key: value for key, value in self.headers.items() if key.lower() != "expect"}  # the body is here already


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

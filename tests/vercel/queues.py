"""A stand-in for Vercel Queues' HTTP API that keeps what it is asked and answers as it is told: leases end, messages are sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Queues:
    """What was asked, and which statuses come next; 201 for what is sent and 204 for the rest once there are none."""

    address: str
    asked: list[Asked] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        """What a project on the platform has of them."""
        return {"VERCEL_QUEUE_BASE_URL": self.address, "VERCEL_OIDC_TOKEN": "oidc-of-the-project", "VERCEL_DEPLOYMENT_ID": "dpl_1"}


@contextmanager
def queues() -> Iterator[Queues]:
    """Serve on loopback for as long as the block lasts."""
    found = Queues("")

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            found.asked.append(Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 201 if self.command == "POST" else 204)
            self.end_headers()

        do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815  # the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's word
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A stand-in for Vercel Queues' HTTP API that keeps what it is asked and answers as it is told: leases end, messages are sent."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fnctl.build import cache as memory
from fnctl.build import tools
from vercel.output import python


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


def client() -> Path:
    """Find a Python with vercel-queue, Vercel's own client, made once from hash-pinned requirements."""
    interpreter, uv = python(), tools.uv(os.environ)
    if interpreter is None:
        pytest.skip("no Python 3.13 interpreter")
    assert uv is not None
    pins = Path(__file__).with_name("queue.txt")
    folder = memory.home(os.environ) / "tests" / f"vercel-queue-{hashlib.sha256(pins.read_bytes() + bytes(interpreter)).hexdigest()[:16]}"
    if not (folder / "bin/python").exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            made = Path(place) / "venv"
            subprocess.run(
                [str(uv), "venv", "--quiet", "--relocatable", "--no-project", "--python", str(interpreter), str(made)], check=True, timeout=120
            )
            install = [str(uv), "pip", "install", "--quiet", "--require-hashes", "--python", str(made / "bin/python"), "-r", str(pins)]
            subprocess.run(install, check=True, timeout=300, env=tools.indexed(os.environ))
            made.rename(folder)
    return folder / "bin/python"

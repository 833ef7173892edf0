"""The sandbox's own process: it serves until it is told to end."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from fnctl.standins import serving
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.desk import Desk


def main(order: str) -> None:
    """Serve as `order` says: `state`, `identity`, `port`, and `azurite`, the command that starts it."""
    told = json.loads(order)
    state = Path(told["state"])
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    azurite = Azurite(json.loads(told["azurite"]), state / "data" / "azurite")
    desk = Desk(state / "data", serving.bind(int(told["port"])), told["identity"], azurite, state / "runtimes")
    serving.announce(state, told["identity"], desk.port, desk.port, storage=desk.storage.connection())
    ended.wait()
    desk.close()
    azurite.close()

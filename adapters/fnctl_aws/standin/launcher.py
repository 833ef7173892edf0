"""The sandbox's process: ministack with AWS's own runtime clients, its control endpoint and its fronts, all on loopback.

Started by fnctl_aws.sandbox in an environment of its own: `main` reads one JSON argument, writes `ready.json` once it serves, and ends at SIGTERM.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnctl.standins.serving import announce, bind
from fnctl_aws.standin.fronts import App, Fronts, control

LAMBDA_CONCURRENCY = 200
"""Invocations at once before Lambda's own throttle; the environments behind them are fewer, the rest waits for one."""


@dataclass(frozen=True)
class Order:
    """What the starter asks for. `state` is the sandbox's folder, `identity` the random id of this very run, `port` a wish."""

    state: Path
    identity: str
    account: str
    region: str
    port: int


def main(argument: str) -> None:
    """Run until SIGTERM."""
    wanted = json.loads(argument)
    order = Order(Path(wanted["state"]), wanted["identity"], wanted["account"], wanted["region"], wanted["port"])
    gateway, steering = bind(order.port), bind(0)
    _settle(order, gateway.getsockname()[1])
    asyncio.run(_serve(order, gateway, steering))
    # The emulator leaves threads that wait for nothing; what was to be ended is ended.
    sys.stdout.flush()
    os._exit(0)


def _settle(order: Order, port: int) -> None:
    """Ministack reads its settings from the environment when it is imported."""
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="localhost",
        MINISTACK_ACCOUNT_ID=order.account,
        MINISTACK_REGION=order.region,
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}",
        LAMBDA_ACCOUNT_CONCURRENCY=str(LAMBDA_CONCURRENCY),
        SFTP_ENABLED="0",
        IOT_MTLS_ENABLED="0",
        LOG_LEVEL="WARNING",
    )


async def _serve(order: Order, gateway: socket.socket, steering: socket.socket) -> None:
    # Only now: the settings are in place.
    dataplane, seams = (importlib.import_module(f"fnctl_aws.standin.{name}") for name in ("dataplane", "seams"))
    layout, pools = (importlib.import_module(f"fnctl_aws.standin.{name}") for name in ("layout", "pool"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port, control_port = gateway.getsockname()[1], steering.getsockname()[1]
    pool = pools.Pool()
    seams.install(pool, layout.Machine(order.state / "data", f"http://127.0.0.1:{port}", order.state / "runtimes"))
    servers = _Servers(stop)
    fronts = Fronts(dataplane.router(), servers.add, order.state / "fronts.json")
    servers.add(importlib.import_module("ministack.app").app, gateway)
    servers.add(control(fronts, order.identity), steering)
    announce(order.state, order.identity, port, control_port)
    await stop.wait()
    await asyncio.get_running_loop().run_in_executor(None, pool.close)
    await servers.ended()


class _Servers:
    """HTTP servers on one event loop, each on a socket that is bound already."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, app: App, sock: socket.socket) -> None:
        """Serve `app` on `sock` until the sandbox stops."""
        config = importlib.import_module("hypercorn.config").Config()
        config.bind = [f"fd://{sock.detach()}"]
        config.keep_alive_timeout = 75
        config.graceful_timeout = 0.5
        config.loglevel = "WARNING"
        serve = importlib.import_module("hypercorn.asyncio").serve
        running: Coroutine[Any, Any, None] = serve(app, config, shutdown_trigger=self._stop.wait)
        self._tasks.append(asyncio.get_running_loop().create_task(running))

    async def ended(self) -> None:
        """Wait for them, not for long."""
        await asyncio.wait(self._tasks, timeout=2)

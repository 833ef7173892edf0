"""The stand-in's process: one loopback port for the API, for what is asked beside it, and for every host name by its Host field.

`main` reads one JSON argument, writes `ready.json` once it serves, and ends at SIGTERM with all that it started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from fnctl.standins.serving import announce, bind
from fnctl_vercel.standin import admin, api, clocks, mailbox, serving
from fnctl_vercel.standin.account import Account, Deployment
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.hosts import SUFFIX, Hosts
from fnctl_vercel.standin.pool import Pool
from fnctl_vercel.standin.queues import Queues
from fnctl_vercel.standin.web import Answer, Request, listen


def main(argument: str) -> None:
    """Run until SIGTERM."""
    order = json.loads(argument)
    state, identity = Path(order["state"]), str(order["identity"])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    sock = bind(int(order.get("port", 0)))
    port = sock.getsockname()[1]
    engine = opened(state, f"http://127.0.0.1:{port}")
    server = listen(sock, lambda request: served(engine, identity, request))
    announce(state, identity, port, port)
    stop.wait()
    server.shutdown()
    engine.hosts.close()
    engine.pool.close()
    sys.stdout.flush()
    os._exit(0)  # threads that follow a log wait for nothing


def opened(state: Path, address: str) -> Engine:
    """Put the parts together."""
    (state / "data").mkdir(parents=True, exist_ok=True)
    account = Account(state / "data")
    hosts = Hosts(account, state / "fronts.json")
    pool = Pool(account, state / "runtimes", address, lambda host: hosts.front(host, host))
    engine = Engine(account, address, state, hosts, pool, Queues(account, lambda *told: _pushed(engine, *told)))
    hosts.route = lambda host, request: serving.visit(engine, host, request)
    engine.queues.start()
    clocks.start(engine)
    return engine


def _pushed(engine: Engine, deployment: Deployment, function: str, request: Request) -> int:
    answer = serving.run(engine, deployment, function, request, deployment.host)
    for _ in () if isinstance(answer.body, bytes) else answer.body:
        pass
    return answer.status


def served(engine: Engine, identity: str, request: Request) -> Answer:
    """Give a request to whom it is for."""
    host = request.header("host").partition(":")[0]
    if host.endswith(f".{SUFFIX}") or host in engine.account.aliases:
        return engine.hosts.route(host, request)
    if request.path == "/health":
        return Answer(200, identity.encode(), (("content-type", "text/plain"),))
    if request.path.startswith(mailbox.PREFIX):
        return mailbox.answer(engine.queues, request)
    if request.path.startswith(admin.PREFIX):
        return admin.answer(engine, request)
    return api.answer(engine, request)

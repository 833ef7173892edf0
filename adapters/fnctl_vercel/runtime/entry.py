"""Vercel's way in: reads the baked configuration, sets up logs, loads the handler and makes an ASGI application of it.

Runs once per instance, before the first call: each import here is paid for at every cold start. An instance takes several calls at the same
time, so nothing here is about "the" running call; coroutines share the platform's own loop, and plain functions run in threads.
"""

from __future__ import annotations

import json
import logging
import os
import sys

from fnctl_runtime.load import load, spans
from fnctl_runtime.logs import LEVELS, JsonLines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping
    from typing import Any

    from fnctl_vercel.runtime.context import App, Receive, Send


class SecretError(Exception):
    """A secret that is not there; the message names it."""


def start(root: str) -> App:
    """Make the application that Vercel's runtime serves, for the function in the folder `root`."""
    with open(f"{root}/_fnctl.json", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs 3 ms at each cold start
        config: dict[str, Any] = json.load(file)
    _configure_logs(config)
    _secrets(config["secrets"], os.environ)
    _addresses(config["calls"], os.environ)
    bind = _binding(config)  # before the author's folders come first on sys.path: a `src/queue.py` must not meet asyncio
    otel = spans(config)
    wrap = _once(config) if config.get("idempotent") else None
    target = load(root, config["file"], config["name"])
    app = bind(wrap(target) if wrap else target, config, otel)
    return _flushing(app, otel) if otel else app


def _once(config: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Let a handler work once for each key: an async one on the platform's loop as before, and its store in a thread."""
    from inspect import iscoroutinefunction

    from fnctl_runtime.once import once
    from fnctl_vercel.runtime.claims import Claims

    store, task = Claims(config, os.environ), config["interface"] == "task"
    return lambda handler: once(handler, config, store, task=task, waiting=iscoroutinefunction(handler))


def _flushing(inner: App, otel: Any) -> App:
    """Send the spans of each call before the platform hears that it has ended: afterwards the instance may sleep."""

    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            await inner(scope, receive, send)
        finally:
            if scope["type"] == "http":
                from asyncio import to_thread

                await to_thread(otel.flush)

    return app


def _binding(config: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any], Any], App]:
    interface, trigger = config["interface"], config["trigger"]
    if interface == "event" and trigger and trigger["kind"] != "schedule":
        from fnctl_vercel.runtime import messages

        return messages.bind
    if interface == "event":
        from fnctl_vercel.runtime import clocks

        return clocks.bind
    if interface == "task":
        from fnctl_vercel.runtime import tasks

        return tasks.bind
    from fnctl_vercel.runtime import http

    return http.bind


def _secrets(names: Iterable[str], environ: Mapping[str, str]) -> None:
    """Stop a start that would fail later: a project's variables are there from the beginning, or in the next deployment."""
    missing = [name for name in names if name not in environ]
    if missing:
        message = f"secret {', '.join(missing)} is not set in the project, or was set after this deployment"
        raise SecretError(message)


def _addresses(names: Iterable[str], environ: MutableMapping[str, str]) -> None:
    """Name the functions that this one calls: their address is the deployment's own, which only the platform knows; a sandbox has one of its own."""
    host = environ.get("VERCEL_URL")
    address = environ.get("FNCTL_VERCEL_URL") or f"https://{host}"
    for name in names if host else ():
        environ.setdefault(name, address)


class _Framed(logging.Filter):
    """Our line in place of the record that the platform's own handler sends: it knows the way out, the call and the level."""

    def __init__(self, lines: JsonLines) -> None:
        super().__init__()
        self._lines = lines

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:  # type: ignore[override]  # since Python 3.12, which Vercel asks for
        """Return a record of the same level whose whole text is the line."""
        written = logging.makeLogRecord({"levelno": record.levelno, "levelname": record.levelname, "name": record.name})
        written.msg = self._lines.format(record)
        return written


def _configure_logs(config: Mapping[str, Any]) -> None:
    root = logging.getLogger()
    root.setLevel(LEVELS.get(config["logs"]["level"], logging.INFO))
    if config["logs"]["format"] != "json":
        return
    lines = JsonLines({"service": config["service"], "stage": config["stage"], "function": config["function"]})
    theirs = [handler for handler in root.handlers if type(handler).__name__ == "VCLogHandler"]
    for handler in theirs:
        handler.addFilter(_Framed(lines))
    if not theirs:
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(lines)
        root.handlers[:] = [stream]

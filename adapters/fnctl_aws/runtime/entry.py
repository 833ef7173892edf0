"""Lambda's way in: reads the baked configuration, sets up logs and secrets, loads the handler and binds it to its interface.

Runs once per environment, before the first call: each import here is paid for at every cold start.
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
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Handler: TypeAlias = Callable[[Any, Any], Any]


def start(root: str) -> Handler:
    """Make the function that Lambda calls, for the artifact in the folder `root`."""
    with open(f"{root}/_fnctl.json", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs 3 ms at each cold start
        config: dict[str, Any] = json.load(file)
    _configure_logs(config)
    if config["secrets"]:
        from fnctl_aws.runtime.secrets import reveal

        reveal(config["secrets"], os.environ)
    bind = _binding(config["interface"])  # before the author's folders come first on sys.path: a `src/queue.py` must not meet asyncio
    wrap, otel = _wrapper(config), spans(config)
    handle = bind(wrap(load(root, config["file"], config["name"])), config, otel)
    return otel.flushing(handle) if otel else handle


def _wrapper(config: Mapping[str, Any]) -> Callable[[Any], Any]:
    if not config["idempotent"]:
        return lambda handler: handler
    from fnctl_aws.runtime.claims import Claims
    from fnctl_runtime.once import once

    store = Claims(config, os.environ)
    return lambda handler: once(handler, config, store, task=config["interface"] == "task")


def _binding(interface: str) -> Callable[[Any, Mapping[str, Any], Any], Handler]:
    if interface == "event":
        from fnctl_aws.runtime import events

        return events.bind
    if interface == "task":
        from fnctl_aws.runtime import tasks

        return tasks.bind
    if interface == "asgi":
        from fnctl_runtime.invocation import loop

        loop()
    from fnctl_aws.runtime import http

    return http.bind


class _Framed(JsonLines):
    """Our line inside the platform's frame: its own formatter marks the record with the level that Lambda's log filter goes by."""

    def __init__(self, fields: Mapping[str, Any], platform: logging.Formatter) -> None:
        super().__init__(fields, "\n")
        self._platform = platform

    def format(self, record: logging.LogRecord) -> str:
        """Let the platform mark the record, then write our line and not its own."""
        self._platform.format(record)
        record.exc_text = None
        return super().format(record)


def _configure_logs(config: Mapping[str, Any]) -> None:
    root = logging.getLogger()
    root.setLevel(LEVELS.get(config["logs"]["level"], logging.INFO))
    if config["logs"]["format"] != "json":
        return
    fields = {"service": config["service"], "stage": config["stage"], "function": config["function"]}
    for handler in root.handlers:
        # Lambda's own handlers know the way out (a framed pipe); only what they write changes.
        if type(handler).__name__.startswith("LambdaLoggerHandler"):
            handler.setFormatter(_Framed(fields, handler.formatter or logging.Formatter()))
    if not root.handlers:
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(JsonLines(fields))
        root.addHandler(stream)

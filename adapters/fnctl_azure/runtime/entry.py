"""The way in: reads the baked configuration, sets up logs and secrets, loads the handlers and registers each with the host.

Runs once per worker, while the host looks for functions. A handler that cannot be loaded is registered all the same: it fails when it is called,
and its neighbours are not lost with it, as they would be if this module raised.
"""

from __future__ import annotations

import json
import logging
import os
import sys

import azure.functions as func

from fnctl_azure.runtime.calling import entry, in_thread, on_loop, waits
from fnctl_azure.runtime.context import begin
from fnctl_runtime.load import LoadError, load
from fnctl_runtime.logs import LEVELS, JsonLines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any, TypeAlias

    Config: TypeAlias = Mapping[str, Any]
    Handle: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, Any]]

RAW = frozenset({"eventGridTrigger", "cosmosDBTrigger"})
"""Bindings whose text is taken as it came: what the library makes of it depends on its version, and drops attributes."""

ROUTED = frozenset({"http", "invoke"})
HTTP_ONLY = "FNCTL_HTTP_ONLY"
"""Set in a slot that has a part of the traffic: what is not registered there takes no messages from the release that everybody else is on."""
FAILED: dict[str, Exception] = {}
"""Why functions cannot be called, by name: `fnctl build` asks."""


def start(root: str) -> func.FunctionApp:
    """Register every function of the artifact in the folder `root`."""
    with open(f"{root}/_fnctl.json", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs 3 ms at each cold start
        config: dict[str, Any] = json.load(file)
    _configure_logs(config)
    _neighbours(config)
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for function in config["functions"]:
        _binding(function["interface"])  # all before the authors' folders come first on sys.path: a `src/queue.py` must not meet the library
    for function in config["functions"]:
        if os.environ.get(HTTP_ONLY):
            function["doors"] = [door for door in function["doors"] if door["kind"] in ROUTED]
        described = {"service": config["service"], "stage": config["stage"], "secrets": config["secrets"], **function}
        _register_all(app, root, described)
    return app


def _register_all(app: func.FunctionApp, root: str, function: Config) -> None:
    try:
        bind = _binding(function["interface"])
        _reveal(function["secrets"])
        target = load(root, function["file"], function["name"])
    except Exception as error:  # noqa: BLE001  # an author's module may raise anything
        FAILED[function["function"]] = error
        for door in function["doors"]:
            _register(app, door, entry(_broken(error), waiting=False))
        return
    if function.get("idempotent"):
        target = _once(target, function)
    waiting = function["interface"] == "asgi" or (function["interface"] != "wsgi" and waits(target))
    for door in function["doors"]:
        raw = function["interface"] != "native" and door["binding"]["type"] in RAW
        _register(app, door, entry(bind(target, function, door, waiting=waiting), waiting=waiting, raw=raw))


def _neighbours(config: Config) -> None:
    """Say where functions of this app are to others of it: its own address is nothing that a setting could hold."""
    host = os.environ.get("WEBSITE_HOSTNAME", "")
    scheme = "http" if host.startswith("127.0.0.1") else "https"
    for name, path in config.get("neighbours", {}).items():
        os.environ.setdefault(name, f"{scheme}://{host}{path}")


def _reveal(names: list[str]) -> None:
    if names:
        from fnctl_azure.runtime.secrets import check

        check(names, os.environ)


def _once(target: Callable[..., Any], function: Config) -> Callable[..., Any]:
    """Let a handler work once for each key: an async one on the worker's loop as before, and its store in a thread."""
    from fnctl_azure.runtime.claims import Claims
    from fnctl_runtime.once import once

    return once(target, function, Claims(function, os.environ), task=function["interface"] == "task", waiting=waits(target))


def _binding(interface: str) -> Callable[..., Handle]:
    if interface == "native":
        return _native
    if interface == "task":
        from fnctl_azure.runtime import tasks

        return tasks.bind
    if interface == "event":
        from fnctl_azure.runtime import events

        return events.bind
    from fnctl_azure.runtime import http

    return http.bind


def _native(target: Callable[..., Any], function: Config, _door: Config, *, waiting: bool) -> Handle:
    """Hand over the platform's own arguments: what the trigger gives, and the context where the handler takes a second one."""
    import inspect

    call, alone = on_loop if waiting else in_thread, len(inspect.signature(target).parameters) == 1

    async def handle(trigger: Any, context: Any) -> Any:
        begin(context, function["function"])
        return await (call(target, trigger) if alone else call(target, trigger, context))

    return handle


def _broken(error: Exception) -> Handle:
    """Fail every call with the reason; the stack has been logged, and one error raised again and again would gather more of it each time."""
    reason = str(error)

    async def handle(_trigger: Any, _context: Any) -> Any:
        raise LoadError(reason)

    return handle


def _register(app: func.FunctionApp, door: Config, called: Callable[..., Any]) -> None:
    """Register one function: the same words as function.json has."""
    binding = dict(door["binding"])
    kind, retry = binding.pop("type"), door.get("retry")
    if door["kind"] in ROUTED:
        auth = func.AuthLevel[binding["authLevel"].upper()]
        made = app.route(binding["route"], trigger_arg_name="trigger", methods=binding["methods"], auth_level=auth)(called)
    else:
        made = app.generic_trigger("trigger", kind, binding.pop("dataType", None), **binding)(called)
    if retry:
        made = app.retry(**_policy(retry))(made)
    app.function_name(door["name"])(made)


def _policy(retry: Config) -> dict[str, Any]:
    steady = retry["strategy"] == "fixedDelay"
    said: dict[str, Any] = {"strategy": "fixed_delay" if steady else "exponential_backoff", "max_retry_count": str(retry["maxRetryCount"])}
    if steady:
        return {**said, "delay_interval": _clock(retry["delayInterval"])}
    return {**said, "minimum_interval": _clock(retry["minimumInterval"]), "maximum_interval": _clock(retry["maximumInterval"])}


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _configure_logs(config: Config) -> None:
    root = logging.getLogger()
    root.setLevel(LEVELS.get(config["logs"]["level"], logging.INFO))
    if root.level == logging.INFO:
        logging.getLogger("azure").setLevel(logging.WARNING)  # the SDKs tell of each of their own calls, at the level of what people say
    if config["logs"]["format"] != "json":
        return
    lines = JsonLines({"service": config["service"], "stage": config["stage"]})
    for handler in root.handlers:
        handler.setFormatter(lines)  # the worker's own handler knows the way to the host; only what it carries changes
    if not root.handlers:
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(lines)
        root.addHandler(stream)

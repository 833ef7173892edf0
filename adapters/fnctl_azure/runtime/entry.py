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

from fnctl_azure.runtime.calling import entry, waits
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
FAILED: dict[str, Exception] = {}
"""Why functions cannot be called, by name: `fnctl build` asks."""


def start(root: str) -> func.FunctionApp:
    """Register every function of the artifact in the folder `root`."""
    with open(f"{root}/_fnctl.json", encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs 3 ms at each cold start
        config: dict[str, Any] = json.load(file)
    _configure_logs(config)
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for function in config["functions"]:
        described = {"service": config["service"], "stage": config["stage"], "secrets": config["secrets"], **function}
        _register_all(app, root, described)
    return app


def _register_all(app: func.FunctionApp, root: str, function: Config) -> None:
    try:
        _binders(function)  # before the author's folders come first on sys.path: a `src/queue.py` must not meet asyncio
        _reveal(function["secrets"])
        target = load(root, function["file"], function["name"])
    except Exception as error:  # noqa: BLE001  # an author's module may raise anything
        FAILED[function["function"]] = error
        for door in function["doors"]:
            _register(app, door, entry(_broken(error), waiting=False))
        return
    for door in function["doors"]:
        _register(app, door, _bound(target, function, door))


def _reveal(names: list[str]) -> None:
    if names:
        from fnctl_azure.runtime.secrets import check

        check(names, os.environ)


def _binders(function: Config) -> dict[str, Callable[..., Handle]]:
    """Import what a function's doors need, and nothing else."""
    found: dict[str, Callable[..., Handle]] = {}
    for door in function["doors"]:
        kind = door["kind"]
        if function["interface"] == "native":
            continue
        if function["interface"] == "task":
            from fnctl_azure.runtime import tasks

            found[kind] = tasks.bind
        elif function["interface"] == "event":
            from fnctl_azure.runtime import events

            found[kind] = events.bind
        else:
            from fnctl_azure.runtime import http

            found[kind] = http.bind
    return found


def _bound(target: Any, function: Config, door: Config) -> Callable[..., Any]:
    if function["interface"] == "native":
        return _native(target)
    bind = _binders(function)[door["kind"]]
    waiting = function["interface"] == "asgi" or (function["interface"] != "wsgi" and waits(target))
    return entry(bind(target, function, door, waiting=waiting), waiting=waiting, raw=door["binding"]["type"] in RAW)


def _native(target: Callable[..., Any]) -> Callable[..., Any]:
    """Hand over the platform's own arguments: what the trigger gives, and the context where the handler takes a second one."""
    import inspect

    alone = len(inspect.signature(target).parameters) == 1

    async def handle(trigger: Any, context: Any) -> Any:
        answer = target(trigger) if alone else target(trigger, context)
        return await answer if inspect.isawaitable(answer) else answer

    return entry(handle, waiting=waits(target))


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
    if config["logs"]["format"] != "json":
        return
    lines = JsonLines({"service": config["service"], "stage": config["stage"]})
    for handler in root.handlers:
        handler.setFormatter(lines)  # the worker's own handler knows the way to the host; only what it carries changes
    if not root.handlers:
        stream = logging.StreamHandler(sys.stdout)
        stream.setFormatter(lines)
        root.addHandler(stream)

"""The way to azure-functions 1: the library that an app for Python before 3.13 brings. Part of worker.py, and run by it.

On Azure the worker between library and host is of the platform and not published; here are the few steps of it that an app can notice.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import inspect
import json
import os
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any, NamedTuple

import azure.functions as func
from azure.functions import meta

Datum = meta.Datum
CURRENT: contextvars.ContextVar[str] = contextvars.ContextVar("invocation", default="")
FUNCTIONS: dict[str, Any] = {}
LOCAL = threading.local()
CONVERTERS: Any = func.get_binding_registry()  # type: ignore[no-untyped-call]


class Call(NamedTuple):
    """One invocation."""

    id: str
    function: str
    data: Any
    metadata: dict[str, Any]
    trace: str
    tried: int
    most: int


def begin() -> None:
    """Nothing to do: threads are started when they are needed."""


THREADS = ThreadPoolExecutor(int(os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT") or 0) or None)


async def index(_app: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the functions of an app: their bindings and policies by name. Raises what its module raises."""
    module = importlib.import_module(os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py").removesuffix(".py"))
    registers = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(registers) != 1:
        raise ValueError(f"{len(registers)} top level function app instances are defined in function_app.py: one is needed")
    for one in registers[0].get_functions():
        FUNCTIONS[str(one.get_function_name())] = one
    bindings = {name: [json.loads(binding) for binding in one.get_raw_bindings()] for name, one in FUNCTIONS.items()}
    policies = {name: one.get_settings_dict("retry_policy") for name, one in FUNCTIONS.items()}
    return bindings, {name: {key: str(value) for key, value in policy.items()} for name, policy in policies.items() if policy}


async def invoke(call: Call) -> Any:
    """Run one invocation: whether it went well, what it returns, what it puts out, the error and its stack."""
    function = FUNCTIONS[call.function]
    try:
        given = _arguments(function, call)
        value = await _run(function.get_user_function(), given, call.id)
        returned = [one for one in function.get_bindings() if one.name == "$return"]
        put = [(name, _encoded(function, name, out.get())) for name, out in given.items() if isinstance(out, Out) and out.get() is not None]
        return True, _encode(returned[0].type, value) if returned else None, put, None, None
    except Exception as error:  # noqa: BLE001  # whatever an author's function raises is its answer
        return False, None, [], repr(error), traceback.format_exc()


async def _run(called: Any, given: dict[str, Any], identity: str) -> Any:
    CURRENT.set(identity)
    if inspect.iscoroutinefunction(called):
        return await called(**given)
    loop, context = asyncio.get_running_loop(), contextvars.copy_context()
    return await loop.run_in_executor(THREADS, lambda: context.run(lambda: called(**given)))


class Out:
    """What a function fills for an output binding."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, value: Any) -> None:
        """Keep the value."""
        self._value = value

    def get(self) -> Any:
        """Give it back."""
        return self._value


def _arguments(function: Any, call: Call) -> dict[str, Any]:
    trigger = function.get_trigger()
    parameters = inspect.signature(function.get_user_function()).parameters
    given: dict[str, Any] = {trigger.name: _decode(trigger.type, parameters[trigger.name].annotation, call)}
    given |= {one.name: Out() for one in function.get_bindings() if one.name in parameters and one is not trigger}
    return given | ({"context": _context(call)} if "context" in parameters else {})


def _decode(kind: str, annotation: Any, call: Call) -> Any:
    plain = {str: str, "str": str, bytes: bytes, "bytes": bytes}.get(annotation) if isinstance(annotation, (type, str)) else None
    converter = CONVERTERS.get(kind)
    if converter is None or (plain and kind != "httpTrigger"):
        value = call.data.value
        return value.decode() if plain is str and isinstance(value, bytes) else value
    return converter.decode(call.data, trigger_metadata=call.metadata)


def _context(call: Call) -> Any:
    return SimpleNamespace(
        invocation_id=call.id,
        function_name=call.function,
        function_directory=sys.path[0],
        thread_local_storage=LOCAL,
        trace_context=SimpleNamespace(trace_parent=call.trace, trace_state="", attributes={}, Traceparent=call.trace, Tracestate=""),
        retry_context=SimpleNamespace(retry_count=call.tried, max_retry_count=call.most, exception=None),
    )


def _encoded(function: Any, name: str, value: Any) -> Any:
    return _encode(next(one.type for one in function.get_bindings() if one.name == name), value)


def _encode(kind: str, value: Any) -> Any:
    converter = CONVERTERS.get(kind)
    if value is None:
        return None
    if converter is not None:
        return converter.encode(value, expected_type=type(value))
    return Datum(value, "bytes" if isinstance(value, bytes) else "string") if isinstance(value, (str, bytes)) else Datum(json.dumps(value), "json")


def current() -> str:
    """Name the invocation that a line is written in."""
    return CURRENT.get()


_SITES = {"lax": "Lax", "strict": "Strict", "none": "ExplicitNone"}


def cookies(given: Any) -> list[dict[str, Any]]:
    """Write cookies as the library hands them over: a list of jars."""
    return [_plain(name, morsel) for jar in given or () for name, morsel in jar.items()]


def _plain(name: str, morsel: Any) -> dict[str, Any]:
    expires = parsedate_to_datetime(morsel["expires"]) if morsel["expires"] else None
    moment = expires if expires is None or expires.tzinfo else expires.replace(tzinfo=timezone.utc)  # noqa: UP017  # datetime.UTC is of 3.11
    return {
        "name": name,
        "value": morsel.value,
        "domain": morsel["domain"] or None,
        "path": morsel["path"] or None,
        "expires": {"seconds": int(moment.timestamp())} if isinstance(moment, datetime) else None,
        "secure": bool(morsel["secure"]) or None,
        "httpOnly": bool(morsel["httponly"]) or None,
        "sameSite": _SITES.get(str(morsel["samesite"]).lower()),
        "maxAge": int(morsel["max-age"]) if morsel["max-age"] else None,
    }

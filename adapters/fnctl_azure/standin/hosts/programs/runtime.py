"""The way to azure-functions-runtime, what Azure itself runs Python 3.13 and newer with. Part of worker.py, and run by it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, NamedTuple

import azure_functions_runtime as runtime  # type: ignore[import-not-found]  # of its own folder
from azure_functions_runtime import native_invocation  # pyright: ignore[reportMissingImports]  # likewise
from azure_functions_runtime.bindings.datumdef import Datum, parse_to_rpc_http_cookie_list  # type: ignore[import-not-found]  # likewise

begin = runtime.start_threadpool_executor
__all__ = ["Call", "Datum", "begin", "cookies", "current", "index", "invoke"]

IDS: dict[str, str] = {}
"""The library's own ids of functions, by name."""

TRIGGERS: dict[str, str] = {}
"""The argument of each function that is its trigger's."""


class Call(NamedTuple):
    """One invocation."""

    id: str
    function: str
    data: Any
    metadata: dict[str, Any]
    trace: str
    tried: int
    most: int


class Protos:
    """The messages of FunctionRpc.proto as plain values: the library only fills them in."""

    class StatusResult(SimpleNamespace):
        Failure, Success = 0, 1

    class BindingInfo(SimpleNamespace):
        undefined, out, inout = 0, 1, 2

    class RpcHttpCookie(SimpleNamespace):
        SameSite = SimpleNamespace(**{name: name for name in ("None", "Lax", "Strict", "ExplicitNone")})

    def __getattr__(self, _name: str) -> Any:
        return SimpleNamespace


async def index(app: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the functions of an app: their bindings and policies by name. Raises what its module raises, as text."""
    init = SimpleNamespace(worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=app))
    begun = await runtime.worker_init_request(SimpleNamespace(request=init, properties={"host": "127.0.0.1", "protos": Protos()}))
    if begun.result.status != Protos.StatusResult.Success:
        raise ImportError(f"{begun.result.exception.message}\n{begun.result.exception.stack_trace}")
    found = await runtime.functions_metadata_request(SimpleNamespace())
    functions = found.function_metadata_results or []
    IDS.update({one.name: one.function_id for one in functions})
    bindings = {one.name: [json.loads(binding) for binding in one.raw_bindings] for one in functions}
    TRIGGERS.update({name: _trigger(each) for name, each in bindings.items()})
    retries = {one.name: {name: str(value) for name, value in vars(one.retry_options).items()} for one in functions if one.retry_options}
    return bindings, retries


def _trigger(bindings: list[dict[str, Any]]) -> str:
    return next(str(one["name"]) for one in bindings if str(one["type"]).lower().endswith("trigger"))


async def invoke(call: Call) -> Any:
    """Run one invocation: whether it went well, what it returns, what it puts out, the error and its stack."""
    words = {"trace_parent": call.trace, "retry_count": call.tried, "max_retry_count": call.most}
    inputs = [(TRIGGERS[call.function], call.data)]
    return await native_invocation.invocation_request_native(call.id, IDS[call.function], inputs, call.metadata, **words)


def current() -> str:
    """Name the invocation that a line is written in."""
    return str(runtime.invocation_id_cv.get() or "")


def cookies(given: Any) -> list[dict[str, Any]]:
    """Write cookies as the library hands them over."""
    return [_plain(cookie) for cookie in parse_to_rpc_http_cookie_list(given, Protos()) or ()]


def _plain(cookie: Any) -> dict[str, Any]:
    """Give a cookie's fields, nullable ones without their wrapping."""
    named: dict[str, str] = {"http_only": "httpOnly", "same_site": "sameSite", "max_age": "maxAge"}
    bare: dict[str, Any] = {named.get(name) or name: getattr(value, "value", value) for name, value in vars(cookie).items()}
    return bare | {"expires": vars(bare["expires"]) if bare["expires"] else None}

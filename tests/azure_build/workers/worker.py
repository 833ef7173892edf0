"""A Python worker without its host: the platform's own runtime library loads an app and invokes its functions, as a line of JSON on stdin asks.

Asked: {"function", "id", "data", "metadata", "retry": [count, most], "trace"}; typed data is written as FunctionRpc.proto's is in JSON. Told, on
stdout: {"functions": [...]} once, then for each {"id", "status", "error", "value"}, and {"log"} for each line that the app sends to the host.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any

APP, RUNTIME = sys.argv[1:3]
TOLD = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever an app prints is no answer
sys.path[:0] = [APP, f"{APP}/.python_packages/lib/site-packages"]
sys.path.append(RUNTIME)
os.chdir(APP)


def tell(**message: Any) -> None:
    TOLD.write(json.dumps(message, default=str) + "\n")
    TOLD.flush()


class Host(logging.Handler):
    """What the worker puts on the root logger before it loads an app: formatted lines go to the host."""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("azure.functions"):  # the library's own, which the host keeps apart
            tell(log=self.format(record))


logging.getLogger().addHandler(Host())

import azure_functions_runtime as runtime  # type: ignore[import-not-found]  # noqa: E402  # of its own folder
from azure_functions_runtime import native_invocation  # pyright: ignore[reportMissingImports]  # noqa: E402  # likewise
from azure_functions_runtime.bindings.datumdef import Datum, parse_to_rpc_http_cookie_list  # type: ignore[import-not-found]  # noqa: E402  # likewise


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


def datum(data: dict[str, Any]) -> Datum:
    """Read typed data."""
    ((kind, value),) = data.items()
    if kind == "bytes":
        return Datum(base64.b64decode(value), "bytes")
    if kind == "collectionBytes":
        return Datum(SimpleNamespace(bytes=[base64.b64decode(one) for one in value["bytes"]]), "collection_bytes")
    if kind == "collectionString":
        return Datum(SimpleNamespace(string=value["string"]), "collection_string")
    if kind == "collectionSint64":
        return Datum(SimpleNamespace(sint64=value["sint64"]), "collection_sint64")
    if kind != "http":
        return Datum(value, kind)
    parts = {name: {key: Datum(text, "string") for key, text in value.get(name, {}).items()} for name in ("headers", "params", "query")}
    body = datum(value["body"]) if value.get("body") else Datum(b"", "bytes")
    return Datum({**parts, "method": Datum(value["method"], "string"), "url": Datum(value["url"], "string"), "body": body}, "http")


def typed(value: Datum | None) -> Any:
    """Write typed data."""
    if value is None or value.type is None:
        return None
    if value.type == "bytes":
        return {"bytes": base64.b64encode(value.value).decode()}
    if value.type != "http":
        return {value.type: value.value}
    cookies = [plain(cookie) for cookie in parse_to_rpc_http_cookie_list(value.value.get("cookies"), Protos()) or ()]
    headers = {name: header.value for name, header in value.value["headers"].items()}
    status = value.value["status_code"].value
    return {"http": {"statusCode": status, "headers": headers, "cookies": cookies, "body": typed(value.value["body"])}}


def plain(cookie: Any) -> dict[str, Any]:
    """Give a cookie's fields, nullable ones without their wrapping."""
    named: dict[str, str] = {"http_only": "httpOnly", "same_site": "sameSite", "max_age": "maxAge"}
    bare: dict[str, Any] = {named.get(name) or name: getattr(value, "value", value) for name, value in vars(cookie).items()}
    return bare | {"expires": vars(bare["expires"]) if bare["expires"] else None}


async def invoke(asked: dict[str, Any], ids: dict[str, str]) -> None:
    count, most = asked.get("retry", [0, 0])
    metadata = {name: datum(value) for name, value in asked.get("metadata", {}).items()}
    inputs = [("trigger", datum(asked["data"]))]
    words = {"trace_parent": asked.get("trace", ""), "retry_count": count, "max_retry_count": most}
    ok, value, _, error, trace = await native_invocation.invocation_request_native(asked["id"], ids[asked["function"]], inputs, metadata, **words)
    tell(id=asked["id"], status="Success" if ok else "Failure", value=typed(value), error=error, trace=trace)


def ended(task: asyncio.Future[None]) -> None:
    """Let what goes wrong in here end the worker, for whoever waits would wait for ever."""
    if error := task.exception():
        traceback.print_exception(error)
        os._exit(1)


async def main() -> None:
    init = SimpleNamespace(worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=APP))
    await runtime.worker_init_request(SimpleNamespace(request=init, properties={"host": "127.0.0.1", "protos": Protos()}))
    found = await runtime.functions_metadata_request(SimpleNamespace())
    functions = found.function_metadata_results or []
    bindings = {one.name: [json.loads(binding) for binding in one.raw_bindings] for one in functions}
    retries = {one.name: {name: str(value) for name, value in vars(one.retry_options).items()} for one in functions if one.retry_options}
    tell(functions=bindings, retries=retries)
    ids = {one.name: one.function_id for one in functions}
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Future[None]] = set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = asyncio.ensure_future(invoke(json.loads(line), ids))
        task.add_done_callback(ended)
        tasks.add(task)
    await asyncio.gather(*tasks)


runtime.start_threadpool_executor()
asyncio.run(main())
runtime.stop_threadpool_executor()

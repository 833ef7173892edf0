"""A Python worker without its host: an app is loaded by the platform's own library, and its functions are invoked as a line of JSON on stdin asks.

Run as `worker.py APP`, from Python 3.13 on by azure-functions-runtime, before by azure-functions alone; an app's own packages come first.
Asked: {"function", "id", "data", "metadata", "retry": [count, most], "trace"}; typed data is written as FunctionRpc.proto's is in JSON. Told, on
stdout: {"functions", "retries"} once, or {"failed"}; then for each {"id", "status", "error", "trace", "value", "outputs"}, and {"log", "level",
"category", "invocation"} for each line that the app sends to the host.
"""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import json
import logging
import os
import sys
import traceback
from types import SimpleNamespace
from typing import Any

APP = sys.argv[1]
TOLD = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # whatever an app prints is no answer
sys.path[:0] = [APP, f"{APP}/.python_packages/lib/site-packages"]
os.chdir(APP)

LEVELS = ((logging.CRITICAL, "Critical"), (logging.ERROR, "Error"), (logging.WARNING, "Warning"), (logging.INFO, "Information"), (0, "Debug"))


def tell(**message: Any) -> None:
    """Write one message to the host."""
    TOLD.write(json.dumps(message, default=str) + "\n")
    TOLD.flush()


class Host(logging.Handler):
    """What the worker puts on the root logger before it loads an app: formatted lines go to the host."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("azure.functions"):  # the library's own, which the host keeps apart
            return
        level = next(word for least, word in LEVELS if record.levelno >= least)
        tell(log=self.format(record), level=level, category=record.name, invocation=engine.current())


logging.getLogger().setLevel(logging.DEBUG if os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING") in ("1", "true") else logging.INFO)
logging.getLogger().addHandler(Host())


def _engine() -> Any:
    """Load the way to the library from beside this file: not by its name, which an app's own module may have."""
    file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime.py" if sys.version_info >= (3, 13) else "library.py")  # noqa: PTH118, PTH100, PTH120  # what -I leaves
    spec = importlib.util.spec_from_file_location("_fnctl_engine", file)
    if spec is None or spec.loader is None:
        raise ImportError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


engine = _engine()


def datum(data: dict[str, Any]) -> Any:
    """Read typed data."""
    ((kind, value),) = data.items()
    make = engine.Datum
    if kind == "bytes":
        return make(base64.b64decode(value), "bytes")
    if kind == "collectionBytes":
        return make(SimpleNamespace(bytes=[base64.b64decode(one) for one in value["bytes"]]), "collection_bytes")
    if kind == "collectionString":
        return make(SimpleNamespace(string=value["string"]), "collection_string")
    if kind == "collectionSint64":
        return make(SimpleNamespace(sint64=value["sint64"]), "collection_sint64")
    if kind != "http":
        return make(value, kind)
    parts = {name: {key: make(text, "string") for key, text in value.get(name, {}).items()} for name in ("headers", "params", "query")}
    body = datum(value["body"]) if value.get("body") else make(b"", "bytes")
    return make({**parts, "method": make(value["method"], "string"), "url": make(value["url"], "string"), "body": body}, "http")


def typed(value: Any) -> Any:
    """Write typed data."""
    if value is None or value.type is None:
        return None
    if value.type == "bytes":
        return {"bytes": base64.b64encode(value.value).decode()}
    if value.type != "http":
        return {value.type: value.value}
    cookies = engine.cookies(value.value.get("cookies"))
    headers = {name: header.value for name, header in value.value["headers"].items()}
    status = value.value["status_code"].value
    return {"http": {"statusCode": status, "headers": headers, "cookies": cookies, "body": typed(value.value["body"])}}


async def invoke(asked: dict[str, Any]) -> None:
    """Run what was asked for, and tell how it ended."""
    count, most = asked.get("retry", [0, 0])
    metadata = {name: datum(value) for name, value in asked.get("metadata", {}).items()}
    call = engine.Call(asked["id"], asked["function"], datum(asked["data"]), metadata, asked.get("trace", ""), count, most)
    ok, value, outputs, error, trace = await engine.invoke(call)
    written = {name: typed(one) for name, one in outputs}
    tell(id=asked["id"], status="Success" if ok else "Failure", value=typed(value), outputs=written, error=error, trace=trace)


def ended(task: asyncio.Future[None]) -> None:
    """Let what goes wrong in here end the worker, for whoever waits would wait for ever."""
    if error := task.exception():
        traceback.print_exception(type(error), error, error.__traceback__)
        os._exit(1)


async def main() -> None:
    """Load the app, then serve until nothing more can be asked."""
    try:
        functions, retries = await engine.index(APP)
    except Exception as error:  # noqa: BLE001  # whatever an app's module raises, the host is to know it
        tell(failed=str(error))
        return
    tell(functions=functions, retries=retries)
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Future[None]] = set()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        task = asyncio.ensure_future(invoke(json.loads(line)))
        task.add_done_callback(ended)
        task.add_done_callback(tasks.discard)
        tasks.add(task)
    os._exit(0)  # the host has gone, and nobody hears what is still under way


if __name__ == "__main__":
    engine.begin()
    asyncio.run(main())

"""Azure: the app in azure-functions-runtime or @azure/functions, behind what the host does to requests, answers and messages."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from azure_build import hosting
from azure_build.hosting import Outcome, Worker
from fnctl_runtime.routes import match
from portable.drivers import Answer, Built, Delivery, Question

HOST = "portable-dev-python.azurewebsites.net"


class Azure:
    """Azure Functions."""

    target = "azure"
    clients: Mapping[str, str] = {"python": "azure-functions-runtime", "nodejs": "@azure/functions"}

    def missing(self) -> str | None:
        """The platform's library is of one Python; a bundle runs on any Node."""
        return None if hosting.python() else "no Python 3.13 interpreter"

    @contextmanager
    def open(self, built: Built, place: Path) -> Iterator[Apps]:
        """Give a worker to each app when one of its functions is first called."""
        with ExitStack() as stack:
            yield Apps(built, place, stack)


class Apps:
    """The apps' workers."""

    def __init__(self, built: Built, place: Path, stack: ExitStack) -> None:
        self._built = built
        self._place = place
        self._stack = stack
        self._workers: dict[Path, Worker] = {}
        self._config: dict[Path, dict[str, Any]] = {}

    def ask(self, function: str, question: Question) -> Answer:
        """Route a request as the host does, and write the answer as it does."""
        door, params = self._routed(function, question)
        outcome = self._worker(function).invoke(door, {"http": _request(question, params)})
        assert outcome.status == "Success", outcome
        return _response(outcome.value["http"], question.method)

    def deliver(self, function: str, native: Any) -> Delivery:
        """Hand over an invocation to the function of its kind. A function's error is told as its type alone: the message is the author's."""
        door = next(one for one in self._doors(function) if one["kind"] == native["kind"])
        assert (door["binding"].get("dataType") == "binary") == ({*native["data"]} <= {"bytes", "collectionBytes"})  # else the host would send text
        more = {name: native[name] for name in ("metadata", "retry") if name in native}
        outcome = self._worker(function).invoke(door["name"], native["data"], **more)
        return Delivery(_told(outcome), outcome.lines)

    def _routed(self, function: str, question: Question) -> tuple[str, dict[str, str]]:
        path = unquote(question.path.partition("?")[0])
        doors = sorted(self._doors(function), key=lambda one: "*" in one["key"])
        for door in doors:
            found = match([(method, door["key"]) for method in door["binding"]["methods"]], question.method, path)
            if found is not None:
                return str(door["name"]), found
        raise AssertionError(question)

    def _doors(self, function: str) -> list[dict[str, Any]]:
        self._worker(function)
        config = self._config[self._built.artifacts[function]]
        doors: list[dict[str, Any]] = next(one["doors"] for one in config["functions"] if one["function"] == function)
        return doors

    def _worker(self, function: str) -> Worker:
        artifact = self._built.artifacts[function]
        if artifact not in self._workers:
            app = self._place / artifact.stem
            with zipfile.ZipFile(artifact) as archive:
                archive.extractall(app)
            self._config[artifact] = json.loads((app / "_fnctl.json").read_text("utf-8"))
            self._workers[artifact] = self._stack.enter_context(hosting.serving(app))
        return self._workers[artifact]


def _told(outcome: Outcome) -> dict[str, str]:
    if outcome.status == "Success":
        return {"result": "Success"}
    kind = (outcome.error or "").replace("(", ":", 1).partition(":")[0]
    return {"result": "Failure", "error": kind}


def _request(question: Question, params: Mapping[str, str]) -> dict[str, Any]:
    """Make an RpcHttp as the host's ToRpcHttp does: names in lower case, repeats joined with commas, the path as it was sent."""
    headers = {"host": HOST, "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.1:51000"}
    for name, value in ((n.lower(), v) for n, v in question.headers):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = dict(parse_qsl(question.path.partition("?")[2], keep_blank_values=True))
    told = {"method": question.method, "url": f"https://{HOST}{question.path}", "headers": headers, "params": dict(params), "query": query}
    return told | ({"body": {"bytes": base64.b64encode(question.body).decode()}} if question.body else {})


def _response(native: Mapping[str, Any], method: str) -> Answer:
    body = base64.b64decode((native.get("body") or {}).get("bytes", ""))
    headers = [(name.lower(), value) for name, value in native["headers"].items()]
    cookies = [("set-cookie", _cookie(cookie)) for cookie in native.get("cookies") or ()]
    return Answer(int(native["statusCode"]), [*headers, *cookies], b"" if method == "HEAD" else body)


def _cookie(cookie: Mapping[str, Any]) -> str:
    """Write a cookie as ASP.NET's ResponseCookies.Append does: its value is percent-encoded."""
    parts = [f"{cookie['name']}={quote(cookie['value'], safe='-._~')}"]
    if cookie.get("expires"):
        parts.append(f"expires={_date(cookie['expires'])}")
    if cookie.get("maxAge") is not None:
        parts.append(f"max-age={int(cookie['maxAge'])}")
    parts += [f"{name}={cookie[name]}" for name in ("domain", "path") if cookie.get(name)]
    parts += ["secure"] if cookie.get("secure") else []
    parts += [f"samesite={_SITES[cookie['sameSite']]}"] if cookie.get("sameSite") in _SITES else []
    return "; ".join([*parts, *(["httponly"] if cookie.get("httpOnly") else [])])


_SITES = {"Lax": "lax", "Strict": "strict", "ExplicitNone": "none", "lax": "lax", "strict": "strict", "explicitNone": "none"}


def _date(value: Any) -> str:
    """Write a timestamp: seconds as the worker's messages have them, or a date that was made text on its way here."""
    moment = datetime.fromtimestamp(float(value["seconds"]), UTC) if isinstance(value, Mapping) else datetime.fromisoformat(str(value))
    return format_datetime(moment.astimezone(UTC), usegmt=True)


DRIVER = Azure()

"""Azure: the app in azure-functions-runtime or @azure/functions, behind what the host does to requests, answers and messages."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from azure_build import hosting
from azure_build.hosting import Outcome, Worker
from fnctl_azure.standin.hosts import messages
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
        language = self._built.family(function).removesuffix("js")
        headers = (("host", HOST), ("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.1:51000"), *question.headers)
        given = messages.Request(question.method, question.path, tuple(headers), question.body)
        outcome = self._worker(function).invoke(door, messages.request(given, HOST, params, language))
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


def _response(native: Mapping[str, Any], method: str) -> Answer:
    answer = messages.response({"http": native})
    return Answer(answer.status, [(name.lower(), value) for name, value in answer.headers], b"" if method == "HEAD" else answer.body)


DRIVER = Azure()

"""What goes wrong because a test asks for it, and the record of what was asked and answered."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl_azure.standin.server import Dropped
from fnctl_azure.standin.wire import Answer, Refused, Request


@dataclass
class Fault:
    """A fault: of the requests that match, the `nth` and the `times - 1` after it go wrong.

    Attributes:
        method: a regular expression for the whole method; "" for any. WRITE is PUT, PATCH, DELETE, and POSTs that change something.
        path: a regular expression to be found in the path; "" for any.
        how: refuse (with `status`, `code`, `message`, `headers`), drop (before anything is done), lose (the answer, after all was done), or
            slow (by `seconds`).
    """

    how: str
    method: str = ""
    path: str = ""
    nth: int = 1
    times: int = 1
    status: int = 503
    code: str = "ServiceUnavailable"
    message: str = "The service is temporarily unable to process the request."
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    seconds: float = 0.0
    seen: int = 0
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether it is this request's turn; counts."""
        if self.method and not _method(self.method, request):
            return False
        if self.path and not re.search(self.path, request.path, re.IGNORECASE):
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        self.struck += 1
        return True


READS = re.compile(r"/(list\w*|checknameavailability|token)$", re.IGNORECASE)
"""POSTs that change nothing."""


KEYS = re.compile(r"/(functionkeys|keys)/[^/]+$", re.IGNORECASE)
"""Paths at which the keys of functions are set."""


def writes(request: Request) -> bool:
    """Whether a request changes something."""
    return request.method in ("PUT", "PATCH", "DELETE") or (request.method == "POST" and not READS.search(request.path))


def _method(pattern: str, request: Request) -> bool:
    return writes(request) if pattern == "WRITE" else re.fullmatch(pattern, request.method) is not None


class Record:
    """Every request and its answer, a line each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.writes = 0
        file.parent.mkdir(parents=True, exist_ok=True)

    def add(self, plane: str, request: Request, answer: Answer | None) -> None:
        """Write one down. No token, no key, no value of a secret: the file is for comparing bodies with schemas."""
        body = None if len(request.body) > 200_000 else hidden(_read(request.body), every=KEYS.search(request.path) is not None)
        line = {
            "time": round(time.time(), 3),
            "plane": plane,
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "body": body,
            "write": writes(request),
            "status": answer.status if answer else 0,
            "answer": answer.body if answer and isinstance(answer.body, dict) and answer.status >= 400 else None,
        }
        with self._lock, self._file.open("a", encoding="utf-8") as opened:
            self.writes += writes(request)
            opened.write(json.dumps(line) + "\n")

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self.writes = 0
            self._file.write_text("")


def hidden(body: Any, *, every: bool = False) -> Any:
    """A body without the value of a secret: settings have a name beside theirs, and are shown unless `every` value is one."""
    if isinstance(body, dict):
        secret = every or "name" not in body
        return {key: "***" if key == "value" and isinstance(value, str) and secret else hidden(value, every=every) for key, value in body.items()}
    return [hidden(one, every=every) for one in body] if isinstance(body, list) else body


def _read(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


class Faults:
    """The faults that wait for their request."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def around(self, request: Request, serve: Callable[[Request], Answer]) -> Answer:
        """Answer a request, or have it go wrong. Raises Dropped, Refused."""
        struck = next((fault for fault in self.waiting if fault.strikes(request)), None)
        if struck is None:
            return serve(request)
        if struck.how == "refuse":
            return Answer(struck.status, struck.body or {"error": {"code": struck.code, "message": struck.message}}, struck.headers)
        if struck.how == "drop":
            raise Dropped
        if struck.how == "slow":
            time.sleep(struck.seconds)
            return serve(request)
        with contextlib.suppress(Refused):
            serve(request)
        raise Dropped

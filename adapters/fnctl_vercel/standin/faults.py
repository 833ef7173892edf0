"""What goes wrong on purpose, for tests: the n-th matching request is refused, dropped, or done without an answer; jobs that never end."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fnctl_vercel.standin.web import Answer, Request, said


@dataclass
class Fault:
    """`path` is a pattern; `skip` matching requests pass, then `times` are met. `act`: answer | drop | lose."""

    method: str = ".*"
    path: str = ".*"
    act: str = "answer"
    status: int = 500
    code: str = "internal_server_error"
    retry_after: int | None = None
    skip: int = 0
    times: int = 1

    def meets(self, request: Request) -> bool:
        """Count it; tell whether it is this one's turn."""
        if not re.fullmatch(self.method, request.method) or not re.fullmatch(self.path, request.path) or self.times <= 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    def answer(self) -> Answer:
        """What is said in place of the API's own answer."""
        pairs = (("retry-after", str(self.retry_after)),) if self.retry_after is not None else ()
        return said({"error": {"code": self.code, "message": "asked for by a test"}}, self.status, pairs)


@dataclass
class Faults:
    """Those that are still to come, and how jobs behave: {"alias": "stuck" | "failed", "build": "stuck" | "failed"}."""

    coming: list[Fault] = field(default_factory=list)
    behaviour: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, wanted: Mapping[str, Any]) -> None:
        """Raises TypeError for a word that it does not know."""
        with self._lock:
            self.coming.append(Fault(**wanted))

    def met(self, request: Request) -> Fault | None:
        """Return the first whose turn it is."""
        with self._lock:
            return next((one for one in self.coming if one.meets(request)), None)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self.coming.clear()
            self.behaviour.clear()


@dataclass
class Journal:
    """Every request with the status of its answer, a line each; tokens stay out of it."""

    file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, request: Request, status: int, code: str | None) -> None:
        """Add one."""
        body: Any = None
        if "json" in request.header("content-type") and request.body:
            try:
                body = json.loads(request.body)
            except ValueError:
                body = None
        words = {name: request.header(name) for name in ("content-type", "x-vercel-digest", "x-now-digest", "x-now-size") if request.header(name)}
        line = {
            "t": round(time.time(), 3),
            "method": request.method,
            "path": request.path,
            "query": dict(parse_qsl(request.target.partition("?")[2])),
            "headers": words,
            "len": len(request.body),
            **({"body": body} if body is not None else {}),
            "status": status,
            **({"code": code} if code else {}),
        }
        with self._lock, self.file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(line) + "\n")

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self.file.unlink(missing_ok=True)

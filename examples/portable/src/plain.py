"""HTTP without a framework: a request in, a plain value out."""

from __future__ import annotations

import gzip
import sys
from typing import TYPE_CHECKING, Any

from fnctl_runtime import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from fnctl_runtime import Request

SIGNS = "eyJhIjogMX0=.x/y+z:1=="


def handler(request: Request) -> Any:
    answer = ANSWERS.get(request.path_params["what"])
    return answer(request) if answer else (404, {"error": "not found"})


def seen(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query.pairs(),
        "cookies": request.cookies,
        "type": request.headers.get("content-type"),
        "tags": [tag.strip() for tag in request.headers.get("x-tags", "").split(",")],
        "body": request.body.hex(),
    }


def packed(_: Request) -> Response:
    headers = {"content-encoding": "gzip", "content-type": "text/plain; charset=utf-8"}
    return Response(gzip.compress(b"packed by the handler"), 200, headers)


def visit(request: Request) -> Response:
    visits = int(request.cookies.get("seen", "0")) + 1
    kept = [f"seen={visits}; HttpOnly; Path=/", f"token={SIGNS}; Path=/"]
    cookies = [*kept, "until=later; Expires=Wed, 01 Jan 2031 00:00:00 GMT; Path=/"]
    return Response({"visits": visits}, cookies=cookies)


def broken(request: Request) -> None:
    raise RuntimeError(f"a password that nobody may see, not even on {request.path}")


ANSWERS: dict[str, Callable[[Request], Any]] = {
    "seen": seen,
    "item": lambda request: {"item": request.path_params["rest"]},
    "text": lambda _: "grüß dich, 世界",
    "bytes": lambda _: bytes(range(256)),
    "packed": packed,
    "echo": lambda request: request.body,
    "visit": visit,
    "moved": lambda _: (303, None, {"location": "/plain/text?a=1&b=%20"}),
    "gone": lambda _: None,
    "refused": lambda _: (422, {"error": "no such colour"}, {"x-reason": "colour"}),
    "broken": broken,
    "exit": lambda _: sys.exit(3),
    "unsendable": lambda _: {"mean": float("nan")},
    "parts": lambda _: "".join(f"line {number}\n" for number in range(3)),
    "large": lambda _: "0123456789abcdef" * 65536,
}

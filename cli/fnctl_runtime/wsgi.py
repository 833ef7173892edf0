"""Running a WSGI application on one buffered request at a time."""

from __future__ import annotations

import io
import sys

from fnctl_runtime.http import Response
from fnctl_runtime.invocation import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    from fnctl_runtime.http import Request

    App: TypeAlias = Callable[[dict[str, Any], Callable[..., Callable[[bytes], None]]], Iterable[bytes]]


def run(app: App, request: Request, extra: Mapping[str, Any]) -> Response:
    """Answer one request (PEP 3333)."""
    started: list[tuple[int, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if exc_info is None and started:
            message = "start_response was called twice without exc_info"
            raise RuntimeError(message)
        started[:] = [(int(status.split(" ", 1)[0]), headers)]
        return written.append

    parts: Iterable[bytes] = ()
    try:
        parts = app({**environ(request), **extra}, start_response)
        body = b"".join(parts)  # may write, too: an application is free to do both
    except SystemExit as error:
        raise left(error) from error
    finally:
        getattr(parts, "close", lambda: None)()
    if not started:
        message = "the application ended without calling start_response"
        raise RuntimeError(message)
    status, headers = started[0]
    response = Response(None, status, headers)
    response.body = b"".join(written) + body
    return response


def environ(request: Request) -> dict[str, Any]:
    """Describe a request as PEP 3333 does: text values are bytes read as Latin-1."""
    host, _, port = request.headers.get("host", "localhost").partition(":")
    values: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode().decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port or ("443" if request.scheme == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.client,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name in request.headers:
        key = name.upper().replace("-", "_")
        if key != "CONTENT_LENGTH":
            values[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = request.headers[name]
    return values

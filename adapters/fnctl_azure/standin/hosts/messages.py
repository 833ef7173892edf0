"""HTTP in the worker's words and back: what the host makes of a request, and of an answer (GrpcMessageConversionExtensions and Kestrel, host 4)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote

TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """A request as it came: `target` is path and query, percent-encoded; headers in the order of the lines."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query, decoded; values of a name that comes again are joined with commas, as the host has them."""
        found: dict[str, str] = {}
        for name, value in parse_qsl(self.target.partition("?")[2], keep_blank_values=True):
            found[name] = f"{found[name]},{value}" if name in found else value
        return found

    def header(self, name: str) -> str:
        """One header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True)
class Response:
    """What goes back."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def request(given: Request, host: str, params: Mapping[str, str], language: str) -> dict[str, Any]:
    """Write a request as typed data: names in lower case, repeats joined with commas, the address as the caller knows it.

    The Python worker takes no empty values of a query: the host leaves them out for it, and only for it.
    """
    headers: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in given.headers):
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = {name: value for name, value in given.query.items() if value or language != "python"}
    scheme = headers.get("x-forwarded-proto", "http")
    told = {"method": given.method, "url": f"{scheme}://{headers.get('host', host)}{given.target}", "headers": headers}
    written: dict[str, Any] = {**told, "params": dict(params), "query": query}
    if given.body:
        written["body"] = {"bytes": base64.b64encode(given.body).decode()}
    return {"http": written}


def response(value: Any) -> Response:
    """Read what a function returned: an RpcHttp, or nothing, which is 204."""
    if not value:
        return Response(204)
    if "http" not in value:
        return _plain(value)
    told = value["http"]
    headers = [(str(name), str(text)) for name, text in (told.get("headers") or {}).items()]
    cookies = [("Set-Cookie", cookie(one)) for one in told.get("cookies") or ()]
    return Response(int(told.get("statusCode") or 200), (*headers, *cookies), _body(told.get("body")))


def _plain(value: Mapping[str, Any]) -> Response:
    ((kind, said),) = value.items()
    return Response(200, (("Content-Type", JSON if kind == "json" else TEXT),), _body({kind: said}))


def _body(value: Mapping[str, Any] | None) -> bytes:
    if not value:
        return b""
    ((kind, said),) = value.items()
    return base64.b64decode(said) if kind == "bytes" else str(said).encode()


def cookie(given: Mapping[str, Any]) -> str:
    """Write a cookie as ASP.NET's ResponseCookies.Append does: its value is percent-encoded."""
    parts = [f"{given['name']}={quote(str(given['value']), safe='-._~')}"]
    if given.get("expires"):
        parts.append(f"expires={_date(given['expires'])}")
    if given.get("maxAge") is not None:
        parts.append(f"max-age={int(given['maxAge'])}")
    parts += [f"{name}={given[name]}" for name in ("domain", "path") if given.get(name)]
    parts += ["secure"] if given.get("secure") else []
    parts += [f"samesite={_SITES[given['sameSite']]}"] if given.get("sameSite") in _SITES else []
    return "; ".join([*parts, *(["httponly"] if given.get("httpOnly") else [])])


_SITES = {"Lax": "lax", "Strict": "strict", "ExplicitNone": "none", "lax": "lax", "strict": "strict", "explicitNone": "none"}


def _date(value: Any) -> str:
    """Write a timestamp: seconds as the worker's messages have them, or a date that was made text on its way here."""
    moment = datetime.fromtimestamp(float(value["seconds"]), UTC) if isinstance(value, Mapping) else datetime.fromisoformat(str(value))
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def joined(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Drop the lines that belong to one connection, or that the server writes itself."""
    return tuple((name, value) for name, value in pairs if name.lower() not in _HOPS)


_HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "date", "server"})

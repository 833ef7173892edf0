"""The request that a `function` handler meets, and what its answer becomes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_BODY = (204, 304)


class BadRequest(ValueError):
    """What the client sent makes no sense: answered with 400 and this message."""


class Values(Mapping[str, str]):
    """Names with one or more values, in the order of arrival. `values["x"]` is the first, `values.all("x")` all of them."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = [(self._fold(name), value) for name, value in pairs]

    def _fold(self, name: str) -> str:
        return name

    def all(self, name: str) -> list[str]:
        """Every value of a name, [] when there is none."""
        wanted = self._fold(name)
        return [value for key, value in self._pairs if key == wanted]

    def pairs(self) -> list[tuple[str, str]]:
        """Give every name and value."""
        return list(self._pairs)

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def __len__(self) -> int:
        return len(dict(self._pairs))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._pairs!r})"


class Headers(Values):
    """Header fields: names in any case, repeated fields joined with `, ` (`headers.all` keeps them apart)."""

    def _fold(self, name: str) -> str:
        return name.lower()

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return ("; " if self._fold(name) == "cookie" else ", ").join(values)


class Request:
    """One HTTP request.

    Attributes:
        method: in capitals.
        path: percent-decoded, without query; `raw_path` is as it was sent.
        path_params: what the route's `{name}` parts matched, decoded.
        headers: see Headers.
        body: the bytes, b"" when there are none.
        id: the platform's request id.
        client: the caller's address as the platform saw it, "" when unknown.
        native: what the platform handed over.
    """

    def __init__(
        self,
        method: str,
        path: str,
        *,
        raw_path: str | None = None,
        query_string: str = "",
        path_params: Mapping[str, str] | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        id: str = "",  # noqa: A002
        client: str = "",
        native: Any = None,
    ) -> None:
        self.method = method.upper()
        self.path = path
        self.raw_path = path if raw_path is None else raw_path
        self.query_string = query_string
        self.path_params = dict(path_params or {})
        self.headers = Headers(headers)
        self.body = body
        self.id = id
        self.client = client
        self.native = native

    @property
    def query(self) -> Values:
        """The query's parameters, decoded."""
        if not self.query_string:
            return Values()
        from urllib.parse import parse_qsl

        return Values(parse_qsl(self.query_string, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, str]:
        """Cookies by name; of two with one name the first, which is the more specific one."""
        found: dict[str, str] = {}
        for part in self.headers.get("cookie", "").split(";"):
            name, _, value = (piece.strip() for piece in part.partition("="))
            if name and "=" in part:
                quoted = len(value) > 1 and value[0] == value[-1] == '"'
                found.setdefault(name, value[1:-1] if quoted else value)
        return found

    @property
    def scheme(self) -> str:
        """How the client spoke to the platform: `https` unless a front says otherwise."""
        return self.headers.get("x-forwarded-proto", "https").split(",")[0].strip()

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Decode the body; None when it is empty. Raises BadRequest, which answers 400, when it is not JSON."""
        if not self.body:
            return None
        try:
            return json.loads(self.body)
        except ValueError as error:
            message = f"the body is not JSON: {error}"
            raise BadRequest(message) from error


class Response:
    """An answer in full, for when a plain value does not say enough.

    Args:
        body: text, bytes, any JSON value, or None for no body.
        status: 200 unless there is no body.
        headers: a mapping (a list value repeats the field) or pairs. A content type given here wins.
        cookies: whole `Set-Cookie` values.
    """

    def __init__(
        self,
        body: Any = None,
        status: int | None = None,
        headers: Mapping[str, str | list[str]] | Iterable[tuple[str, str]] | None = None,
        cookies: Iterable[str] = (),
    ) -> None:
        self.body, media = _encode(body)
        self.status = _status(status) if status is not None else (204 if body is None else 200)
        self.headers = _pairs(headers) + [("set-cookie", _value(cookie)) for cookie in cookies]
        if media and self.status not in _NO_BODY and not any(name == "content-type" for name, _ in self.headers):
            self.headers.insert(0, ("content-type", media))
        if self.status in _NO_BODY:
            self.body = b""


def _status(given: int) -> int:
    """Refuse what is no final status: the web's own Response does, and platforms fail on it in ways of their own."""
    if not 200 <= given <= 599:
        message = f"{given} is not the status of an answer: it is 200 to 599"
        raise ValueError(message)
    return given


def _pairs(headers: Mapping[str, str | list[str]] | Iterable[tuple[str, str]] | None) -> list[tuple[str, str]]:
    given: Any = headers or ()  # an author's own: JSON-like values are taken as text
    fields: list[tuple[str, Any]] = list(given.items() if isinstance(given, Mapping) else given)
    return [(name.lower(), _value(item)) for name, value in fields for item in (value if isinstance(value, list) else [value])]


def _value(item: Any) -> str:
    """Refuse what would end the field and begin another: a caller's text in a header must not become a header of its own."""
    text = str(item)
    if "\r" in text or "\n" in text or "\0" in text:
        message = "a header's value holds the end of a line"
        raise ValueError(message)
    return text


def _encode(body: Any) -> tuple[bytes, str | None]:
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body), "application/octet-stream"
    return json.dumps(body, default=plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(), "application/json"


def plain(value: Any) -> Any:
    """Put what databases and clocks give into JSON: decimals as numbers, times as RFC 3339, dataclasses as objects, sets as lists."""
    kind = type(value).__name__
    if kind == "Decimal":
        return int(value) if value == value.to_integral_value() else float(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if kind == "UUID":
        return str(value)
    message = f"an answer holds a {kind}, which is not a JSON value"
    raise TypeError(message)


def answer(value: Any) -> Response:
    """Turn what a handler returned into a response: a value, `(status, value)`, `(status, value, headers)`, None or a Response."""
    if isinstance(value, Response):
        return value
    if isinstance(value, tuple) and len(value) in (2, 3) and _is_status(value[0]):
        status, body, *headers = value
        return Response(body, status, *headers)
    return Response(value)


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def refused(error: BadRequest) -> Response:
    """Answer a client's mistake."""
    return Response({"error": str(error)}, 400)


def failed(request_id: str) -> Response:
    """Answer for an exception: what went wrong is in the log, and no detail of it leaves."""
    return Response({"error": "internal server error", "request_id": request_id}, 500)

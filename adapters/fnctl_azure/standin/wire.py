"""What goes over the wire: a request, an answer, and a refusal in the shape that Azure gives it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):  # an answer, not a mishap
    """An error answer."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(json.dumps(body))
        self.status = status
        self.body = body
        self.headers = headers or {}


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case; `base` is where the client called, for links in answers."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str

    def json(self) -> dict[str, Any]:
        """The body as an object. Raises Refused."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError as error:
            raise refused(400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{error}'.") from error
        if not isinstance(found, dict):
            raise refused(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: an object was expected.")
        return found


@dataclass(frozen=True)
class Answer:
    """An answer: `body` is an object to be written as JSON, or bytes as they are, or None for nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def refused(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Refused:
    """An error as the resource manager and most providers write it."""
    return Refused(status, {"error": {"code": code, "message": message}}, headers)


def refused_by_web(status: int, code: str, message: str, extended: str = "") -> Refused:
    """An error as Microsoft.Web writes it, the reason three times in it."""
    entity = {"ExtendedCode": extended, "MessageTemplate": message, "Parameters": [], "Code": code, "Message": message}
    details = [{"Message": message}, {"Code": code}, {"ErrorEntity": entity}]
    return Refused(status, {"Code": code, "Message": message, "Target": None, "Details": details, "Innererror": None})

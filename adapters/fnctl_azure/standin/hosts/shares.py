"""Testing in production: a share of an app's requests goes to a slot, and whoever was there comes there again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie

from fnctl_azure.standin.hosts.messages import Request, Response

NAME, SELF = "x-ms-routing-name", "self"
"""The cookie and the parameter of a query, and their value for the app itself."""
WHOLE = 100.0


@dataclass(frozen=True)
class Share:
    """A rule: `percent` of the requests go to the host `app`; `name` is the cookie's value."""

    name: str
    app: str
    percent: float


def chosen(shares: Sequence[Share], given: Request) -> Share | None:
    """Return where a request goes: where its parameter or its cookie says, else where chance does; None for the app itself."""
    said = given.query.get(NAME) or _cookie(given.header("cookie"))
    if said == SELF:
        return None
    if named := next((share for share in shares if said and share.name.lower() == said.lower()), None):
        return named
    drawn = random.uniform(0, WHOLE)  # noqa: S311  # no secret hangs on it
    for share in shares:
        if drawn < share.percent:
            return share
        drawn -= share.percent
    return None


def told(response: Response, share: Share | None) -> Response:
    """Tell the caller where it was."""
    cookie = f"{NAME}={share.name if share else SELF}; path=/; HttpOnly"
    return replace(response, headers=(*response.headers, ("Set-Cookie", cookie)))


def _cookie(header: str) -> str:
    try:
        found = SimpleCookie(header).get(NAME)
    except CookieError:
        return ""
    return found.value if found else ""

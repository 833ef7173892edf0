"""From a method and a path to the function that answers: the table's form, who may ask, and in which team's name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from fnctl_vercel.standin import shapes
from fnctl_vercel.standin.account import HOME, TOKEN, Account, Deployment, Project, Team
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.web import Answer, Refused, Request


@dataclass(frozen=True)
class Ask:
    """One call: who asks, for which team, and the parts of the path."""

    engine: Engine
    request: Request
    parts: Mapping[str, str]
    scope: Team | None
    body: Any = None

    @property
    def account(self) -> Account:
        """What is kept."""
        return self.engine.account

    @property
    def team(self) -> Team:
        """The scope; raises Refused where the call names none."""
        if self.scope is None:
            raise Refused(403, "forbidden", "Not authorized: the call names no team", {"missingScope": True})
        return self.scope

    def project(self, part: str = "project") -> Project:
        """The project that the path names; 404 for none."""
        found = self.account.project(self.team.id, self.parts[part])
        if found is None:
            raise Refused(404, "not_found", "Project not found.")
        return found

    def deployment(self, part: str = "deployment") -> Deployment:
        """The deployment that the path names; 404 for none."""
        found = self.account.deployment(self.team.id, self.parts[part])
        if found is None:
            raise Refused(404, "not_found", "The deployment could not be found.")
        return found


Do: TypeAlias = Callable[[Ask], Answer]


@dataclass(frozen=True)
class Route:
    """`GET /v9|v10/projects/{project}`: a version may be one of several, a part in braces is any segment.

    `body` names the shape that a JSON body must have; `raw` leaves the body alone; without a team `home` means the user's own.
    """

    call: str
    do: Do
    body: str | None = None
    raw: bool = False
    home: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Method and path as one pattern."""
        method, _, path = self.call.partition(" ")
        parts = [f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else f"(?:{part})" for part in path.strip("/").split("/")]
        return re.compile(f"{method} /{'/'.join(parts)}/?")


def prepared(engine: Engine, request: Request, route: Route, parts: Mapping[str, str]) -> Ask:
    """Check who asks and what; raises Refused."""
    _authorized(request)
    scope = _scope(engine.account, request) or (engine.account.teams[HOME] if route.home else None)
    body = None
    if not route.raw and request.method in ("POST", "PATCH", "PUT", "DELETE") and (request.body.strip() or route.body):
        body = _json(request)
        if route.body:
            shapes.check(body, route.body)
    return Ask(engine, request, parts, scope, body)


def _authorized(request: Request) -> None:
    word, _, token = request.header("authorization").partition(" ")
    if not token:
        more = {"missingToken": True}
        raise Refused(401, "unauthorized", "The request is missing an authentication token", more)
    if word.lower() != "bearer" or token.strip() != TOKEN:
        raise Refused(403, "forbidden", "Not authorized", {"invalidToken": True})


def _scope(account: Account, request: Request) -> Team | None:
    named = request.query.get("teamId") or request.query.get("slug")
    if not named:
        return None
    team = account.team(named)
    if team is None or not team.member:
        raise Refused(403, "forbidden", "Not authorized")
    return team


def _json(request: Request) -> Any:
    if not request.body.strip():
        return {}
    if "json" not in request.header("content-type"):
        raise Refused(400, "bad_request", "Invalid request: the body is not of type application/json.")
    try:
        return json.loads(request.body)
    except ValueError:
        raise Refused(400, "bad_request", "Invalid JSON") from None

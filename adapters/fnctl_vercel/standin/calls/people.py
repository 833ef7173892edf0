"""The user and the teams."""

from __future__ import annotations

from typing import Any

from fnctl_vercel.standin.account import HOME, USER, Team
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said


def _user(_ask: Ask) -> Answer:
    return said({"user": {**USER, "version": "northstar", "defaultTeamId": HOME, "limited": False, "avatar": None}})


def _teams(ask: Ask) -> Answer:
    found = [_view(team) for team in ask.account.teams.values() if team.member]
    return said({"teams": found, "pagination": {"count": len(found), "next": None, "prev": None}})


def _team(ask: Ask) -> Answer:
    team = ask.account.team(ask.parts["team"])
    if team is None or not team.member:
        raise Refused(403, "forbidden", "Not authorized")
    return said(_view(team))


def _view(team: Team) -> dict[str, Any]:
    membership = {"role": "OWNER", "confirmed": True, "teamId": team.id, "uid": USER["id"], "created": 1, "createdAt": 1}
    billing = {"plan": team.plan, "period": None, "cancelation": None, "addons": None}
    return {"id": team.id, "slug": team.slug, "name": team.slug.title(), "avatar": None, "createdAt": 1, "membership": membership, "billing": billing}


ROUTES = (
    Route("GET /v2/user", _user),
    Route("GET /www/user", _user),
    Route("GET /v1|v2/teams", _teams),
    Route("GET /v1|v2/teams/{team}", _team),
    Route("GET /teams/{team}", _team),
)

"""What tests and fnctl itself ask of the stand-in beside the platform's API, under `/_sandbox/`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from fnctl_vercel.standin import clocks
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.limits import PLANS
from fnctl_vercel.standin.queues import facts
from fnctl_vercel.standin.web import Answer, Request, said

PREFIX = "/_sandbox/"
Do: TypeAlias = Callable[[Engine, str, Mapping[str, Any]], object]
"""Given the rest of the path and the body; what it returns is the answer, None for 204."""


def answer(engine: Engine, request: Request) -> Answer:
    """Answer one; 400 with a sentence for what is not understood."""
    head, _, rest = request.path.removeprefix(PREFIX).partition("/")
    do = _TABLE.get(f"{request.method} {head}")
    if do is None:
        return said({"error": {"code": "not_found", "message": f"there are {', '.join(_TABLE)}"}}, 404)
    try:
        found = do(engine, rest, json.loads(request.body) if request.body.strip() else {})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return said({"error": {"code": "bad_request", "message": f"{type(error).__name__}: {error}"}}, 400)
    return Answer(204) if found is None else said(found)


def _open(engine: Engine, name: str, body: Mapping[str, Any]) -> object:
    return {"url": engine.hosts.front(name or str(body["host"]), str(body["host"]))}


def _fronts(engine: Engine, _name: str, _body: Mapping[str, Any]) -> object:
    return {name: {"url": front.url, "host": front.host} for name, front in engine.hosts.fronts.items()}


def _plan(engine: Engine, name: str, body: Mapping[str, Any]) -> object:
    team = engine.account.team(name)
    if team is None or body["plan"] not in PLANS:
        message = f"no team {name}, or none of the plans {', '.join(PLANS)}"
        raise ValueError(message)
    team.plan = body["plan"]
    return {"id": team.id, "plan": team.plan}


def _behave(engine: Engine, _name: str, body: Mapping[str, Any]) -> None:
    engine.faults.behaviour = {str(key): str(value) for key, value in body.items()}


def _limit(engine: Engine, _name: str, body: Mapping[str, Any]) -> None:
    engine.buckets.clear()
    engine.buckets.overrides = {str(key): int(value) for key, value in body.items()}


def _tick(engine: Engine, _name: str, body: Mapping[str, Any]) -> object:
    """Start what is due at a minute, one after the other, and tell what was answered."""
    at = datetime.fromisoformat(str(body["at"]))
    return {one.name: one.run() for one in clocks.due(engine, at)}


def _later(engine: Engine, _name: str, body: Mapping[str, Any]) -> None:
    engine.queues.ahead += float(body["seconds"])


_TABLE: Mapping[str, Do] = {
    "POST reset": lambda engine, _name, _body: engine.reset(),
    "GET fronts": _fronts,
    "PUT fronts": _open,
    "DELETE fronts": lambda engine, name, _body: {"closed": engine.hosts.shut(name)},
    "PUT teams": _plan,
    "POST faults": lambda engine, _name, body: engine.faults.add(body),
    "DELETE faults": lambda engine, _name, _body: engine.faults.clear(),
    "PUT behaviour": _behave,
    "PUT limits": _limit,
    "POST tick": _tick,
    "POST later": _later,
    "GET messages": lambda engine, _name, _body: facts(engine.queues),
}

"""The API: finds the call, lets faults happen, answers in the platform's words, and writes everything down."""

from __future__ import annotations

import traceback
from dataclasses import replace
from typing import Any

from fnctl_vercel.standin import routes
from fnctl_vercel.standin.calls import aliases, deployments, operating, people, projects, releases, uploads, variables
from fnctl_vercel.standin.engine import Engine
from fnctl_vercel.standin.web import Answer, Refused, Request, said

TABLE = (
    *people.ROUTES,
    *projects.ROUTES,
    *variables.ROUTES,
    *uploads.ROUTES,
    *deployments.ROUTES,
    *aliases.ROUTES,
    *releases.ROUTES,
    *operating.ROUTES,
)


def answer(engine: Engine, request: Request) -> Answer:
    """Answer one call."""
    fault = engine.faults.met(request)
    if fault is not None and fault.act == "drop":
        engine.journal.write(request, 0, "dropped")
        return Answer(cut=True)
    found = fault.answer() if fault is not None and fault.act == "answer" else _answered(engine, request)
    engine.journal.write(request, found.status, fault.act if fault else None)
    return Answer(cut=True) if fault is not None and fault.act == "lose" else found


def _answered(engine: Engine, request: Request) -> Answer:
    try:
        return _dispatched(engine, request)
    except Refused as refused:
        return refused.answer()
    except Exception:  # noqa: BLE001  # a mistake of ours is an answer of 500 and a traceback in the log, never a hung client
        traceback.print_exc()
        return said({"error": {"code": "internal_server_error", "message": "An unexpected internal error occurred"}}, 500)


def _dispatched(engine: Engine, request: Request) -> Answer:
    call = f"{request.method} {request.path}"
    for route in TABLE:
        found = route.pattern.fullmatch(call)
        if found is None:
            continue
        with engine.account.lock:
            ask = routes.prepared(engine, request, route, found.groupdict())
            pairs = engine.buckets.take(ask.scope, "call")
            done = route.do(ask)
        known = {name for name, _ in done.pairs}
        return replace(done, pairs=(*done.pairs, *(pair for pair in pairs if pair[0] not in known)))
    raise Refused(404, "not_found", f"There is no {call} here", _near(request))


def _near(request: Request) -> dict[str, Any]:
    """Name the versions under which the same path is known: the usual mistake."""
    rest = request.path.split("/", 2)[-1]
    versions = [version for version in range(1, 20) if any(route.pattern.fullmatch(f"{request.method} /v{version}/{rest}") for route in TABLE)]
    return {"versions": versions} if versions else {}

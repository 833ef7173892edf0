"""What looks at running deployments: runtime logs, live and stored, and crons that are started by hand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fnctl_vercel.standin import clocks
from fnctl_vercel.standin.account import now
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said

FOLLOW_SECONDS = 300.0
"""A stream is ended after a while, with a record that says so."""
_DEPLOYMENT = re.compile(r'deploymentId:"?([A-Za-z0-9_]+)')


def _stream(ask: Ask) -> Answer:
    deployment = ask.deployment()
    if deployment.project != ask.project().id:
        raise Refused(404, "not_found", "The deployment could not be found.")
    begun = len(ask.account.logs[deployment.id])
    return Answer(200, _follow(ask, deployment.id, begun), (("content-type", "application/stream+json"),))


def _follow(ask: Ask, deployment: str, sent: int) -> Iterator[bytes]:
    """Send what is logged from now on, as the platform does: what was before is not here."""
    until = now() + FOLLOW_SECONDS * 1000
    while now() < until and deployment in ask.account.deployments:
        with ask.account.lock:
            fresh = ask.account.logs[deployment][sent:]
        for record in fresh:
            yield json.dumps({key: value for key, value in record.items() if key not in ("requestId", "deploymentId", "function")}).encode() + b"\n"
        sent += len(fresh)
        if not fresh:
            with ask.account.news:
                ask.account.news.wait(0.25)
    yield json.dumps({"level": "info", "message": "", "rowId": "", "source": "delimiter", "timestampInMs": now()}).encode() + b"\n"


def _events(ask: Ask) -> Answer:
    """Stored records, as the CLI 64.0.2 asks for them and checks the answer; no description of this endpoint is public."""
    body = ask.body
    projects = {one.id for one in ask.account.projects.values() if one.team == ask.team.id} & set(body["scope"]["projectIds"])
    named = _DEPLOYMENT.search(str(body.get("filter", "")))
    since, until = (_milliseconds(body["timeRange"][end]) for end in ("start", "end"))
    found = [
        _stored(record, deployment.project)
        for deployment in ask.account.deployments.values()
        if deployment.project in projects and (named is None or named[1] == deployment.id)
        for record in ask.account.logs[deployment.id]
        if since <= record["timestampInMs"] <= until
    ]
    found.sort(key=lambda one: str(one["timestamp"]), reverse=body.get("order") != "asc")
    limit, at = int(body.get("limit") or 100), int(body.get("cursor") or 0)
    more = len(found) > at + limit
    return said({"events": found[at : at + limit], "pagination": {"hasMore": more, "nextCursor": str(at + limit) if more else None}})


def _stored(record: dict[str, Any], project: str) -> dict[str, Any]:
    return {**record, "projectId": project, "timestamp": record["timestampInMs"], "environment": "production", "stream": "stdout"}


def _milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def _run(ask: Ask) -> Answer:
    project, path = ask.project(), ask.body["path"]
    if path not in [one["path"] for one in project.crons["definitions"]]:
        raise Refused(404, "not_found", "The project has no such cron.")
    threading.Thread(target=clocks.fire, args=(ask.engine, project, path), daemon=True, name="cron").start()
    return said({"invocationAt": now()})


ROUTES = (
    Route("GET /v1/projects/{project}/deployments/{deployment}/runtime-logs", _stream),
    Route("POST /v1/observability/events", _events, "log-query"),
    Route("POST /v1/projects/{project}/crons/run", _run, "cron-run"),
)

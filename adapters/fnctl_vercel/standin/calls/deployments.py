"""Deployments: created before their files are there, built in the background, read, listed, followed, cancelled and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fnctl_vercel.standin import limits, views
from fnctl_vercel.standin.account import Deployment, Project, Target, name_of, now
from fnctl_vercel.standin.calls.projects import make
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said

FOLLOW_SECONDS = 600.0


def _create(ask: Ask) -> Answer:
    body = ask.body
    target, environment = _target(body)
    previous = _previous(ask, body)
    project = _project(ask, body, previous)
    if environment is not None:
        environment = _environment(project, environment)
    files = previous.files if previous else body.get("files") or []
    if not files:
        raise Refused(400, "bad_request", "Invalid request: `files` or `deploymentId` is needed.")
    _complete(ask, files)
    pairs = ask.engine.buckets.take(ask.team, "deployment")
    made = _make(ask, project, body, target, environment, files)
    made.prebuilt = ask.request.query.get("prebuilt") == "1" or (previous is not None and previous.prebuilt)
    ask.account.deployments[made.id] = made
    ask.engine.start(made)
    return said(views.deployment_view(ask.engine, made), 200, pairs)


def _target(body: dict[str, Any]) -> tuple[Target, str | None]:
    named, own = body.get("target"), body.get("customEnvironmentSlugOrId")
    if named == "production":
        return "production", None
    if named in (None, "preview", "staging"):
        return "preview", own
    return "preview", named


def _previous(ask: Ask, body: dict[str, Any]) -> Deployment | None:
    name = body.get("deploymentId")
    if not name:
        return None
    found = ask.account.deployment(ask.team.id, name)
    if found is None:
        raise Refused(404, "not_found", "The deployment could not be found.")
    return found


def _project(ask: Ask, body: dict[str, Any], previous: Deployment | None) -> Project:
    if previous is not None:
        return ask.account.projects[previous.project]
    named = body.get("project")
    found = ask.account.project(ask.team.id, named or body["name"])
    if found is not None:
        return found
    if named:
        raise Refused(404, "not_found", "Project not found.", {"projectId": named})
    settings = body.get("projectSettings")
    if settings is None and ask.request.query.get("skipAutoDetectionConfirmation") != "1":
        words = "The `projectSettings` object is required for new projects, but is missing in the deployment payload"
        raise Refused(400, "missing_project_settings", words, {"framework": None})
    return make(ask, body["name"], dict(settings or {}))


def _environment(project: Project, name: str) -> str:
    found = next((one for one in project.environments if name in (one["id"], one["slug"])), None)
    if found is None:
        raise Refused(400, "bad_request", f"Invalid request: the custom environment `{name}` does not exist.")
    return str(found["id"])


def _complete(ask: Ask, files: list[dict[str, Any]]) -> None:
    paths: set[str] = set()
    for one in files:
        if one["file"] in paths:
            raise Refused(400, "conflicting_file_path", f"The path {one['file']} is there twice.", {"filePath": one["file"]})
        paths.add(one["file"])
    missing = [one["sha"] for one in files if "sha" in one and (ask.team.id, one["sha"]) not in ask.account.uploads]
    if missing:
        raise Refused(400, "missing_files", "Missing files", {"missing": list(dict.fromkeys(missing))})
    for one in files:
        size = ask.account.uploads.get((ask.team.id, one.get("sha", "")))
        if size is not None and one.get("size") not in (None, size):
            raise Refused(400, "invalid_size", f"The size of {one['file']} is {size}, and not {one['size']}.")


def _make(ask: Ask, project: Project, body: dict[str, Any], target: Target, environment: str | None, files: list[dict[str, Any]]) -> Deployment:
    environ = _environ(project, target, environment, body.get("env") or {})
    if sum(len(value.encode()) for value in environ.values()) > limits.VARIABLES:
        raise Refused(400, "env_too_large", "The environment variables are larger than 64 KB together.")
    plain = f"{project.name}-{name_of('', 9).lower()}-{ask.team.slug}.vercel.app"
    return Deployment(
        name_of("dpl_"),
        project.id,
        project.name,
        plain,
        target,
        environment,
        now(),
        dict(body.get("meta") or {}),
        files,
        environ,
        name_of("oidc_", 40),
        list(body.get("regions") or ["iad1"]),
        source=body.get("source", ""),
        auto=body.get("autoAssignCustomDomains", True),
    )


def _environ(project: Project, target: Target, environment: str | None, own: dict[str, str]) -> dict[str, str]:
    """What the project says for this target, as it is now: later changes are for later deployments."""
    found: dict[str, str] = {}
    for one in project.variables.values():
        fits = environment in one.environments if environment else target in one.target
        if fits and one.branch is None:
            found[one.key] = one.value
    return found | own


def _read(ask: Ask) -> Answer:
    return said(views.deployment_view(ask.engine, ask.deployment()))


def _list(ask: Ask) -> Answer:
    query = ask.request.query
    projects = {one.id for one in ask.account.projects.values() if one.team == ask.team.id}
    if wanted := query.get("projectId") or query.get("app"):
        found = ask.account.project(ask.team.id, wanted)
        projects &= {found.id} if found else set()
    shown = [one for one in ask.account.deployments.values() if one.project in projects and _wanted(ask, one, query)]
    shown.sort(key=lambda one: one.created, reverse=True)
    limit = int(query.get("limit") or 20)
    if limit > 100:
        raise Refused(400, "bad_request", "Invalid request: `limit` should be <= 100.")
    page = shown[:limit]
    after = page[-1].created if len(shown) > limit else None
    listed = [views.listed(ask.engine, one) for one in page]
    return said({"deployments": listed, "pagination": {"count": len(page), "next": after, "prev": page[0].created if page else None}})


def _wanted(ask: Ask, one: Deployment, query: dict[str, str]) -> bool:
    owner = ask.account.projects[one.project]
    return (
        (not query.get("target") or query["target"] == one.target)
        and (not query.get("state") or one.state in query["state"].upper().split(","))
        and (not query.get("since") or one.created > int(query["since"]))
        and (not query.get("until") or one.created < int(query["until"]))
        and (query.get("rollbackCandidate") != "true" or (one.promoted > 0 and one.id != owner.production))
        and all(one.meta.get(key[5:]) == value for key, value in query.items() if key.startswith("meta-"))
    )


def _delete(ask: Ask) -> Answer:
    found = ask.deployment()
    ask.engine.remove(found)
    return said({"uid": found.id, "state": "DELETED"})


def _cancel(ask: Ask) -> Answer:
    found = ask.deployment()
    if found.ended:
        raise Refused(400, "bad_request", f"The deployment is {found.state} and cannot be canceled.")
    found.state = "CANCELED"
    ask.account.tell()
    return said(views.deployment_view(ask.engine, found))


def _events(ask: Ask) -> Answer:
    found, query = ask.deployment(), ask.request.query
    if query.get("follow") == "1":
        return Answer(200, _follow(ask, found), (("content-type", "application/stream+json"),))
    events = list(found.events)
    if query.get("direction") == "backward":
        events.reverse()
    limit = int(query.get("limit") or -1)
    events = events[:limit] if limit >= 0 else events
    if query.get("format") == "lines":
        return Answer(200, b"".join(json.dumps(one).encode() + b"\n" for one in events), (("content-type", "application/stream+json"),))
    return said(events)


def _builds(ask: Ask) -> Answer:
    """The CLI shows these; a prebuilt output has none of its own."""
    ask.deployment()
    return said({"builds": []})


def _follow(ask: Ask, found: Deployment) -> Iterator[bytes]:
    sent, until = 0, now() + FOLLOW_SECONDS * 1000
    while now() < until:
        with ask.account.lock:
            fresh, ended = found.events[sent:], found.ended
        for one in fresh:
            yield json.dumps(one).encode() + b"\n"
        sent += len(fresh)
        if ended and not fresh:
            return
        with ask.account.news:
            ask.account.news.wait(0.2)


ROUTES = (
    Route("POST /v13/deployments", _create, "deployment"),
    Route("GET /v13/deployments/{deployment}", _read),
    Route("GET /v6|v7/deployments", _list),
    Route("DELETE /v13/deployments/{deployment}", _delete),
    Route("DELETE /now/deployments/{deployment}", _delete, home=True),  # the CLI's own, which names no team
    Route("GET /v11/deployments/{deployment}/builds", _builds),
    Route("PATCH /v12/deployments/{deployment}/cancel", _cancel),
    Route("GET /v3/deployments/{deployment}/events", _events),
    Route("GET /v3/now/deployments/{deployment}/events", _events),
)

"""What moves the production aliases: promote, instant rollback, and rolling releases where the plan has them."""

from __future__ import annotations

from typing import Any

from fnctl_vercel.standin import views
from fnctl_vercel.standin.account import Deployment, Project, Rolling, now
from fnctl_vercel.standin.hosts import share
from fnctl_vercel.standin.limits import PLANS
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said


def _promote(ask: Ask) -> Answer:
    project, deployment = ask.project(), _ready(ask)
    if deployment.target != "production":
        raise Refused(400, "bad_request", "Only deployments of the target production can be promoted; others are built again for it.")
    if project.production == deployment.id:
        raise Refused(409, "conflict", "The deployment is the current production deployment already.")
    if project.rolling is not None:
        if project.rolling.canary != deployment.id:
            return Answer(202)
    elif project.rolling_config and project.production and not deployment.promoted:
        _begin(project, deployment)
        return Answer(201)
    _free(project)
    project.held = False
    ask.engine.assign(project, deployment, "promote")
    return Answer(201)


def _rollback(ask: Ask) -> Answer:
    project, deployment = ask.project(), _ready(ask)
    if project.rolling is not None and deployment.id == project.rolling.base:  # this is how a rolling release is given up
        ask.account.deployments[project.rolling.canary].substate, project.rolling = "STAGED", None
        ask.engine.assign(project, deployment, "rollback")
        return Answer(201)
    back = PLANS[ask.team.plan].steps_back
    earlier = sorted((one for one in ask.account.of(project) if one.promoted and one.id != project.production), key=lambda one: one.promoted)
    if deployment.target != "production" or not deployment.promoted or deployment.id == project.production:
        raise Refused(422, "unprocessable_entity", "The deployment was never in production, or is there now.")
    if back is not None and deployment not in earlier[-back:]:
        raise Refused(402, "payment_required", "The plan can roll back to the previous production deployment only.")
    _free(project)
    ask.engine.assign(project, deployment, "rollback")
    return Answer(201)


def _ready(ask: Ask) -> Deployment:
    deployment = ask.deployment()
    if deployment.project != ask.project().id:
        raise Refused(404, "not_found", "The deployment could not be found.")
    if deployment.state != "READY":
        raise Refused(409, "conflict", f"The deployment is {deployment.state}.")
    return deployment


def _free(project: Project) -> None:
    if project.job is not None and project.job["jobStatus"] in ("pending", "in-progress"):
        raise Refused(409, "conflict", "Another change of the production aliases is under way.")


def _job(ask: Ask) -> Answer:
    project = ask.project()
    status = {"succeeded": "completed"}.get(str((project.job or {}).get("jobStatus")), str((project.job or {}).get("jobStatus")))
    hosts = ask.engine.hosts.production(project) if project.job else []
    found = [{"status": status, "alias": host, "id": ask.account.aliases.get(host, (host,))[0]} for host in hosts]
    if ask.request.query.get("failedOnly") == "true":
        found = [one for one in found if one["status"] == "failed"]
    return said({"aliases": found, "pagination": {"count": len(found), "next": None, "prev": None}})


def _able(ask: Ask) -> Project:
    if not PLANS[ask.team.plan].rolling:
        raise Refused(403, "forbidden", "Rolling releases are not part of the plan.")
    return ask.project()


def _config(ask: Ask) -> Answer:
    return said({"rollingRelease": _able(ask).rolling_config})


def _configure(ask: Ask) -> Answer:
    project = _able(ask)
    stages = (ask.body or {}).get("stages", [])
    if ask.body and (not stages or stages[-1]["targetPercentage"] != 100):
        raise Refused(400, "bad_request", "Invalid request: the last of `stages` should have the `targetPercentage` 100.")
    project.rolling_config = ask.body or None
    return said({"rollingRelease": project.rolling_config})


def _unconfigure(ask: Ask) -> Answer:
    _able(ask).rolling_config = None
    return said({"rollingRelease": None})


def _begin(project: Project, deployment: Deployment) -> None:
    project.rolling = Rolling(str(project.production), deployment.id, 0, now())
    deployment.substate = "ROLLING"


def _start(ask: Ask) -> Answer:
    project = _able(ask)
    deployment = ask.account.deployment(ask.team.id, ask.body["canaryDeploymentId"])
    if deployment is None or deployment.project != project.id:
        raise Refused(404, "not_found", "The deployment could not be found.")
    if project.rolling_config is None or project.production is None or deployment.state != "READY":
        raise Refused(422, "unprocessable_entity", "There is no configuration, no current deployment, or the new one is not ready.")
    if project.rolling is not None:
        raise Refused(409, "conflict", "A rolling release is under way.")
    _begin(project, deployment)
    return said({"rollingRelease": _view(ask, project)})


def _approve(ask: Ask) -> Answer:
    project = _active(ask)
    rolling, stages = project.rolling, (project.rolling_config or {})["stages"]
    assert rolling is not None  # noqa: S101  # _active asked
    if ask.body["nextStageIndex"] != rolling.stage + 1 or rolling.stage + 1 >= len(stages):
        raise Refused(400, "bad_request", f"Invalid request: the stage is {rolling.stage}.")
    rolling.stage, rolling.started = rolling.stage + 1, now()
    if stages[rolling.stage]["targetPercentage"] == 100:
        ask.engine.assign(project, ask.account.deployments[rolling.canary], "promote")
    return said({"rollingRelease": _view(ask, project)})


def _complete(ask: Ask) -> Answer:
    project = _active(ask)
    assert project.rolling is not None  # noqa: S101  # _active asked
    view = _view(ask, project)
    ask.engine.assign(project, ask.account.deployments[project.rolling.canary], "promote")
    return said({"rollingRelease": {**view, "state": "COMPLETE"}})


def _active(ask: Ask) -> Project:
    project = _able(ask)
    if project.rolling is None or project.rolling.canary != ask.body["canaryDeploymentId"]:
        raise Refused(404, "not_found", "No rolling release of that deployment is under way.")
    return project


def _read(ask: Ask) -> Answer:
    project = _able(ask)
    return said({"rollingRelease": _view(ask, project) if project.rolling else None})


def _view(ask: Ask, project: Project) -> dict[str, Any]:
    rolling, stages = project.rolling, (project.rolling_config or {}).get("stages", [])
    assert rolling is not None  # noqa: S101  # callers ask
    share(project)  # stages may have passed
    shown = [{"index": at, "isFinalStage": at == len(stages) - 1, **one} for at, one in enumerate(stages)]
    current = ask.account.deployments[rolling.base]
    return {
        "state": "ACTIVE",
        "currentDeployment": views.listed(ask.engine, current),
        "canaryDeployment": views.listed(ask.engine, ask.account.deployments[rolling.canary]),
        "queuedDeploymentId": None,
        "stages": shown,
        "activeStage": shown[rolling.stage],
        "nextStage": shown[rolling.stage + 1] if rolling.stage + 1 < len(shown) else None,
        "startedAt": rolling.started,
        "updatedAt": rolling.started,
    }


ROUTES = (
    Route("POST /v10/projects/{project}/promote/{deployment}", _promote),
    Route("POST /v1|v9/projects/{project}/rollback/{deployment}", _rollback),
    Route("GET /v1/projects/{project}/promote/aliases", _job),
    Route("GET /v9/projects/{project}/rollback/aliases", _job),
    Route("GET /v1/projects/{project}/rolling-release/config", _config),
    Route("PATCH /v1/projects/{project}/rolling-release/config", _configure, "rolling-config"),
    Route("DELETE /v1/projects/{project}/rolling-release/config", _unconfigure),
    Route("POST /v1/projects/{project}/rolling-release/start", _start, "rolling-start"),
    Route("POST /v1/projects/{project}/rolling-release/approve-stage", _approve, "rolling-approve"),
    Route("POST /v1/projects/{project}/rolling-release/complete", _complete, "rolling-complete"),
    Route("GET /v1/projects/{project}/rolling-release", _read),
)

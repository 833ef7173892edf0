"""Aliases: host names that are pointed at deployments by hand."""

from __future__ import annotations

import re
from typing import Any

from fnctl_vercel.standin.account import Deployment, name_of, now
from fnctl_vercel.standin.queues import stamp
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


def _create(ask: Ask) -> Answer:
    deployment, host = ask.deployment(), ask.body["alias"].lower()
    host = host if "." in host else f"{host}.vercel.app"
    if deployment.state != "READY":
        raise Refused(400, "deployment_not_ready", "The deployment is not ready yet.")
    if not _HOST.fullmatch(host):
        raise Refused(400, "invalid_alias", f"The alias {host} is not a host name.")
    known = ask.account.aliases.get(host)
    if known is not None:
        behind = ask.account.deployments[known[1]]
        if behind.id == deployment.id:
            raise Refused(409, "alias_exists", "The alias is already assigned to the deployment.")
        if ask.account.projects[behind.project].team != ask.team.id:
            raise Refused(403, "alias_in_use", "The alias is in use by another team.")
    uid = known[0] if known else name_of("als_", 20)
    ask.account.aliases[host] = (uid, deployment.id)
    old = known[1] if known else None
    return said({"uid": uid, "alias": host, "created": stamp(now() / 1000), "oldDeploymentId": old})


def _of_deployment(ask: Ask) -> Answer:
    deployment = ask.deployment()
    return said({"aliases": [_view(ask, host) for host, (_, behind) in ask.account.aliases.items() if behind == deployment.id]})


def _list(ask: Ask) -> Answer:
    wanted = ask.request.query.get("projectId")
    hosts = [host for host, (_, behind) in ask.account.aliases.items() if (one := _mine(ask, behind)) and wanted in (None, one.project)]
    limit = int(ask.request.query.get("limit") or 20)
    return said(
        {"aliases": [_view(ask, host) for host in hosts[:limit]], "pagination": {"count": min(len(hosts), limit), "next": None, "prev": None}}
    )


def _mine(ask: Ask, deployment: str) -> Deployment | None:
    return ask.account.deployment(ask.team.id, deployment)


def _read(ask: Ask) -> Answer:
    return said(_view(ask, _named(ask)))


def _delete(ask: Ask) -> Answer:
    del ask.account.aliases[_named(ask)]
    return said({"status": "SUCCESS"})


def _named(ask: Ask) -> str:
    for host, (uid, behind) in ask.account.aliases.items():
        if ask.parts["alias"] in (uid, host) and _mine(ask, behind):
            return host
    raise Refused(404, "not_found", "The alias could not be found.")


def _view(ask: Ask, host: str) -> dict[str, Any]:
    uid, behind = ask.account.aliases[host]
    deployment = ask.account.deployments[behind]
    return {
        "uid": uid,
        "alias": host,
        "created": stamp(deployment.created / 1000),
        "createdAt": deployment.created,
        "deploymentId": behind,
        "deployment": {"id": behind, "url": deployment.host, "meta": "{}"},
        "projectId": deployment.project,
        "redirect": None,
    }


ROUTES = (
    Route("POST /v2/deployments/{deployment}/aliases", _create, "alias"),
    Route("POST /now/deployments/{deployment}/aliases", _create, "alias"),
    Route("GET /v2/deployments/{deployment}/aliases", _of_deployment),
    Route("GET /now/deployments/{deployment}/aliases", _of_deployment),
    Route("GET /v4/aliases", _list),
    Route("GET /v3/now/aliases", _list),
    Route("GET /v4/aliases/{alias}", _read),
    Route("GET /now/aliases/{alias}", _read),
    Route("DELETE /now/aliases/{alias}", _delete),
    Route("DELETE /v2/aliases/{alias}", _delete),
)

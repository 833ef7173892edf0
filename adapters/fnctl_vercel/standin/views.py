"""Objects as the API shows them."""

from __future__ import annotations

from typing import Any

from fnctl_vercel.standin.account import USER, Deployment, Project
from fnctl_vercel.standin.calls import variables
from fnctl_vercel.standin.engine import Engine

PROTECTED = {"deploymentType": "prod_deployment_urls_and_all_previews"}
"""How a new project is protected, until somebody says otherwise."""
RESOURCES = {"fluid": True, "functionDefaultRegions": ["iad1"], "functionDefaultTimeout": 300, "functionDefaultMemoryType": "standard"}


def project(engine: Engine, one: Project) -> dict[str, Any]:
    """`GET /v9/projects/{id}`."""
    account = engine.account
    newest = [_latest(engine, deployment) for deployment in list(account.of(one))[:2]]
    current = account.deployments.get(one.production or "")
    return {
        "framework": None,
        "rootDirectory": None,
        "nodeVersion": "24.x",
        "directoryListing": False,
        "autoAssignCustomDomains": True,
        "autoExposeSystemEnvs": True,
        "ssoProtection": PROTECTED,
        **one.settings,
        "resourceConfig": {**RESOURCES, **one.settings.get("resourceConfig", {})},
        "defaultResourceConfig": RESOURCES,
        "id": one.id,
        "name": one.name,
        "accountId": one.team,
        "createdAt": one.created,
        "updatedAt": one.updated,
        "live": False,
        "env": [variables.view(variable) for variable in one.variables.values()],
        "targets": {"production": _latest(engine, current)} if current else {},
        "latestDeployments": newest,
        "alias": [{"domain": host, "target": "PRODUCTION", "deployment": None} for host in engine.hosts.production(one)],
        "crons": one.crons,
        "customEnvironments": one.environments,
        "lastAliasRequest": one.job,
        "lastRollbackTarget": {"fromDeploymentId": one.rolled_back_from, "toDeploymentId": one.production} if one.held else None,
        "protectionBypass": one.bypass,
        "rollingRelease": one.rolling_config,
    }


def domain(one: Project, known: dict[str, Any]) -> dict[str, Any]:
    """A domain of a project; here every domain is verified."""
    name = str(known["name"])
    return {
        "name": name,
        "apexName": ".".join(name.split(".")[-2:]),
        "projectId": one.id,
        "redirect": known.get("redirect"),
        "redirectStatusCode": known.get("redirectStatusCode"),
        "gitBranch": known.get("gitBranch"),
        "createdAt": known.get("createdAt", one.created),
        "updatedAt": one.updated,
        "verified": True,
    }


def deployment_view(engine: Engine, one: Deployment) -> dict[str, Any]:
    """`GET /v13/deployments/{id}`."""
    account = engine.account
    owner = account.projects[one.project]
    team = account.teams[owner.team]
    crons = one.build.config.get("crons", []) if one.build else []
    return {
        "id": one.id,
        "uid": one.id,
        "name": one.name,
        "url": one.host,
        "version": 2,
        "type": "LAMBDAS",
        "plan": team.plan,
        "public": False,
        **({"source": one.source} if one.source else {}),
        "target": "production" if one.target == "production" else None,
        **({"customEnvironment": {"id": one.environment}} if one.environment else {}),
        "projectId": one.project,
        "project": {"id": owner.id, "name": owner.name, "framework": None},
        "ownerId": team.id,
        "team": {"id": team.id, "slug": team.slug, "name": team.slug.title()},
        "creator": {"uid": USER["uid"], "username": USER["username"]},
        "createdAt": one.created,
        "created": one.created,
        "createdIn": one.regions[0],
        "bootedAt": one.created,
        "buildingAt": one.created,
        **({"ready": one.ready} if one.ready else {}),
        "readyState": one.state,
        "status": one.state,
        "state": one.state,
        **({"readySubstate": one.substate} if one.substate else {}),
        "aliasAssigned": one.assigned is not None,
        "aliasError": None,
        "buildSkipped": False,
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "projectSettings": {},
        "routes": one.build.config.get("routes") or [] if one.build else [],
        "alias": one.aliases,
        "automaticAliases": one.aliases,
        "userAliases": [],
        "meta": one.meta,
        "env": sorted(one.environ),
        "build": {"env": []},
        "regions": one.regions,
        "crons": crons,
        "inspectorUrl": f"https://vercel.com/{team.slug}/{owner.name}/{one.id[4:]}",
        "isRollbackCandidate": one.target == "production" and one.promoted > 0 and one.id != owner.production,
        **(one.error or {}),
    }


def _latest(engine: Engine, one: Deployment) -> dict[str, Any]:
    """As a project shows its own."""
    whole = deployment_view(engine, one)
    kept = (
        "id",
        "alias",
        "aliasAssigned",
        "aliasError",
        "createdAt",
        "createdIn",
        "meta",
        "name",
        "plan",
        "readyState",
        "readySubstate",
        "target",
        "type",
        "url",
    )
    creator = {key: USER[key] for key in ("uid", "username", "email")}
    shown = {key: whole[key] for key in kept if key in whole}
    return {**shown, "creator": creator, "deploymentHostname": one.host, "private": False, "userId": USER["id"]}


def listed(engine: Engine, one: Deployment) -> dict[str, Any]:
    """As lists show it: `uid`, and fewer fields."""
    whole = deployment_view(engine, one)
    left_out = ("id", "build", "env", "regions", "alias", "automaticAliases", "userAliases", "team", "version", "public")
    return {key: value for key, value in whole.items() if key not in left_out}

"""Projects, their custom environments and domains, the secret that passes deployment protection, and whether their crons run."""

from __future__ import annotations

import re
import secrets
from typing import Any

from fnctl_vercel.standin import views
from fnctl_vercel.standin.account import Project, name_of, now
from fnctl_vercel.standin.calls.variables import add
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said

NODE = "24.x"
_NAME = re.compile(r"(?!.*---)[a-z0-9._-]{1,100}")


def make(ask: Ask, name: str, settings: dict[str, Any]) -> Project:
    """Make a project; raises Refused for a name that is taken or cannot be."""
    if not _NAME.fullmatch(name):
        words = "The project name can only contain up to 100 lowercase letters, digits, and the characters '.', '_', and '-', and no '---'."
        raise Refused(400, "invalid_project_name", words)
    if ask.account.project(ask.team.id, name):
        raise Refused(409, "conflict", f'Project "{name}" already exists, please use a new name.')
    stamp = now()
    project = Project(name_of("prj_"), name, ask.team.id, stamp, stamp, {"nodeVersion": NODE, **settings})
    project.crons = {"enabledAt": stamp, "disabledAt": None, "updatedAt": stamp, "deploymentId": None, "definitions": []}
    ask.account.projects[project.id] = project
    return project


def _create(ask: Ask) -> Answer:
    settings = dict(ask.body)
    name, variables = settings.pop("name"), settings.pop("environmentVariables", [])
    project = make(ask, name, settings)
    for one in variables:
        add(project, {"type": "encrypted", **one, "target": [one["target"]] if isinstance(one["target"], str) else one["target"]}, upsert=False)
    return said(views.project(ask.engine, project))


def _list(ask: Ask) -> Answer:
    search, limit = ask.request.query.get("search", ""), int(ask.request.query.get("limit") or 20)
    found = [one for one in ask.account.projects.values() if one.team == ask.team.id and search in one.name]
    newest = sorted(found, key=lambda one: one.updated, reverse=True)[:limit]
    shown = [views.project(ask.engine, one) for one in newest]
    return said({"projects": shown, "pagination": {"count": len(newest), "next": None, "prev": None}})


def _read(ask: Ask) -> Answer:
    return said(views.project(ask.engine, ask.project()))


def _change(ask: Ask) -> Answer:
    project = ask.project()
    name = ask.body.get("name")
    if name and name != project.name:
        if not _NAME.fullmatch(name):
            raise Refused(400, "invalid_project_name", "The project name cannot be that.")
        if ask.account.project(ask.team.id, name):
            raise Refused(409, "conflict", f'Project "{name}" already exists, please use a new name.')
        project.name = name
    project.settings |= {key: value for key, value in ask.body.items() if key != "name"}
    project.updated = now()
    return said(views.project(ask.engine, project))


def _delete(ask: Ask) -> Answer:
    project = ask.project()
    for deployment in list(ask.account.of(project)):
        ask.engine.remove(deployment)
    ask.engine.hosts.forget(project)
    del ask.account.projects[project.id]
    return Answer(204)


def _bypass(ask: Ask) -> Answer:
    project, revoke, generate = ask.project(), ask.body.get("revoke"), ask.body.get("generate")
    if revoke is not None:
        if project.bypass.pop(revoke["secret"], None) is None:
            raise Refused(404, "not_found", "There is no such bypass secret.")
        if revoke["regenerate"]:
            generate = generate or {}
    if generate is not None or revoke is None:
        secret = (generate or {}).get("secret") or secrets.token_hex(16)
        if secret in project.bypass:
            raise Refused(409, "conflict", "The bypass secret exists already.")
        project.bypass[secret] = {"createdAt": now(), "createdBy": "usr_sandbox", "scope": "automation-bypass"}
    return said({"protectionBypass": project.bypass})


def _crons(ask: Ask) -> Answer:
    project = ask.project()
    stamp = now()
    project.crons |= {"enabledAt": stamp, "disabledAt": None} if ask.body["enabled"] else {"disabledAt": stamp}
    project.crons["updatedAt"] = stamp
    return said(views.project(ask.engine, project))


def _environments(ask: Ask) -> Answer:
    return said({"environments": ask.project().environments, "accountLimit": {"total": 1 if ask.team.plan == "pro" else 12}})


def _environment(ask: Ask) -> Answer:
    project, slug = ask.project(), ask.body.get("slug", "")
    allowed = {"hobby": 0, "pro": 1, "enterprise": 12}[ask.team.plan]
    if len(project.environments) >= allowed:
        raise Refused(402, "custom_environments_limit", f"The plan {ask.team.plan} has {allowed} custom environments.")
    if not slug or slug in ("production", "preview", "development") or any(slug == one["slug"] for one in project.environments):
        raise Refused(400, "bad_request", "Invalid request: `slug` is missing, reserved or taken.")
    made = {"id": name_of("env_", 20), "slug": slug, "type": "preview", "description": ask.body.get("description", ""), "createdAt": now()}
    project.environments.append(made)
    return said(made, 201)


def _drop_environment(ask: Ask) -> Answer:
    project = ask.project()
    found = next((one for one in project.environments if ask.parts["environment"] in (one["id"], one["slug"])), None)
    if found is None:
        raise Refused(404, "not_found", "Custom environment not found.")
    project.environments.remove(found)
    return said(found)


def _domains(ask: Ask) -> Answer:
    project = ask.project()
    known = [{"name": ask.engine.hosts.production(project)[0]}, *project.domains]
    return said({"domains": [views.domain(project, one) for one in known], "pagination": {"count": len(known), "next": None, "prev": None}})


def _add_domain(ask: Ask) -> Answer:
    project, name = ask.project(), ask.body["name"].lower()
    taken = next((one for one in ask.account.projects.values() if any(name == known["name"] for known in one.domains)), None)
    if taken is not None:
        raise Refused(409, "domain_already_in_use", f"Cannot add {name} since it's already in use by a project.", {"projectId": taken.id})
    project.domains.append({"name": name, "createdAt": now(), **{key: value for key, value in ask.body.items() if key != "name"}})
    ask.engine.hosts.point(project)
    return said(views.domain(project, project.domains[-1]))


def _domain(ask: Ask) -> Answer:
    return said(views.domain(ask.project(), _named(ask)))


def _drop_domain(ask: Ask) -> Answer:
    ask.project().domains.remove(_named(ask))
    ask.account.aliases.pop(ask.parts["domain"], None)
    return said({})


def _named(ask: Ask) -> dict[str, Any]:
    found = next((one for one in ask.project().domains if one["name"] == ask.parts["domain"]), None)
    if found is None:
        raise Refused(404, "not_found", "The domain is not assigned to the project.")
    return found


ROUTES = (
    Route("POST /v9|v10|v11/projects", _create, "project"),
    Route("POST /v1/projects", _create, "project", home=True),  # the CLI's own, which names no team
    Route("GET /v9|v10/projects", _list),
    Route("GET /v9/projects/{project}", _read),
    Route("PATCH /v9/projects/{project}", _change, "project-change"),
    Route("DELETE /v9/projects/{project}", _delete),
    Route("PATCH /v1/projects/{project}/protection-bypass", _bypass, "bypass"),
    Route("PATCH /v1/projects/{project}/crons", _crons, "crons"),
    Route("GET /v9/projects/{project}/custom-environments", _environments),
    Route("GET /projects/{project}/custom-environments", _environments),
    Route("POST /v9/projects/{project}/custom-environments", _environment, "custom-environment"),
    Route("DELETE /v9/projects/{project}/custom-environments/{environment}", _drop_environment),
    Route("GET /v9/projects/{project}/domains", _domains),
    Route("POST /v10/projects/{project}/domains", _add_domain, "domain"),
    Route("GET /v9/projects/{project}/domains/{domain}", _domain),
    Route("POST /v9/projects/{project}/domains/{domain}/verify", _domain),
    Route("DELETE /v9/projects/{project}/domains/{domain}", _drop_domain),
)

"""Environment variables: one value a key and target, sensitive ones never come back, and a change acts on the next deployment only."""

from __future__ import annotations

import base64
import re
from typing import Any

from fnctl_vercel.standin import limits
from fnctl_vercel.standin.account import Project, Variable, name_of, now
from fnctl_vercel.standin.routes import Ask, Route
from fnctl_vercel.standin.web import Answer, Refused, said

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def add(project: Project, wanted: dict[str, Any], *, upsert: bool) -> Variable:
    """Add one, or with `upsert` change the one with the very same targets. Raises Refused."""
    _fits(project, wanted)
    same = [one for one in project.variables.values() if one.key == wanted["key"] and one.branch == wanted.get("gitBranch")]
    known = next((one for one in same if sorted(one.target) == sorted(_targets(wanted)) and one.environments == _own(wanted)), None)
    if known is not None and upsert:
        return _changed(known, wanted)
    for one in same:
        if set(one.target) & set(_targets(wanted)) or set(one.environments) & set(_own(wanted)):
            raise _conflict(one)
    stamp, branch = now(), wanted.get("gitBranch")
    made = Variable(
        name_of("", 16), wanted["key"], wanted["value"], wanted["type"], _targets(wanted), stamp, stamp, branch, wanted.get("comment"), _own(wanted)
    )
    project.variables[made.id] = made
    return made


def _targets(wanted: dict[str, Any]) -> list[str]:
    return list(wanted.get("target") or ())


def _own(wanted: dict[str, Any]) -> list[str]:
    return list(wanted.get("customEnvironmentIds") or ())


def _fits(project: Project, wanted: dict[str, Any]) -> None:
    targets, key = _targets(wanted), wanted["key"]
    if not _NAME.fullmatch(key):
        words = "The name contains invalid characters. Only letters, digits, and underscores are allowed, and the name should not start with a digit."
        raise _wrong("INVALID_KEY", words, key)
    if not targets and not _own(wanted):
        raise _wrong("bad_request", "Invalid request: `target` or `customEnvironmentIds` is needed.", key)
    if wanted["type"] == "sensitive" and "development" in targets:
        raise _wrong("BAD_REQUEST", "You cannot set a Sensitive Environment Variable's target to development.", key)
    if wanted.get("gitBranch") and targets != ["preview"]:
        raise _wrong("BAD_REQUEST", "A Git branch can only be set with the target preview.", key)
    if set(_own(wanted)) - {one["id"] for one in project.environments}:
        raise _wrong("not_found", "Custom environment not found.", key)
    for target in targets:
        if sum(target in one.target for one in project.variables.values()) >= limits.VARIABLES_COUNT:
            raise _wrong("ENV_LIMIT", f"There can be at most {limits.VARIABLES_COUNT} variables for {target}.", key)


def _wrong(code: str, words: str, key: str) -> Refused:
    return Refused(400, code, words, {"key": key, "envVarKey": key})


def _conflict(known: Variable) -> Refused:
    targets = ", ".join(known.target) or "of that environment"
    words = f"A variable with the name `{known.key}` already exists for the target {targets} on branch {known.branch}"
    more = {"key": known.key, "envVarKey": known.key, "envVarId": known.id, "target": known.target, "gitBranch": known.branch}
    return Refused(400, "ENV_CONFLICT", words, more)


def _changed(known: Variable, wanted: dict[str, Any]) -> Variable:
    if known.type == "sensitive" and wanted.get("type", "sensitive") != "sensitive":
        raise _wrong("BAD_REQUEST", "You cannot change the type of a Sensitive Environment Variable.", known.key)
    known.key, known.value, known.type = wanted.get("key", known.key), wanted.get("value", known.value), wanted.get("type", known.type)
    known.target = list(wanted.get("target", known.target))
    known.comment, known.branch = wanted.get("comment", known.comment), wanted.get("gitBranch", known.branch)
    known.updated = now()
    return known


def view(one: Variable, *, decrypt: bool = False) -> dict[str, Any]:
    """As the API shows it: what is encrypted comes as such unless it is asked for, what is sensitive never."""
    shown = one.value if one.type == "plain" or (decrypt and one.type != "sensitive") else ""
    if one.type == "encrypted" and not decrypt:
        shown = base64.b64encode(f"sealed:{one.id}:{one.updated}".encode()).decode()
    found = {
        "id": one.id,
        "key": one.key,
        "value": shown,
        "type": one.type,
        "target": one.target,
        "gitBranch": one.branch,
        "comment": one.comment,
        "customEnvironmentIds": one.environments,
        "createdAt": one.created,
        "updatedAt": one.updated,
        "createdBy": "usr_sandbox",
        "decrypted": decrypt and one.type != "sensitive",
    }
    return {key: value for key, value in found.items() if value is not None}


def _create(ask: Ask) -> Answer:
    many = isinstance(ask.body, list)
    created: list[dict[str, Any]] = []
    failed: list[Refused] = []
    upsert = ask.request.path.startswith("/v10/") and ask.request.query.get("upsert") == "true"
    project = ask.project()
    for wanted in ask.body if many else [ask.body]:
        try:
            created.append(view(add(project, wanted, upsert=upsert)))
        except Refused as refused:
            failed.append(refused)
    if failed and not created:
        raise failed[0]
    errors = [{"error": {"code": one.code, "message": one.message, **one.more}} for one in failed]
    project.updated = now()
    return said({"created": created if many else created[0], "failed": errors}, 201)


def _list(ask: Ask) -> Answer:
    decrypt = ask.request.query.get("decrypt") == "true"
    return said({"envs": [view(one, decrypt=decrypt) for one in ask.project().variables.values()]})


def _read(ask: Ask) -> Answer:
    return said(view(_named(ask), decrypt=True))


def _change(ask: Ask) -> Answer:
    project, known = ask.project(), _named(ask)
    target, branch = set(ask.body.get("target", known.target)), ask.body.get("gitBranch", known.branch)
    for one in project.variables.values():
        if one is not known and one.key == ask.body.get("key", known.key) and one.branch == branch and set(one.target) & target:
            raise _conflict(one)
    _fits(project, {"key": known.key, "type": known.type, "target": known.target, "customEnvironmentIds": known.environments, **ask.body})
    return said(view(_changed(known, ask.body)))


def _delete(ask: Ask) -> Answer:
    known = _named(ask)
    del ask.project().variables[known.id]
    return said(view(known))


def _delete_many(ask: Ask) -> Answer:
    project = ask.project()
    gone = [project.variables.pop(one) for one in ask.body["ids"] if one in project.variables]
    return said({"deleted": len(gone), "ids": [one.id for one in gone]})


def _named(ask: Ask) -> Variable:
    found = ask.project().variables.get(ask.parts["id"])
    if found is None:
        raise Refused(404, "not_found", "Environment Variable not found")
    return found


def _pull(ask: Ask) -> Answer:
    """Give what `vercel env pull` writes down: values that can be read, and a token of the project, here that of its production deployment."""
    project = ask.project()
    shown = {one.key: one.value for one in project.variables.values() if ask.parts["target"] in one.target and one.type != "sensitive"}
    live = ask.account.deployments.get(project.production or "")
    return said({"env": shown | ({"VERCEL_OIDC_TOKEN": live.oidc} if live else {}), "buildEnv": shown})


ROUTES = (
    Route("GET /v3/env/pull/{project}/{target}", _pull),
    Route("POST /v9|v10/projects/{project}/env", _create, "variables"),
    Route("GET /v8|v9|v10/projects/{project}/env", _list),
    Route("GET /v1/projects/{project}/env/{id}", _read),
    Route("PATCH /v9/projects/{project}/env/{id}", _change, "variable-change"),
    Route("DELETE /v9/projects/{project}/env/{id}", _delete),
    Route("DELETE /v1/projects/{project}/env", _delete_many, "variable-ids"),
)

"""Variables of a project: one list, writes that say what came of them, and the marks by which fnctl knows its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl.graph import Json
from fnctl_vercel.client import Client
from fnctl_vercel.faults import CONFLICTS, Refused
from fnctl_vercel.names import MARK, PREVIEW, PRODUCTION

SOURCES = (PRODUCTION, PREVIEW, "development")


class Taken(CloudError):
    """A variable of that name is there already, in the same environment."""


def listed(client: Client, project: str, run: Run | None = None) -> list[dict[str, Any]] | None:
    """Return all variables of a project, without the values of those that hide them; None where there is no project."""
    found = client.find(f"/v10/projects/{project}/env", run)
    if found is None:
        return None
    return list(found.get("envs") or ()) if isinstance(found, Mapping) else list(found)


def targets(variable: Mapping[str, Any]) -> list[str]:
    """Return the environments that see a variable, custom ones by their ids."""
    said = variable.get("target") or []
    return [*([said] if isinstance(said, str) else said), *(variable.get("customEnvironmentIds") or [])]


def value(client: Client, project: str, variable: Mapping[str, Any]) -> str:
    """Read one value."""
    found = client.get(f"/v1/projects/{project}/env/{variable['id']}")
    return str(found.get("value") or "")


def create(client: Client, project: str, body: Mapping[str, Json], *, upsert: bool = False, once: bool = False) -> dict[str, Any]:
    """Write a variable and return it. Vercel answers 201 for a part of it too, so what failed is looked for.

    Raises:
        Taken: there is one, and `upsert` was not asked for or finds another list of environments.
    """
    try:
        said = client.post(f"/v10/projects/{project}/env", body, once=once, **({"upsert": "true"} if upsert else {}))
    except Refused as error:
        if error.reason in CONFLICTS or "already exists" in str(error):
            raise _taken(body) from None
        raise
    for failed in said.get("failed") or ():
        found = failed.get("error") or {}
        if str(found.get("code")) in CONFLICTS:
            raise _taken(body)
        message = f"the variable {body['key']} was refused: {found.get('message')}"
        raise CloudError(message, reason=str(found.get("code") or ""))
    created = said.get("created")
    one = created[0] if isinstance(created, list) and created else created
    return dict(one) if isinstance(one, Mapping) else {}


def _taken(body: Mapping[str, Json]) -> Taken:
    message = f"the variable {body['key']} is there already, for other environments too"
    return Taken(message, reason="ENV_CONFLICT", help="give each environment a variable of its own in the project's settings, then run it again")


def for_environment(environment: str, custom: str | None) -> dict[str, Json]:
    """Say for which environment a variable is: one of Vercel's own, or a custom one by its id."""
    return {"customEnvironmentIds": [custom]} if custom else {"target": [environment]}


def mark(service: str, stage: str, *, bare: bool = False) -> dict[str, Json]:
    """Return the variable that says whose a project is; `bare` while it holds secrets only and nothing was deployed."""
    return {"key": MARK, "value": owner(service, stage, bare=bare), "target": ["development"], "type": "plain"}


def owner(service: str, stage: str, *, bare: bool = False) -> str:
    """Write whose a project is."""
    return f"{service}/{stage}{' secrets' if bare else ''}"


def owner_of(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Find the mark among a project's variables."""
    return next((variable for variable in found if variable["key"] == MARK), None)

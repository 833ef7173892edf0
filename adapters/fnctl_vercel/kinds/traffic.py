"""Moving production's addresses to a deployment: promote, or roll back to one that had them before, and the job that does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl_vercel import deployments
from fnctl_vercel.client import Client
from fnctl_vercel.faults import Refused
from fnctl_vercel.kinds.rolling import roll
from fnctl_vercel.names import PRODUCTION

ALIAS_HELP = "the addresses may still move: look with `fnctl status`, then run the same command again"


def give(client: Client, props: Mapping[str, Any], found: Mapping[str, Any], run: Run) -> None:
    """Give production's traffic to a deployment that is ready, and wait until the addresses lead to it."""
    project, name = str(props["project"]), deployments.id_of(found)
    base = _live(client, project, run)
    if base == name:
        return
    back = found.get("readySubstate") == "PROMOTED"
    if base and props["how"]["canary"] and not back:
        roll(client, project, base, found, props["how"], run)
    else:
        _ask(client, project, f"/v1/projects/{project}/rollback/{name}" if back else f"/v10/projects/{project}/promote/{name}", name, run)

    def done() -> bool | None:
        seen = client.get(f"/v9/projects/{project}", run)
        job = seen.get("lastAliasRequest") or {}
        if job.get("toDeploymentId") == name and job.get("jobStatus") == "failed":
            raise _failed(client, project, name, run)
        arrived = ((seen.get("targets") or {}).get(PRODUCTION) or {}).get("id") == name
        return True if arrived and (job.get("toDeploymentId") != name or job.get("jobStatus") in ("succeeded", "skipped")) else None

    client.wait(f"the production addresses to lead to {name}", done, run, limit=float(props["how"]["alias_timeout"]))


def _ask(client: Client, project: str, path: str, name: str, run: Run) -> None:
    """Ask for the move. A refusal because it is under way already, or done, comes of an answer that was lost."""
    try:
        client.post(path, {}, run)
    except Refused:
        seen = client.get(f"/v9/projects/{project}", run)
        if (seen.get("lastAliasRequest") or {}).get("toDeploymentId") != name and _live(client, project, run) != name:
            raise


def _live(client: Client, project: str, run: Run) -> str:
    found = client.get(f"/v9/projects/{project}", run)
    return str(((found.get("targets") or {}).get(PRODUCTION) or {}).get("id") or "")


def _failed(client: Client, project: str, name: str, run: Run) -> CloudError:
    said = client.find(f"/v1/projects/{project}/promote/aliases", run, failedOnly="true") or {}
    names = [str(one.get("alias")) for one in said.get("aliases") or () if isinstance(one, Mapping)]
    notes = (f"they did not move: {', '.join(names)}",) if names else ()
    return CloudError(f"Vercel could not lead the production addresses to {name}", reason="alias_failed", notes=notes, help=ALIAS_HELP)

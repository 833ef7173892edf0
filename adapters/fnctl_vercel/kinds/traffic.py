"""Moving production's addresses to a deployment: promote, or roll back to one that had them before, and the job that does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl_vercel import deployments
from fnctl_vercel.client import Client
from fnctl_vercel.faults import Refused
from fnctl_vercel.kinds import rolling

ALIAS_HELP = (
    "they may still move, and the next run looks first. Vercel's page of the project says why it takes long; "
    "`targets.vercel.alias_timeout` waits longer. Run the same command again"
)
T = TypeVar("T")


def give(client: Client, props: Mapping[str, Any], found: Mapping[str, Any], run: Run) -> None:
    """Give production's traffic to a deployment that is ready, and wait until the addresses lead to it."""
    name, limit = deployments.id_of(found), float(props["how"]["alias_timeout"])
    project = _quiet(client, str(props["project"]), name, limit, run)
    rolling.settle(client, project, name, run)
    base, split, back = deployments.in_production(project), bool(project.get("rollingRelease")), found.get("readySubstate") == "PROMOTED"
    if base == name:
        if split:
            rolling.forget(client, project, props["how"], run)
        return
    if base and props["how"]["canary"] and not back:
        rolling.roll(client, project, base, found, props["how"], run)
        split = True
    else:
        _ask(client, project, f"/v1/projects/{project['id']}/rollback/{name}" if back else f"/v10/projects/{project['id']}/promote/{name}", name, run)
        if split:  # a setting that somebody, or a run that was killed, has left begins a rolling release of its own
            rolling.finish(client, project, name, run)

    def done() -> bool | None:
        seen = client.get(f"/v9/projects/{project['id']}", run)
        job = seen.get("lastAliasRequest") or {}
        if job.get("toDeploymentId") == name and job.get("jobStatus") == "failed":
            raise _failed(client, str(project["id"]), name, run)
        return True if deployments.arrived(seen, name) else None

    _waited(client, f"the production addresses to lead to {name}", done, limit, run)
    if split:
        rolling.forget(client, project, props["how"], run)


def _quiet(client: Client, project: str, name: str, limit: float, run: Run) -> dict[str, Any]:
    """Return the project once no job moves its addresses elsewhere: Vercel refuses a second one meanwhile, and what it moves is not known before."""

    def done() -> dict[str, Any] | None:
        seen: dict[str, Any] = client.get(f"/v9/projects/{project}", run)
        return seen if deployments.moving(seen) in (None, name) else None

    return _waited(client, "an earlier move of the production addresses to end", done, limit, run)


def _waited(client: Client, what: str, done: Callable[[], T | None], limit: float, run: Run) -> T:
    try:
        return client.wait(what, done, run, limit=limit)
    except CloudError as error:
        if error.reason != "Timeout":
            raise
        raise CloudError(str(error), reason=error.reason, help=ALIAS_HELP) from None


def _ask(client: Client, project: Mapping[str, Any], path: str, name: str, run: Run) -> None:
    """Ask for the move. A refusal because it is under way already, or done, comes of an answer that was lost."""
    try:
        client.post(path, {}, run)
    except Refused:
        if not deployments.on_its_way(client.get(f"/v9/projects/{project['id']}", run), name):
            raise


def _failed(client: Client, project: str, name: str, run: Run) -> CloudError:
    said = client.find(f"/v1/projects/{project}/promote/aliases", run, failedOnly="true") or {}
    names = [str(one.get("alias")) for one in said.get("aliases") or () if isinstance(one, Mapping)]
    notes = (f"they did not move: {', '.join(names)}",) if names else ()
    return CloudError(f"Vercel could not lead the production addresses to {name}", reason="alias_failed", notes=notes, help=ALIAS_HELP)

"""A rolling release: a share of the traffic to the new deployment, a look at it for a while, then all of it, or none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Cancel, Run
from fnctl.errors import CloudError, CredentialsError
from fnctl.events import Event
from fnctl_vercel import deployments
from fnctl_vercel.client import Client
from fnctl_vercel.faults import Refused
from fnctl_vercel.smoke import answers

LOOK = 15.0
"""Seconds between two looks at the new deployment while it bakes."""
WHOLE = 100
PLANS = "rolling releases are part of Pro and Enterprise: correct `targets.vercel.plan`, or leave `rollout` out for this target"
BACK = 120.0
"""Seconds that the traffic may take to come back."""


def under_way(client: Client, project: Mapping[str, Any], run: Run | None) -> tuple[str, str] | None:
    """Return the deployments of a rolling release that has not ended, the new one and the old one; None for none, and for a plan without them."""
    try:
        found = client.get(_path(project), run, state="ACTIVE").get("rollingRelease") or {}
    except (Refused, CredentialsError):
        return None
    if found.get("state", "ACTIVE") != "ACTIVE" or not found.get("canaryDeployment"):
        return None
    return deployments.id_of(found["canaryDeployment"]), deployments.id_of(found.get("currentDeployment") or {})


def settle(client: Client, project: Mapping[str, Any], name: str, run: Run) -> None:
    """End a rolling release of another deployment, which a run that was killed has left: its share of the traffic goes back."""
    found = under_way(client, project, run)
    if found is not None and found[0] != name:
        run.emit(Event("log", {"message": f"{found[0]} still has a part of the traffic, of a run that ended early: it goes back"}))
        _give_up(client, project, found[1], run)


def finish(client: Client, project: Mapping[str, Any], name: str, run: Run) -> None:
    """Complete at once what has begun by a setting of the project, and not because the manifest asks for it."""
    found = under_way(client, project, run)
    if found is not None and found[0] == name:
        _complete(client, project, name, run)


def roll(client: Client, project: Mapping[str, Any], base: str, found: Mapping[str, Any], how: Mapping[str, Any], run: Run) -> None:
    """Start a rolling release of a deployment beside `base`, watch it for as long as the manifest says, and complete it.

    Raises:
        CloudError: the new deployment does not answer as it should, or the run was stopped: the traffic has come back.
    """
    name, share, bake = deployments.id_of(found), int(how["canary"]), float(how["bake"])
    path = _path(project)
    # Nothing moves on by itself: should this run end here, the next one finds the share that it left.
    stages = [{"targetPercentage": share, "requireApproval": True}, {"targetPercentage": WHOLE}]
    try:
        client.patch(f"{path}/config", {"target": "production", "advancementType": "manual-approval", "stages": stages}, run)
    except (CredentialsError, Refused) as error:
        message = f"this team cannot give a part of the traffic to a new deployment: {error}"
        raise CloudError(message, reason="no_rolling_releases", notes=error.diagnostics[0].notes, help=PLANS) from None
    _start(client, path, name, run)
    run.emit(Event("log", {"message": f"{share} % of the traffic goes to {name} for {bake:.0f} s"}))
    try:
        _watch(client, str(project["id"]), found, bake, run)
    except CloudError:
        run.emit(Event("log", {"message": f"the traffic goes back to {base}"}))
        _give_up(client, project, base, run)
        forget(client, project, how, run)
        raise
    _complete(client, project, name, run)


def forget(client: Client, project: Mapping[str, Any], how: Mapping[str, Any], run: Run) -> None:
    """Remove the setting, once nothing is shared out: the next deployment says itself what it wants. Somebody else's project gets its own back."""
    theirs = project.get("rollingRelease") if how["shared"] else None
    if theirs:
        client.patch(f"{_path(project)}/config", theirs, run)
    else:
        client.delete(f"{_path(project)}/config", run)


def _path(project: Mapping[str, Any]) -> str:
    return f"/v1/projects/{project['id']}/rolling-release"


def _start(client: Client, path: str, name: str, run: Run) -> None:
    """Start it, or find that it was started by a call whose answer was lost, or by a run that ended here."""
    try:
        client.post(f"{path}/start", {"canaryDeploymentId": name}, run)
    except Refused:
        active = (client.get(path, run, state="ACTIVE").get("rollingRelease") or {}).get("canaryDeployment") or {}
        if deployments.id_of(active) != name:
            raise


def _complete(client: Client, project: Mapping[str, Any], name: str, run: Run) -> None:
    """Give it everything, unless that is on its way by a call whose answer was lost."""
    try:
        client.post(f"{_path(project)}/complete", {"canaryDeploymentId": name}, run)
    except Refused:
        if not deployments.on_its_way(client.get(f"/v9/projects/{project['id']}", run), name):
            raise


def _give_up(client: Client, project: Mapping[str, Any], base: str, run: Run) -> None:
    """Roll back to the old deployment, which is how a rolling release is given up, and wait until nothing is shared out and nothing moves."""
    try:
        client.post(f"/v1/projects/{project['id']}/rollback/{base}", {}, run)
    except Refused:
        if under_way(client, project, run) is not None:
            raise

    def over() -> bool | None:
        here = deployments.arrived(client.get(f"/v9/projects/{project['id']}", run), base)
        return True if here and under_way(client, project, run) is None else None

    client.wait(f"the traffic to come back to {base}", over, run, limit=BACK)


def _watch(client: Client, project: str, found: Mapping[str, Any], bake: float, run: Run) -> None:
    until = time.monotonic() + bake
    look = time.monotonic() + LOOK
    while (left := until - time.monotonic()) > 0:
        if run.cancel() is not Cancel.NO or not run.sleep(min(1.0, left)):
            message = "stopped while the new deployment had a part of the traffic: the old one has all of it again"
            raise CloudError(message, reason="Interrupted", help="run the same command again")
        if time.monotonic() >= min(look, until):
            answers(client, project, found, run)
            look = time.monotonic() + LOOK

"""A rolling release: a share of the traffic to the new deployment, a look at it for a while, then all of it, or none."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl_vercel import deployments
from fnctl_vercel.client import Client
from fnctl_vercel.faults import Refused
from fnctl_vercel.smoke import answers

LOOK = 15.0
"""Seconds between two looks at the new deployment while it bakes."""
WHOLE = 100


def roll(client: Client, project: str, base: str, found: Mapping[str, Any], how: Mapping[str, Any], run: Run) -> None:
    """Start a rolling release of a deployment beside `base`, watch it for as long as the manifest says, and complete it.

    Raises:
        CloudError: the new deployment does not answer as it should, or the run was stopped: the traffic is on its way back.
    """
    name, share, bake = deployments.id_of(found), int(how["canary"]), float(how["bake"])
    path = f"/v1/projects/{project}/rolling-release"
    # Nothing moves on by itself: should this run end here, the next one finds the share that it left.
    stages = [{"targetPercentage": share, "requireApproval": True}, {"targetPercentage": WHOLE}]
    client.patch(f"{path}/config", {"target": "production", "advancementType": "manual-approval", "stages": stages}, run)
    try:
        _start(client, path, name, run)
        run.emit(Event("log", {"message": f"{share} % of the traffic goes to {name} for {bake:.0f} s"}))
        try:
            _watch(client, project, found, bake, run)
        except CloudError:
            client.post(f"/v1/projects/{project}/rollback/{base}", {}, run)
            raise
        client.post(f"{path}/complete", {"canaryDeploymentId": name}, run)
    finally:
        client.delete(f"{path}/config", run)  # a setting for the next deployment, which says itself what it wants


def _start(client: Client, path: str, name: str, run: Run) -> None:
    """Start it, or find that it was started by a call whose answer was lost, or by a run that ended here."""
    try:
        client.post(f"{path}/start", {"canaryDeploymentId": name}, run)
    except Refused:
        active = (client.get(path, run).get("rollingRelease") or {}).get("canaryDeployment") or {}
        if deployments.id_of(active) != name:
            raise


def _watch(client: Client, project: str, found: Mapping[str, Any], bake: float, run: Run) -> None:
    until = time.monotonic() + bake
    while (left := until - time.monotonic()) > 0:
        if not run.sleep(min(LOOK, left)):
            message = "stopped while the new deployment had a part of the traffic"
            raise CloudError(message, reason="Interrupted", help="run the same command again: all traffic is on its way back to the old one")
        answers(client, project, found, run)

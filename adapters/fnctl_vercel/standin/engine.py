"""What holds the stand-in together: the account, the hosts, the functions that run, and the jobs between a call and its effect."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl_vercel.standin import builds
from fnctl_vercel.standin.account import Account, Deployment, Project, Rolling, now
from fnctl_vercel.standin.faults import Faults, Journal
from fnctl_vercel.standin.hosts import Hosts
from fnctl_vercel.standin.limits import PLANS, Buckets
from fnctl_vercel.standin.pool import Pool
from fnctl_vercel.standin.queues import Queues

ALIAS_SECONDS = 0.05
"""How long a change of aliases is under way."""


@dataclass
class Engine:
    """The whole. `address` is where the API and everything beside it is served."""

    account: Account
    address: str
    state: Path
    hosts: Hosts
    pool: Pool
    queues: Queues
    buckets: Buckets = field(default_factory=Buckets)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(init=False)
    """All requests to the API."""

    def __post_init__(self) -> None:
        """Begin the journal."""
        self.journal = Journal(self.account.data / "requests.jsonl")

    def start(self, deployment: Deployment) -> None:
        """Build it, in the background."""
        threading.Thread(target=self._build, args=(deployment,), daemon=True, name=deployment.id).start()

    def _build(self, deployment: Deployment) -> None:
        account, project = self.account, self.account.projects[deployment.project]
        self._become(deployment, "BUILDING")
        if self.faults.behaviour.get("build") == "stuck":
            return
        _event(deployment, "Building in the sandbox of this machine")
        try:
            if self.faults.behaviour.get("build") == "failed":
                builds.fail("BUILD_FAILED", "the build failed: asked for by a test")
            made = builds.build(account, project, deployment, PLANS[account.teams[project.team].plan])
        except builds.Failed as failed:
            with account.lock:
                deployment.error = {"errorCode": failed.code, "errorMessage": str(failed), "errorStep": "buildStep"}
                _event(deployment, f"Error: {failed}", "stderr")
            self._become(deployment, "ERROR")
            return
        with account.lock:
            if deployment.state == "CANCELED" or deployment.id not in account.deployments:
                return
            deployment.build = made
            _event(deployment, "Build Completed")
            self._ready(project, deployment)

    def _ready(self, project: Project, deployment: Deployment) -> None:
        deployment.ready = now()
        account = self.account
        account.aliases[deployment.host] = (f"als_{deployment.id[4:]}", deployment.id)
        production = deployment.target == "production"
        if production:
            self._schedule(project, deployment)
        deployment.substate = "STAGED" if production else None
        self._become(deployment, "READY")
        if not production:
            deployment.assigned = now()
        elif deployment.auto and project.auto:
            self._roll_or_assign(project, deployment)

    def _roll_or_assign(self, project: Project, deployment: Deployment) -> None:
        if project.rolling_config and project.production:
            project.rolling = Rolling(project.production, deployment.id, 0, now())
            deployment.substate = "ROLLING"
            deployment.assigned = now()
            return
        self._background(project, deployment, {"jobStatus": "pending", "type": "promote"})

    def _schedule(self, project: Project, deployment: Deployment) -> None:
        """Crons are those of the newest production build: neither promote nor rollback changes them."""
        assert deployment.build is not None  # noqa: S101  # it was just made
        entries = deployment.build.config.get("crons", [])
        host = self.hosts.production(project)[0]
        definitions = [{"host": host, "path": one["path"], "schedule": one["schedule"]} for one in entries]
        project.crons |= {"deploymentId": deployment.id, "definitions": definitions, "updatedAt": now()}

    def assign(self, project: Project, deployment: Deployment, kind: str) -> None:
        """Point the production aliases at a deployment that somebody asked for, as a job that callers may watch."""
        project.job = {
            "fromDeploymentId": project.production or "",
            "toDeploymentId": deployment.id,
            "jobStatus": "pending",
            "requestedAt": now(),
            "type": kind,
        }
        self._background(project, deployment, project.job)

    def _background(self, project: Project, deployment: Deployment, job: dict[str, Any]) -> None:
        threading.Thread(target=self._assign, args=(project, deployment, job), daemon=True, name=f"alias-{deployment.id}").start()

    def _assign(self, project: Project, deployment: Deployment, job: dict[str, Any]) -> None:
        with self.account.lock:
            job["jobStatus"] = "in-progress"
        while self.faults.behaviour.get("alias") == "stuck":
            time.sleep(ALIAS_SECONDS)
        how = self.faults.behaviour.get("alias")
        time.sleep(ALIAS_SECONDS)
        with self.account.lock:
            if how == "failed" or deployment.id not in self.account.deployments:
                job["jobStatus"] = "failed"
                return
            previous = project.production
            project.production, project.rolling = deployment.id, None
            project.rolled_back_from = previous if job["type"] == "rollback" else None
            project.held = job["type"] == "rollback"
            deployment.substate, deployment.assigned, deployment.promoted = "PROMOTED", now(), now()
            deployment.aliases = self.hosts.point(project)
            job["jobStatus"] = "succeeded"
        self.account.tell()

    def remove(self, deployment: Deployment) -> None:
        """Forget a deployment, its aliases and its files."""
        account, project = self.account, self.account.projects[deployment.project]
        for host in [host for host, (_, behind) in account.aliases.items() if behind == deployment.id]:
            del account.aliases[host]
        if project.production == deployment.id:
            project.production = None
        if project.crons.get("deploymentId") == deployment.id:
            project.crons |= {"deploymentId": None, "definitions": []}
        account.deployments.pop(deployment.id, None)
        self.pool.drop(deployment.id)
        self.hosts.shut(deployment.host)
        account.logs.pop(deployment.id, None)
        shutil.rmtree(account.data / "deployments" / deployment.id, ignore_errors=True)

    def reset(self) -> None:
        """Forget all data."""
        with self.account.lock:
            self.hosts.close()
            self.queues.clear()
            self.pool.close()
            self.account.clear()
            self.faults.clear()
            self.buckets.clear()
            self.journal.clear()
            for name in ("files", "deployments", "homes"):
                shutil.rmtree(self.account.data / name, ignore_errors=True)

    def _become(self, deployment: Deployment, state: str) -> None:
        with self.account.lock:
            if deployment.state != "CANCELED":
                deployment.state = state
                _event(deployment, state, "deployment-state", {"info": {"type": "deployment", "name": deployment.name, "readyState": state}})
        self.account.tell()


def _event(deployment: Deployment, text: str, kind: str = "stdout", more: Mapping[str, Any] | None = None) -> None:
    stamp = now()
    payload = {"id": str(stamp), "date": stamp, "deploymentId": deployment.id, "serial": str(stamp), "text": text, **(more or {})}
    deployment.events.append({"type": kind, "created": stamp, "date": stamp, "text": text, "serial": str(stamp), "payload": payload})

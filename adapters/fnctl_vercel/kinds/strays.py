"""What is there of a service and stage, told by the marks that it carries: for `destroy` where no release says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.adapter import Run, Where
from fnctl.graph import Node, Value
from fnctl_vercel import deployments, variables
from fnctl_vercel.client import Client
from fnctl_vercel.names import CRON_SECRET, CRONS, DEPLOYMENT, OWN_NOTE, PROJECT, environment, shared


def strays(client: Client, found: Mapping[str, Any], where: Where, run: Run) -> Iterator[Node]:
    """Yield nodes with what their kinds need to find them; nothing of somebody else's."""
    project, owner, stage = str(found["id"]), variables.owner(where.service, where.stage), environment(where.settings)
    listed = variables.listed(client, project, run) or []
    if not shared(where.settings) and (variables.owner_of(listed) or {}).get("value") == owner:
        yield Node(PROJECT, "vercel.project", str(found["name"]), {"framework": None, "staged": True, "node": None, "memory": None})
    if any(str(one.get("comment") or "") == f"{OWN_NOTE} {owner}" for one in listed):
        yield Node(CRONS, "vercel.variable", CRON_SECRET, {"project": project, "environment": stage})
    if next(deployments.every(client, project, where.service, where.stage, run), None) is not None:
        nothing: dict[str, Value] = dict.fromkeys((*deployments.COMPARED, "crons", "members", "how"))
        yield Node(DEPLOYMENT, "vercel.deployment", str(found["name"]), {**nothing, "project": project, "environment": stage, "crons": []})

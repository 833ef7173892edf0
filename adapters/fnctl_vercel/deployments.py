"""Deployments as the API tells of them: which are ours, which one is live, and what is written into them so that this can be told."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.graph import Json
from fnctl_vercel.client import Client
from fnctl_vercel.names import META, PRODUCTION

COMPARED = ("artifact", "secrets", "cron_secret")
"""Props that make a deployment what it is. Two of them that agree in all may stand in for one another."""
STOPPED = frozenset({"ERROR", "CANCELED", "DELETED"})


def key(props: Mapping[str, Any]) -> str:
    """Name what a deployment is made of: its files, and the variables that it was, or will be, made with."""
    told = json.dumps({name: props[name] for name in (*COMPARED, "environment")}, sort_keys=True, default=repr)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def meta(service: str, stage: str, props: Mapping[str, Any], files: list[dict[str, Json]], run: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what a deployment says of itself: whose it is, of which release, commit and manifest, its members, and the files that make it again."""
    return {
        META: "1",
        f"{META}Service": service,
        f"{META}Stage": stage,
        f"{META}Key": key(props),
        f"{META}Artifact": str(props["artifact"]),
        f"{META}Run": run,
        **{f"{META}{name.title()}": value for name, value in labels.items()},
        f"{META}Made": _packed({name: props[name] for name in (*COMPARED, "members")}),
        f"{META}Files": _packed(files),
    }


def ours(found: Mapping[str, Any], service: str, stage: str) -> bool:
    """Tell whether a deployment is of this service and stage."""
    said = found.get("meta") or {}
    return bool(said.get(f"{META}Service") == service and said.get(f"{META}Stage") == stage)


def said(found: Mapping[str, Any], name: str) -> str:
    """Return one word of a deployment's own: `Key`, `Artifact`, `Run`."""
    return str((found.get("meta") or {}).get(f"{META}{name}") or "")


def made(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a deployment is made of; {} for one that does not say, or not in words that are known here."""
    whole = _unpacked(said(found, "Made"))
    return whole if isinstance(whole, dict) else {}


def files(found: Mapping[str, Any]) -> list[dict[str, Json]]:
    """Return the files of a deployment by digest: Vercel keeps them, and makes the same again of their names."""
    whole = _unpacked(said(found, "Files"))
    return whole if isinstance(whole, list) else []


def id_of(found: Mapping[str, Any]) -> str:
    """Return the id: lists call it `uid`."""
    return str(found.get("id") or found.get("uid"))


def every(client: Client, project: str, service: str, stage: str, run: Run | None = None) -> Iterator[dict[str, Any]]:
    """Yield the deployments of a service and stage, the newest first, from the project's own list."""
    for found in client.pages("/v6/deployments", "deployments", run, projectId=project, limit="100"):
        if ours(found, service, stage) and found.get("state", found.get("readyState")) != "DELETED":
            yield found


def live(client: Client, project: str, environment: str, service: str, stage: str, run: Run | None = None) -> dict[str, Any] | None:
    """Return the deployment that has the traffic: production's own, and of a preview the newest of this stage."""
    if environment == PRODUCTION:
        return serving(client, client.find(f"/v9/projects/{project}", run) or {}, run)
    newest = next((one for one in every(client, project, service, stage, run) if state(one) == "READY"), None)
    return client.find(f"/v13/deployments/{id_of(newest)}", run) if newest else None


def serving(client: Client, project: Mapping[str, Any], run: Run | None = None) -> dict[str, Any] | None:
    """Return the deployment behind the production addresses of a project that was read."""
    name = in_production(project)
    return client.find(f"/v13/deployments/{name}", run) if name else None


def in_production(project: Mapping[str, Any]) -> str:
    """Return the id of the deployment behind a project's production addresses, "" for none."""
    return str(((project.get("targets") or {}).get(PRODUCTION) or {}).get("id") or "")


def arrived(project: Mapping[str, Any], name: str) -> bool:
    """Tell whether the production addresses lead to a deployment, and no job that moves them there goes on."""
    job = project.get("lastAliasRequest") or {}
    return in_production(project) == name and (job.get("toDeploymentId") != name or job.get("jobStatus") in ("succeeded", "skipped"))


def moving(project: Mapping[str, Any]) -> str | None:
    """Return the deployment that a job is moving the production addresses to; None where nothing moves."""
    job = project.get("lastAliasRequest") or {}
    return str(job.get("toDeploymentId")) if job.get("jobStatus") in ("pending", "in-progress") else None


def on_its_way(project: Mapping[str, Any], name: str) -> bool:
    """Tell whether they lead to it, or a job was asked for that moves them there."""
    return in_production(project) == name or (project.get("lastAliasRequest") or {}).get("toDeploymentId") == name


def state(found: Mapping[str, Any]) -> str:
    """Return QUEUED, BUILDING, READY, ERROR...: lists call it `state`."""
    return str(found.get("readyState") or found.get("state") or found.get("status") or "")


def address(client: Client, found: Mapping[str, Any], environment: str) -> str:
    """Return the URL that people use: production's own address, or the deployment's."""
    names = [str(name) for name in found.get("alias") or ()]
    host = min(names, key=len) if environment == PRODUCTION and names else str(found.get("url"))
    return client.url(host)


def _packed(value: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), 9)).decode()


def _unpacked(text: str) -> Any:
    if not text:
        return None
    try:
        return json.loads(zlib.decompress(base64.b64decode(text)))
    except (ValueError, zlib.error):
        return None

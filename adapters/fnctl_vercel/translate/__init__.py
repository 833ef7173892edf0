"""From a Service to the graph of Vercel's objects: a project, its secret, and one deployment with all that is part of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import CLOUD, Artifact, Graph, Node, Ref, Text, Value
from fnctl.manifest.model import Service
from fnctl.manifest.units import seconds
from fnctl_vercel.names import CRON_SECRET, CRONS, DEPLOYMENT, PREVIEW, PRODUCTION, PROJECT, environment, project, shared
from fnctl_vercel.output.functions import secrets_of
from fnctl_vercel.output.places import crons, door
from fnctl_vercel.output.recipe import NAME, deployment
from fnctl_vercel.translate.members import members

ALIAS_TIMEOUT = 300
"""Seconds that production's addresses may take to move; Vercel's own command line waits three minutes."""
BAKE = 300
"""Seconds that a part of the traffic is watched, where the manifest does not say."""
LARGE = 2048
"""MB of memory above which a function needs the larger machine, which is the project's choice."""


def translate(service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
    """Return every object that the service needs."""
    artifact = artifacts[NAME]
    parts = list(members(service, artifact, DEPLOYMENT))
    digests: dict[str, Value] = {str(node.address): node.props["digest"] for node in parts}
    secret = [_cron_secret(service)] if _shows_secret(service) else []
    nodes = [_project(service), *secret, _deployment(service, artifact, digests, bool(secret)), *parts]
    return Graph({node.address: node for node in nodes}, {name: _outputs(service, name) for name in service.functions})


def _project(service: Service) -> Node:
    nodes = sorted(f.runtime.removeprefix("nodejs") for f in service.functions.values() if f.runtime.startswith("nodejs"))
    large = any((function.memory or 0) > LARGE for function in service.functions.values())
    props: dict[str, Value] = {
        "framework": None,
        "staged": True,
        "node": f"{nodes[-1]}.x" if nodes else None,
        "memory": "performance" if large else None,
    }
    if environment(service.settings) not in (PRODUCTION, PREVIEW):
        props["environment"] = environment(service.settings)
    asked = "environment" in props
    span = service.span("targets", service.target, "environment" if asked else "project")
    return Node(PROJECT, "vercel.project", project(service), props, span=span, owned=not shared(service.settings))


def _cron_secret(service: Service) -> Node:
    props: dict[str, Value] = {"project": Ref(PROJECT, "id"), "environment": environment(service.settings)}
    return Node(CRONS, "vercel.variable", CRON_SECRET, props)


def _shows_secret(service: Service) -> bool:
    return any(crons(function) or door(function) for function in service.functions.values())


def _deployment(service: Service, artifact: Artifact, digests: Mapping[str, Value], secret: bool) -> Node:
    used = sorted({name for function in service.functions.values() for name in secrets_of(service, function)})
    settings = service.settings
    how: dict[str, Value] = {
        "upload": str(settings.get("upload") or "archive"),
        "shared": shared(settings),
        "canary": service.rollout.get("canary"),
        "bake": service.rollout.get("bake", BAKE),
        "alias_timeout": seconds(str(settings["alias_timeout"])) if settings.get("alias_timeout") else ALIAS_TIMEOUT,
    }
    props: dict[str, Value] = {
        "project": Ref(PROJECT, "id"),
        "environment": environment(settings),
        "artifact": artifact.sha256,
        "secrets": {name: Ref(CLOUD, f"secret/{name}") for name in used},
        "cron_secret": Ref(CRONS, "version") if secret else None,
        "crons": _crons(service),
        "members": digests,
        "how": how,
    }
    return Node(DEPLOYMENT, "vercel.deployment", project(service), props, artifact=artifact)


def _crons(service: Service) -> list[Value]:
    found = deployment(service).get("crons")
    listed = found if isinstance(found, list | tuple) else ()
    return sorted([str(one["path"]), str(one["schedule"])] for one in listed if isinstance(one, Mapping))  # type: ignore[return-value]  # invariance


def _outputs(service: Service, name: str) -> dict[str, Value]:
    routes = [str(trigger.options["path"]) for trigger in service.functions[name].triggers if trigger.kind == "http"]
    url: dict[str, Value] = {"url": Text((Ref(DEPLOYMENT, "url"), routes[0].split("{", 1)[0]))} if routes else {}
    return {**url, "id": Text((Ref(DEPLOYMENT, "id"), f"/{name}"))}

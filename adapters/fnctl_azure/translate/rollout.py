"""How a new release reaches an app of a plan with slots: all at once, or a part of its HTTP traffic first."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import Ref, Value
from fnctl.manifest.model import Service
from fnctl_azure.apps import App
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.artifact.host import plan_of
from fnctl_azure.names import INSIGHTS, MARK

SLOTTED = frozenset({"premium"})
"""Plans of which fnctl uses the slots."""
BAKE = 300
"""Seconds that a part of the traffic is watched, where the manifest does not say."""
ROUTED = frozenset({"http", "invoke"})
"""Doors to which the platform can send a share: whatever else starts a function is taken by whoever comes first."""


def canary(service: Service, app: App) -> int | None:
    """Return the percentage that moves first; None for an app without HTTP, for one that somebody else has packed, and where nothing is asked for."""
    share = service.rollout.get("canary")
    routed = any(door["kind"] in ROUTED for function in app.functions for door in doors(service, function))
    ours = not any(function.artifact for function in app.functions)
    return int(str(share)) if share and routed and ours and plan_of(service, app) in SLOTTED else None


def slotted(service: Service, app: App) -> Mapping[str, Value]:
    """Return the props that only an app with slots has. What an ended canary left there is drift, so none is wanted."""
    if plan_of(service, app) not in SLOTTED:
        return {}
    share = canary(service, app)
    return {"slot": None, "rollout": None if share is None else _rollout(service, app, share)}


def _rollout(service: Service, app: App, share: int) -> dict[str, Value]:
    found = [door for function in app.functions for door in doors(service, function) if door["kind"] in ROUTED]
    keyed = [str(door["name"]) for door in found if _level(door["binding"]) == "function"]
    return {
        "canary": share,
        "bake": service.rollout.get("bake", BAKE),
        "http": sorted(str(door["name"]) for door in found),
        "keyed": sorted(keyed),
        "insights": Ref(INSIGHTS, "id"),
    }


def _level(binding: Value) -> Value:
    return binding["authLevel"] if isinstance(binding, Mapping) else None


def marked(service: Service, app: App, code: str) -> Mapping[str, Value]:
    """Return the setting that tells which package is where: settings move with a swap, and tags do not."""
    return {} if canary(service, app) is None else {MARK: code[:16]}

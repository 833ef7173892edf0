"""What a plan is: the changes towards a graph, and what they were decided on."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.adapter import Change
from fnctl.dataclass import dataclass, field
from fnctl.graph import Artifact, Graph


@dataclass(frozen=True)
class Basis:
    """What a plan was made against: any difference under the lock makes it stale.

    `head` is the number of the last release, `live` a digest of all that was observed.
    """

    identity: str
    head: int | None
    live: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """Towards `graph`. `changes` in the order of their phases; `unchanged` counts nodes that stay as they are.

    `notes` are sentences for people (the ledger's place will be created, a half-finished run is picked up); `kept` names objects that stay behind
    (`retain`, `existing`).
    """

    service: str
    stage: str
    target: str
    graph: Graph
    changes: tuple[Change, ...]
    basis: Basis
    artifacts: Mapping[str, Artifact] = field(default_factory=dict)
    unchanged: int = 0
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def summary(self) -> dict[str, int]:
        """Count changes by action, and what stays."""
        counts = {"create": 0, "update": 0, "replace": 0, "delete": 0}
        for change in self.changes:
            counts[change.action] += 1
        return {**counts, "unchanged": self.unchanged}

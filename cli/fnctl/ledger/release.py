"""A release: what was deployed, immutable, enough for a rollback on a bare machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.dataclass import dataclass, field
from fnctl.graph import Address, Graph, Json, from_json, to_json

FORMAT = 1


@dataclass(frozen=True)
class Release:
    """One release of one service, stage and target; numbers count from 1.

    Attributes:
        ids: the platform's id of every node.
        outputs: function -> {"url"?, "id"}, resolved.
        restores: the release whose graph this one brought back.
        provenance: what the build said of the artifacts' sources, an in-toto statement; a rollback keeps that of the release that it restores.
        when: RFC 3339, UTC.
    """

    number: int
    service: str
    stage: str
    target: str
    graph: Graph
    ids: Mapping[Address, str]
    outputs: Mapping[str, Mapping[str, Json]]
    who: str
    when: str
    versions: Mapping[str, str]
    commit: str | None = None
    restores: int | None = None
    provenance: Mapping[str, Json] | None = None

    def to_json(self) -> dict[str, Json]:
        """Write it as one JSON object."""
        return {
            "schema": f"fnctl/release/{FORMAT}",
            "release": self.number,
            "service": self.service,
            "stage": self.stage,
            "target": self.target,
            "who": self.who,
            "when": self.when,
            "commit": self.commit,
            "restores": self.restores,
            "versions": dict(self.versions),
            "provenance": dict(self.provenance) if self.provenance is not None else None,
            "outputs": {name: dict(values) for name, values in self.outputs.items()},
            "ids": {str(address): id_ for address, id_ in sorted(self.ids.items())},
            "graph": to_json(self.graph),
        }


def labels(number: int, commit: str | None, provenance: Mapping[str, Any] | None) -> dict[str, str]:
    """Say which release it is and what it is made of, in few words: `release`, and as far as they are known `commit` and `manifest` (SHA-256)."""
    definition = ((provenance or {}).get("predicate") or {}).get("buildDefinition") or {}
    manifest = (definition.get("externalParameters") or {}).get("manifest") or {}
    told = {"release": str(number), "commit": commit, "manifest": (manifest.get("digest") or {}).get("sha256")}
    return {name: value for name, value in told.items() if value}


def read_release(data: Mapping[str, Any]) -> Release:
    """Read back what `to_json` wrote. Raises KeyError or TypeError for anything else."""
    return Release(
        number=data["release"],
        service=data["service"],
        stage=data["stage"],
        target=data["target"],
        graph=from_json(data["graph"]),
        ids={Address(a): id_ for a, id_ in data["ids"].items()},
        outputs=data["outputs"],
        who=data["who"],
        when=data["when"],
        versions=data["versions"],
        commit=data.get("commit"),
        restores=data.get("restores"),
        provenance=data.get("provenance"),
    )


@dataclass(frozen=True)
class Intent:
    """What a run is about to make: written before its first write, gone when its release is recorded.

    Whole nodes, not names: after a crash their kinds and props are what finds them.
    """

    graph: Graph
    fence: int
    verb: str
    restores: int | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Write it as one JSON object."""
        return {"schema": "fnctl/intent/1", "verb": self.verb, "fence": self.fence, "restores": self.restores, "graph": to_json(self.graph)}


def read_intent(data: Mapping[str, Any]) -> Intent:
    """Read back what `to_json` wrote. Raises KeyError or TypeError for anything else."""
    return Intent(from_json(data["graph"]), data["fence"], data["verb"], data.get("restores"))

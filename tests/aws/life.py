"""The engine's own way through a graph, without a ledger: observe, decide, apply."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fnctl.adapter import Change, Kind, Run
from fnctl.apply.executor import Applied, Work, apply
from fnctl.apply.observe import observe
from fnctl.graph import Address, Artifact, Graph, Json, Node, State
from fnctl.plan.planner import Decision, Seen, decide
from fnctl_aws.kinds import all_kinds

ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)


def cloud(client: Any) -> dict[str, Json]:
    """What Ref(CLOUD, ...) means, with one secret set."""
    return {"account": client.account, "region": client.region, "partition": client.partition, "secret/STRIPE_KEY": "3"}


def artifact(folder: Path, source: str) -> Artifact:
    """A deployable archive named by its content, where the run fetches it."""
    import hashlib

    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(zipfile.ZipInfo("_fnctl_aws.py", ARCHIVE_DATE), source)
    sha256 = hashlib.sha256(body.getvalue()).hexdigest()
    (folder / f"{sha256}.zip").write_bytes(body.getvalue())
    return Artifact(sha256, len(body.getvalue()), len(source))


@dataclass
class Life:
    """One service and stage on one platform; `recorded` is what the last run made."""

    client: Any
    run: Run
    recorded: dict[Address, Node] = field(default_factory=dict)
    ids: dict[Address, str] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(init=False)

    def __post_init__(self) -> None:
        self.kinds = all_kinds(self.client)

    def plan(self, graph: Graph) -> tuple[Change, ...]:
        return self._decide(graph)[0].changes

    def deploy(self, graph: Graph) -> list[tuple[str, str]]:
        """Make it so, and return what was done as (action, address)."""
        decision, seen = self._decide(graph)
        applied = apply(decision.changes, seen, Work(self.kinds, self.run, lambda: None, 4))
        if applied.errors():
            raise AssertionError("; ".join(error.message for error in applied.errors()))
        self._record(graph, applied)
        return [(change.action, change.address) for change in decision.changes if change.address not in applied.idle]

    def destroy(self) -> None:
        self.deploy(Graph({address: node for address, node in self.recorded.items() if not node.owned}))

    def state(self, address: str) -> State:
        seen = observe(self.recorded, self.kinds, cloud(self.client), hints=self.ids, run=self.run, parallel=4)
        return seen.states[Address(address)]

    def forget(self) -> None:
        """Lose the ledger: what is there has to be found by name, tag or listing."""
        self.ids.clear()

    def _decide(self, graph: Graph) -> tuple[Decision, Seen]:
        nodes = {**self.recorded, **graph.nodes}
        seen = observe(nodes, self.kinds, cloud(self.client), hints=self.ids, run=self.run, parallel=4)
        return decide(graph, self.recorded, seen, self.kinds), seen

    def _record(self, graph: Graph, applied: Applied) -> None:
        self.recorded = dict(graph.nodes)
        self.ids = {address: state.id for address, state in applied.states.items() if address in graph.nodes}


def changed(graph: Graph, address: str, **props: Any) -> Graph:
    """The same graph with other props of one node."""
    from dataclasses import replace

    node = graph.nodes[Address(address)]
    return Graph({**graph.nodes, node.address: replace(node, props={**node.props, **props})}, graph.outputs)


def without(graph: Graph, addresses: Iterable[str]) -> Graph:
    """The same graph without some nodes."""
    gone = set(addresses)
    return Graph({address: node for address, node in graph.nodes.items() if address not in gone}, graph.outputs)

"""The graph of platform objects: what should be there, what is there, and how they refer to one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NewType, TypeAlias

from fnctl.dataclass import dataclass, field, replace
from fnctl.source import Span

Address = NewType("Address", str)
"""`function/api`, `queue/jobs`, `trigger/worker/queue/jobs`: stable and unique in one service, stage and target. Derived objects hang below
(`function/api/role`)."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Value: TypeAlias = "Ref | Text | bool | int | float | str | Sequence[Value] | Mapping[str, Value] | None"

CLOUD = Address("cloud")
"""Whose outputs are the account's own facts (account, region, secret versions): known without reading any node."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of another node, known once that node is observed or applied. A Ref is an edge, except to CLOUD."""

    address: Address
    output: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string put together from literal parts and Refs."""

    parts: tuple[str | Ref, ...]


class Unknown:
    """A value that only apply will know. One instance, UNKNOWN."""

    def __repr__(self) -> str:
        return "(known after apply)"


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Artifact:
    """What is uploaded, named by content. `path` is on this machine only and never recorded: the ledger keeps the bytes. Sizes in bytes."""

    sha256: str
    size: int
    unpacked_size: int
    path: Path | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the platform, as it should be.

    Attributes:
        kind: which Kind reads and writes it, e.g. `aws.lambda.function`.
        name: the physical name; a recorded name wins over a computed one.
        props: all that is compared and written, always the full set of keys (None for "not set").
        needs: edges that order only; Refs in props add theirs.
        owned: False for `existing:` objects, which are read and referred to, never written, never deleted.
        stateful: holds people's data: never replaced or deleted in passing.
    """

    address: Address
    kind: str
    name: str
    props: Mapping[str, Value]
    needs: frozenset[Address] = frozenset()
    artifact: Artifact | None = None
    span: Span | None = None
    owned: bool = True
    stateful: bool = False
    retain: bool = False

    def edges(self) -> frozenset[Address]:
        """Every address that must be there before this node."""
        return self.needs | frozenset(ref.address for ref in refs(self.props) if ref.address != CLOUD)


@dataclass(frozen=True, slots=True)
class Graph:
    """The desired objects, and the outputs that people ask for: function name -> {"url"?: Value, "id": Value}."""

    nodes: Mapping[Address, Node]
    outputs: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What one object is now. `props` in the words of Node.props. `token` (ETag, RevisionId) makes the next write conditional."""

    id: str
    props: Mapping[str, Json]
    outputs: Mapping[str, Json]
    token: str | None = None


def refs(value: Value) -> Iterator[Ref]:
    """Yield every Ref inside a value."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, Ref))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from refs(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from refs(item)


def resolve(value: Value, outputs: Mapping[Address, Mapping[str, Json]]) -> Any:  # Json with UNKNOWN leaves
    """Replace every Ref by the output it names; what is not known yet becomes UNKNOWN, also the whole of a Text that holds it."""
    if isinstance(value, Ref):
        return outputs.get(value.address, {}).get(value.output, UNKNOWN)
    if isinstance(value, Text):
        parts = [resolve(part, outputs) if isinstance(part, Ref) else part for part in value.parts]
        return UNKNOWN if any(part is UNKNOWN for part in parts) else "".join(str(part) for part in parts)
    if isinstance(value, Mapping):
        return {key: resolve(item, outputs) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [resolve(item, outputs) for item in value]
    return value


def order(nodes: Iterable[Node]) -> list[Node]:
    """Sort so that every node comes after what it needs; edges out of the given nodes are ignored.

    Raises:
        ValueError: a circle, named by its addresses.
    """
    by_address = {node.address: node for node in nodes}
    from graphlib import CycleError, TopologicalSorter  # for those that deploy

    sorter: TopologicalSorter[Address] = TopologicalSorter()
    for address in sorted(by_address):
        sorter.add(address, *sorted(edge for edge in by_address[address].edges() if edge in by_address))
    try:
        return [by_address[address] for address in sorter.static_order()]
    except CycleError as error:
        raise ValueError(" -> ".join(error.args[1])) from None


def renamed(graph: Graph, moves: Mapping[str, str]) -> Graph:
    """Move addresses (`renamed_from`): every address at or below a key of `moves` gets the new prefix, in nodes, needs, Refs and outputs."""

    def move(address: Address) -> Address:
        for old, new in moves.items():
            if address == old or address.startswith(old + "/"):
                return Address(new + address[len(old) :])
        return address

    def moved(node: Node) -> Node:
        props = {key: _each_ref(value, move) for key, value in node.props.items()}
        return replace(node, address=move(node.address), needs=frozenset(map(move, node.needs)), props=props)

    nodes = [moved(node) for node in graph.nodes.values()]
    outputs = {name: {key: _each_ref(value, move) for key, value in values.items()} for name, values in graph.outputs.items()}
    return Graph({node.address: node for node in nodes}, outputs)


def _each_ref(value: Value, move: Callable[[Address], Address]) -> Value:
    if isinstance(value, Ref):
        return Ref(move(value.address), value.output)
    if isinstance(value, Text):
        return Text(tuple(Ref(move(p.address), p.output) if isinstance(p, Ref) else p for p in value.parts))
    if isinstance(value, Mapping):
        return {key: _each_ref(item, move) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_each_ref(item, move) for item in value]
    return value


def to_json(graph: Graph) -> dict[str, Json]:
    """Write a graph as JSON, Refs included: a release must be enough for a rollback on a bare machine."""
    return {
        "nodes": [_node_to_json(graph.nodes[address]) for address in sorted(graph.nodes)],
        "outputs": {name: {key: _encode(v) for key, v in values.items()} for name, values in graph.outputs.items()},
    }


def from_json(data: Mapping[str, Any]) -> Graph:
    """Read back what `to_json` wrote. Raises KeyError or TypeError for anything else."""
    nodes = [_node_from_json(item) for item in data["nodes"]]
    outputs = {name: {key: _decode(v) for key, v in values.items()} for name, values in data["outputs"].items()}
    return Graph({node.address: node for node in nodes}, outputs)


def _node_to_json(node: Node) -> dict[str, Json]:
    data: dict[str, Json] = {
        "address": node.address,
        "kind": node.kind,
        "name": node.name,
        "props": {key: _encode(value) for key, value in sorted(node.props.items())},
        "needs": sorted(node.needs),
    }
    if node.artifact:
        a = node.artifact
        data["artifact"] = {"sha256": a.sha256, "size": a.size, "unpacked_size": a.unpacked_size}
    flags = {"owned": node.owned, "stateful": node.stateful, "retain": node.retain}
    data.update({key: value for key, value in flags.items() if value != (key == "owned")})
    return data


def _node_from_json(data: Mapping[str, Any]) -> Node:
    return Node(
        address=Address(data["address"]),
        kind=data["kind"],
        name=data["name"],
        props={key: _decode(value) for key, value in data["props"].items()},
        needs=frozenset(Address(a) for a in data["needs"]),
        artifact=Artifact(**data["artifact"]) if "artifact" in data else None,
        owned=data.get("owned", True),
        stateful=data.get("stateful", False),
        retain=data.get("retain", False),
    )


def _encode(value: Value) -> Json:
    if isinstance(value, Ref):
        return {"$ref": [value.address, value.output]}
    if isinstance(value, Text):
        return {"$text": [_encode(part) for part in value.parts]}
    if isinstance(value, Mapping):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_encode(item) for item in value]
    return value


def _decode(value: Any) -> Value:
    if isinstance(value, dict):
        if set(value) == {"$ref"}:
            return Ref(Address(value["$ref"][0]), value["$ref"][1])
        if set(value) == {"$text"}:
            return Text(tuple(_decode(part) for part in value["$text"]))  # type: ignore[misc]
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return value  # type: ignore[no-any-return]

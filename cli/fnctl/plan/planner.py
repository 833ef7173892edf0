"""The pure planner: what should be there, what is there, and what was recorded in; changes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from fnctl.adapter import Action, Adopts, Change, FieldDiff
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.graph import CLOUD, UNKNOWN, Address, Graph, Json, Node, State, order, resolve


class Traits(Protocol):
    """What the planner must know of a Kind; every Kind is one."""

    @property
    def replaces(self) -> frozenset[str]: ...
    @property
    def secret(self) -> frozenset[str]: ...


@dataclass(frozen=True)
class Seen:
    """What was observed: the nodes that were looked for, and the states of those that are there."""

    states: Mapping[Address, State]
    cloud: Mapping[str, Json]

    def outputs(self) -> dict[Address, Mapping[str, Json]]:
        """Everything that a Ref can name right now."""
        return {CLOUD: self.cloud, **{address: state.outputs for address, state in self.states.items()}}


@dataclass(frozen=True)
class Decision:
    """The changes in the order of the graph, how many nodes stay as they are, and what stays behind although the manifest dropped it."""

    changes: tuple[Change, ...]
    unchanged: int
    kept: tuple[Address, ...]


def decide(graph: Graph, recorded: Mapping[Address, Node], seen: Seen, traits: Mapping[str, Traits]) -> Decision:
    """Compare and decide.

    Args:
        graph: what should be there.
        recorded: every node of the last release and of an interrupted run, by address.
        seen: the states of `graph` and `recorded` nodes.
        traits: by kind.

    Raises:
        FnctlError: an object that is not ours is not there, or does not fit.
    """
    outputs = seen.outputs()
    changes: list[Change] = []
    missing: list[Diagnostic] = []
    for node in order(graph.nodes.values()):
        state = seen.states.get(node.address)
        if not node.owned:
            missing += _missing(node, state, traits[node.kind])
            continue
        change = _towards(node, recorded.get(node.address), state, resolve(node.props, outputs), traits[node.kind])
        if change is not None:
            changes.append(change)
            if change.action == "replace":
                outputs.pop(node.address, None)
    if missing:
        message = "an existing object is not there"
        raise FnctlError(message, diagnostics=tuple(missing))
    unchanged = len(graph.nodes) - len(changes)
    gone, kept = _gone(graph, recorded, seen)
    return Decision((*changes, *gone), unchanged, kept)


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:  # JSON values
    """Yield (path, before, after) for every difference; maps are walked, lists and scalars compared whole. None equals absent."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted({*wanted, *found}):
            yield from differences(wanted.get(key), found.get(key), f"{path}.{key}" if path else str(key))
    elif not _same(wanted, found):
        yield path, found, wanted


def _same(wanted: Any, found: Any) -> bool:
    if wanted is UNKNOWN:
        return False
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        return len(wanted) == len(found) and all(_same(w, f) for w, f in zip(wanted, found, strict=True))
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return not any(True for _ in differences(wanted, found))
    return bool(wanted == found)


def _towards(node: Node, before: Node | None, state: State | None, props: Mapping[str, Any], traits: Traits) -> Change | None:
    found = {key: state.props.get(key) for key in props} if state else {}
    fields = tuple(_field(path, old, new, traits, exists=state is not None) for path, old, new in differences(props, found))
    if state is None:
        return Change("create", node.address, before, node, fields)
    if not fields:
        return None
    action: Action = "replace" if any(f.replaces for f in fields) else "update"
    return Change(action, node.address, before, node, fields)


def _field(path: str, old: object, new: object, traits: Traits, *, exists: bool) -> FieldDiff:
    top = path.split(".", 1)[0]
    known = not holds_unknown(new)
    return FieldDiff(path, old, new, known=known, replaces=exists and known and top in traits.replaces, secret=top in traits.secret)


def holds_unknown(value: object) -> bool:
    """Tell whether any part of a resolved value waits for another node."""
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(holds_unknown(item) for item in value)
    return value is UNKNOWN


def _gone(graph: Graph, recorded: Mapping[Address, Node], seen: Seen) -> tuple[list[Change], tuple[Address, ...]]:
    # One object can change its address (a route that moves to another function): it is not gone then.
    wanted = {(node.kind, seen.states[node.address].id) for node in graph.nodes.values() if node.address in seen.states}
    stays = holders({node.address for node in recorded.values() if node.retain and node.address in seen.states}, recorded)
    changes: list[Change] = []
    kept: list[Address] = []
    for node in reversed(order(recorded.values())):
        state = seen.states.get(node.address)
        if node.address in graph.nodes or state is None or not node.owned or (node.kind, state.id) in wanted:
            continue
        if node.address in stays:
            kept.append(node.address)
        else:
            changes.append(Change("delete", node.address, node, None))
    return changes, tuple(kept)


def holders(kept: set[Address], nodes: Mapping[Address, Node]) -> set[Address]:
    """Return what is kept with all that it needs to be there: a queue goes with the account that it lies in."""
    found: set[Address] = set()
    todo = [address for address in kept if address in nodes]
    while todo:
        address = todo.pop()
        if address not in found:
            found.add(address)
            todo += [edge for edge in nodes[address].edges() if edge in nodes]
    return found


def _missing(node: Node, state: State | None, traits: Traits) -> list[Diagnostic]:
    """Find why an object that is not ours cannot be used: it is not there, or its kind knows of more."""
    if isinstance(traits, Adopts):
        found = traits.unfit(node, state)
        return [found] if found else []
    if state is not None:
        return []
    label, help = "`existing:` adopts what is already there", "correct the name, or leave `existing:` out and let fnctl create it"
    return [Diagnostic("FN940", "error", f"{node.name} does not exist", span=node.span, label=label, help=help)]

"""Carry a plan out under the lock: intent, apply, verify, record; and where that fails, bring the old release back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol

from fnctl.adapter import Cancel, Change, Cloud, Run
from fnctl.apply.executor import Applied, Work, apply
from fnctl.dataclass import dataclass, field, replace
from fnctl.diagnostics import Diagnostic
from fnctl.errors import Exit, FnctlError
from fnctl.events import Event
from fnctl.graph import Address, Graph, Json, Node, State, resolve
from fnctl.ledger.ledger import Ledger
from fnctl.ledger.release import Intent, Release, labels
from fnctl.plan.planner import Decision, Seen, decide, holders

BESIDE = 16_000_000
"""Artifacts up to this many bytes go to the ledger while the changes are made; a platform may have to read bigger ones from there."""
VERIFY_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)


class Ground(Protocol):
    """What carrying out stands on; `fnctl.place.Place` is one."""

    @property
    def cloud(self) -> Cloud: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def run(self) -> Run: ...
    def see(self, nodes: Mapping[Address, Node], hints: Mapping[Address, str]) -> Seen: ...


@dataclass(frozen=True)
class View:
    """What was looked at, and what it means: the head, an open intent, all recorded nodes, the states, the decision."""

    head: Release | None
    intent: Intent | None
    recorded: Mapping[Address, Node]
    seen: Seen
    decision: Decision
    graph: Graph

    def digest(self) -> str:
        """Name everything that was observed: two equal digests mean that nothing moved between them."""
        states = {str(address): [state.id, state.props] for address, state in self.seen.states.items()}
        return hashlib.sha256(json.dumps([states, self.seen.cloud], sort_keys=True, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Ended:
    """How it ended."""

    status: Literal["deployed", "unchanged", "destroyed", "restored", "stopped"]
    exit: Exit
    release: Release | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    outputs: Mapping[str, Mapping[str, Json]] | None = None


def look(ground: Ground, graph: Graph, *, extra: Mapping[Address, Node] | None = None, moves: Callable[[Graph], Graph] = lambda g: g) -> View:
    """Read the ledger and the platform, and decide. Reads only.

    Args:
        ground: where to look.
        graph: what should be there.
        extra: more nodes to look for, as if recorded (strays).
        moves: applied to recorded graphs (`renamed_from`).
    """
    head, intent = ground.ledger.head(), ground.ledger.intent()
    known = [moves(item.graph).nodes for item in (intent, head) if item is not None]
    recorded = {address: node for nodes in (extra or {}, *known) for address, node in nodes.items()}
    graph = _recorded_names(graph, recorded)
    hints = {Address(a): id_ for a, id_ in (head.ids.items() if head else ())}
    seen = ground.see({**recorded, **graph.nodes}, hints)
    decision = decide(graph, recorded, seen, ground.cloud.kinds)
    return View(head, intent, recorded, seen, _with_losses(decision, seen, ground), graph)


def _recorded_names(graph: Graph, recorded: Mapping[Address, Node]) -> Graph:
    nodes = {
        address: replace(node, name=old.name) if (old := recorded.get(address)) and old.kind == node.kind and node.owned else node
        for address, node in graph.nodes.items()
    }
    return Graph(nodes, graph.outputs)


def _with_losses(decision: Decision, seen: Seen, ground: Ground) -> Decision:
    def holds(change: Change) -> Change:
        node = change.before or change.node
        state = seen.states.get(change.address)
        if change.action not in ("delete", "replace") or not node.stateful or state is None:
            return change
        return replace(change, loses=ground.cloud.kinds[node.kind].holds(node, state, ground.run))

    return replace(decision, changes=tuple(holds(change) for change in decision.changes))


@dataclass(frozen=True)
class Course:
    """One plan to carry out. `sign` makes the release of a number, given ids and outputs."""

    verb: Literal["deploy", "rollback"]
    view: View
    sign: Callable[[int, Mapping[Address, str], Mapping[str, Mapping[str, Json]]], Release]
    guard: Callable[[], None]
    fence: int
    parallel: int
    restores: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


def carry(ground: Ground, course: Course) -> Ended:
    """Make the graph true. The lock is held by the caller, the view was taken under it."""
    view = course.view
    before = dict(view.intent.graph.nodes) if view.intent else {}
    # What was there and in no release is not made by this run, and stays where it fails: a vault that was filled before the first deploy.
    found = {address for address in view.seen.states if address not in view.recorded}
    ours = {address: replace(node, retain=True) if address in found else node for address, node in view.graph.nodes.items()}
    intended = Graph({**before, **ours}, view.graph.outputs)
    ground.ledger.intend(Intent(intended, course.fence, course.verb, course.restores))
    run = replace(ground.run, labels=course.labels, back=course.restores is not None)
    work = Work(ground.cloud.kinds, run, course.guard, course.parallel)
    try:
        artifacts = {n.artifact.sha256: n.artifact for n in view.graph.nodes.values() if n.artifact}.values()
        ground.ledger.keep_bytes(a for a in artifacts if a.size > BESIDE)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="fnctl-ledger") as beside:
            kept = beside.submit(ground.ledger.keep_bytes, [a for a in artifacts if a.size <= BESIDE])
            applied = apply(view.decision.changes, view.seen, work)
        kept.result()
        if applied.stopped_in is None:
            return _settle(ground, course, applied)
    except FnctlError as error:  # the lock is lost, or the ledger cannot be reached: the intent tells the next run
        return Ended("stopped", Exit.STOPPED, diagnostics=error.diagnostics)
    return _after_failure(ground, course, applied, intended)


def _settle(ground: Ground, course: Course, applied: Applied) -> Ended:
    """Verify, then record: a deploy is done when it has been read back."""
    seen, findings = verify(ground, course.view.graph, course.view, applied)
    if findings:
        return Ended("stopped", Exit.STOPPED, diagnostics=tuple(findings))
    ground.run.emit(Event("phase", {"phase": "record"}))
    course.guard()
    head = course.view.head
    outputs = {name: resolve(values, seen.outputs()) for name, values in course.view.graph.outputs.items()}
    ids = {address: state.id for address, state in seen.states.items() if address in course.view.graph.nodes}
    release = course.sign((head.number if head else 0) + 1, ids, outputs)
    ground.ledger.record(release)
    return Ended("restored" if course.restores else "deployed", Exit.OK, release, outputs=outputs)


def verify(ground: Ground, graph: Graph, view: View, applied: Applied) -> tuple[Seen, list[Diagnostic]]:
    """Ask what was read back for an empty plan; what differs is read again a few times, for platforms are eventually consistent.

    What did not change was read before, and what did was read after its last phase: a second look at everything would find the same.
    """
    ground.run.emit(Event("phase", {"phase": "verify"}))
    states: dict[Address, State | None] = {**view.seen.states, **applied.read}
    missed = [change.address for change in view.decision.changes if change.address not in applied.read]
    for wait in (*VERIFY_WAITS, None):
        states.update(_again(ground, graph, view, states, missed))
        seen = Seen({address: state for address, state in states.items() if state is not None}, view.seen.cloud)
        left = decide(graph, view.recorded, seen, ground.cloud.kinds).changes
        if not left or wait is None or not ground.run.sleep(wait):
            return seen, [_not_so(change) for change in left]
        missed = [change.address for change in left]
    raise AssertionError  # the last wait is None


def _again(
    ground: Ground, graph: Graph, view: View, states: Mapping[Address, State | None], wanted: Sequence[Address]
) -> dict[Address, State | None]:
    """Read some nodes, with what they refer to."""
    every = {**view.recorded, **graph.nodes}
    nodes: dict[Address, Node] = {}
    todo = [address for address in wanted if address in every]
    while todo:
        node = every[todo.pop()]
        if node.address not in nodes:
            nodes[node.address] = node
            todo += [edge for edge in node.edges() if edge in every]
    hints = {address: state.id for address, state in states.items() if state is not None}
    found = ground.see(nodes, hints).states
    return {address: found.get(address) for address in nodes}


def _not_so(change: Change) -> Diagnostic:
    what = {"create": "is not there", "delete": "is still there"}.get(change.action, "is not as it should be")
    fields = ", ".join(f.path for f in change.fields) if change.action in ("update", "replace") else ""
    notes = (f"differs in: {fields}",) if fields else ()
    return Diagnostic("FN920", "error", f"{change.address} {what}", span=change.node.span, notes=notes, help="run the same command again")


def _after_failure(ground: Ground, course: Course, applied: Applied, intended: Graph) -> Ended:
    errors = applied.errors()
    if ground.run.cancel() is not Cancel.NO:
        return Ended("stopped", Exit.INTERRUPTED, diagnostics=errors)
    if applied.stopped_in == "retire":  # the new release serves; only what it replaced is still there
        return Ended("stopped", Exit.STOPPED, diagnostics=errors)
    try:
        restored = _restore(ground, course, intended)
    except FnctlError as error:
        return Ended("stopped", Exit.STOPPED, diagnostics=(*errors, *error.diagnostics))
    if restored:
        return Ended("stopped", Exit.STOPPED, diagnostics=(*errors, *restored))
    return Ended("restored", Exit.RESTORED, course.view.head, diagnostics=errors, outputs=course.view.head.outputs if course.view.head else None)


def _restore(ground: Ground, course: Course, intended: Graph) -> list[Diagnostic]:
    """Go back to the last release, or to nothing. Returns what could not be undone."""
    ground.run.emit(Event("phase", {"phase": "restore"}))
    head = course.view.head
    # What was there before is read too, and stays: what this run made may lie in it, and is not found without it.
    beside = {address: replace(node, retain=True) for address, node in course.view.graph.nodes.items()}
    view = look(ground, head.graph if head else Graph({}), extra={**beside, **intended.nodes})
    full = [change for change in view.decision.changes if change.loses]
    stays = holders({change.address for change in full}, {**view.recorded, **view.graph.nodes})
    changes = [change for change in view.decision.changes if change.address not in stays]
    run = replace(ground.run, labels=labels(head.number, head.commit, head.provenance) if head else {}, back=True)
    applied = apply(changes, view.seen, Work(ground.cloud.kinds, run, course.guard, course.parallel))
    if applied.stopped_in is not None:
        return list(applied.errors())
    if full:
        return [_kept(change) for change in full]
    _, findings = verify(ground, view.graph, view, applied)
    if not findings:
        course.guard()
        ground.ledger.close() if head else ground.ledger.forget(keep="lock.json")
    return findings


def _kept(change: Change) -> Diagnostic:
    message = f"{change.address} was made by this run and already holds data ({change.loses}): it stays"
    return Diagnostic("FN921", "error", message, span=change.node.span, help="go on with `fnctl deploy`, or remove it with `fnctl destroy`")


def remove(ground: Ground, view: View, guard: Callable[[], None], parallel: int) -> Ended:
    """Destroy: plan towards nothing, verify, and forget the ledger last."""
    work = Work(ground.cloud.kinds, ground.run, guard, parallel)
    try:
        applied = apply(view.decision.changes, view.seen, work)
        if applied.stopped_in is not None:
            interrupted = ground.run.cancel() is not Cancel.NO
            return Ended("stopped", Exit.INTERRUPTED if interrupted else Exit.STOPPED, diagnostics=applied.errors())
        _, findings = verify(ground, Graph({}), view, applied)
        if findings:
            return Ended("stopped", Exit.STOPPED, diagnostics=tuple(findings))
        guard()
        for name in ground.cloud.secrets():
            ground.cloud.secret_remove(name)
        ground.ledger.forget(keep="lock.json")
    except FnctlError as error:
        return Ended("stopped", Exit.STOPPED, diagnostics=error.diagnostics)
    return Ended("destroyed", Exit.OK)

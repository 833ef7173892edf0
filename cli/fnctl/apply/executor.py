"""The only room that writes: changes on a pool of threads, in three phases, each node after what it needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from fnctl.adapter import PHASES, Cancel, Change, Kind, Phase, Run
from fnctl.apply.walk import walk
from fnctl.dataclass import dataclass, field, replace
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.events import Event
from fnctl.graph import Address, Json, Node, State, resolve
from fnctl.plan.planner import Seen, differences, holds_unknown


@dataclass(frozen=True)
class Outcome:
    """How one change ended. `skipped` was never started; it has no error of its own, because one cause is one message."""

    change: Change
    status: Literal["done", "failed", "skipped"]
    errors: tuple[Diagnostic, ...] = ()


@dataclass
class Applied:
    """What is there afterwards, how each change ended, and the phase in which it stopped (None: it ran to the end).

    `idle` are updates that turned out to be none once an unknown was known. `read` is what each change's object was read back as (None: gone), right
    after its last phase and beside everybody else's work, so that proving costs next to no time.
    """

    states: dict[Address, State]
    idle: set[Address] = field(default_factory=set)
    read: dict[Address, State | None] = field(default_factory=dict)
    spent: dict[Address, float] = field(default_factory=dict)
    outcomes: dict[Address, Outcome] = field(default_factory=dict)
    stopped_in: Phase | None = None

    def errors(self) -> tuple[Diagnostic, ...]:
        """Return every failure's findings."""
        return tuple(error for outcome in self.outcomes.values() for error in outcome.errors)


@dataclass(frozen=True)
class Work:
    """What apply needs besides the changes: who to ask, who may stop it, and the check of the lock before every write."""

    kinds: Mapping[str, Kind]
    run: Run
    guard: Callable[[], None]
    parallel: int


def apply(changes: Sequence[Change], seen: Seen, work: Work) -> Applied:
    """Carry out the changes. Never raises for a node's failure: the outcome says it. LockLost passes through."""
    applied = Applied(dict(seen.states))
    steps = _steps(changes, work.kinds)
    outputs = seen.outputs()
    for change in changes:  # what is replaced or made is not known until it is
        if change.action in ("create", "replace"):
            outputs.pop(change.address, None)
    last = {address: phase for phase in PHASES for address in steps[phase]}
    for phase in PHASES:
        final = {address for address, at in last.items() if at == phase}
        if steps[phase] and not _phase(_Runner(phase, steps[phase], applied, outputs, work, final)):
            applied.stopped_in = phase
            break
    for change in changes:
        if change.address not in applied.outcomes:
            applied.outcomes[change.address] = Outcome(change, "skipped")
            work.run.emit(Event("change", {"action": change.action, "status": "skipped"}, change.address))
    return applied


def _phase(runner: _Runner) -> bool:
    work = runner.work
    work.run.emit(Event("phase", {"phase": runner.phase, "total": len(runner.steps)}))
    edges = _edges(runner.phase, runner.steps, work.kinds)
    skipped = walk(edges, runner.step, parallel=work.parallel, stop=lambda: work.run.cancel() is not Cancel.NO)
    if runner.fatal:
        raise runner.fatal
    return not skipped and not runner.failed


def _steps(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> dict[Phase, dict[Address, Change]]:
    steps: dict[Phase, dict[Address, Change]] = {phase: {} for phase in PHASES}
    for change in changes:
        phases: Sequence[Phase] = ("retire",) if change.action == "delete" else kinds[change.node.kind].phases(change)
        for phase in phases:
            steps[phase][change.address] = change
    return steps


def _edges(phase: Phase, steps: Mapping[Address, Change], kinds: Mapping[str, Kind]) -> dict[Address, frozenset[Address]]:
    """Order within one phase: forward along edges for what is made, backward along recorded edges for what goes."""
    edges = {address: set(change.node.edges()) if change.action != "delete" else set() for address, change in steps.items()}
    if phase != "retire":
        return {address: frozenset(needs) for address, needs in edges.items()}
    going = {address: change.node for address, change in steps.items() if change.action == "delete"}
    for address, node in going.items():
        for parent in node.edges():
            if parent in going:
                edges[parent].add(address)
    _order_strays(going, edges, kinds)
    return {address: frozenset(needs) for address, needs in edges.items()}


def _order_strays(going: Mapping[Address, Node], edges: dict[Address, set[Address]], kinds: Mapping[str, Kind]) -> None:
    linked = {parent for node in going.values() for parent in node.edges()}
    strays = [address for address, node in going.items() if not node.edges() and address not in linked]
    for stray in strays:
        rank = kinds[going[stray].kind].rank
        edges[stray] |= {a for a, node in going.items() if kinds[node.kind].rank < rank and stray not in edges[a]}


class _Runner:
    """One phase under way; shared by the threads of its walk."""

    def __init__(
        self,
        phase: Phase,
        steps: Mapping[Address, Change],
        applied: Applied,
        outputs: dict[Address, Mapping[str, Json]],
        work: Work,
        final: set[Address],
    ) -> None:
        self.phase: Phase = phase
        self.steps = steps
        self.applied = applied
        self.outputs = outputs
        self.work = work
        self.final = final
        self.failed = False
        self.fatal: FnctlError | None = None
        self.mutex = threading.Lock()

    def step(self, address: Address) -> bool:
        change = self.steps[address]
        begun = time.monotonic()
        self._say(change, "started")
        try:
            self.work.guard()
        except FnctlError as error:  # the lock is lost: nothing more may be written
            self.fatal = error
            return False
        try:
            self._perform(change)
        except FnctlError as error:
            self._fail(change, tuple(_at(d, change.node) for d in error.diagnostics), begun)
        except Exception as error:  # noqa: BLE001  # one node's execution: a bug in one kind must not hide the other outcomes
            crash = Diagnostic("FN999", "error", f"internal error in {change.node.kind}: {type(error).__name__}: {error}", span=change.node.span)
            self._fail(change, (crash,), begun)
        else:
            if address in self.final:
                self._read_back(change)
                self._done(change, self._spend(address, begun))
            else:
                self._spend(address, begun)
            return True
        return False

    def _read_back(self, change: Change) -> None:
        state = self.applied.states.get(change.address)
        props = resolve(change.node.props, self.outputs)
        with suppress(FnctlError):  # what could not be read now is read again at the end
            self.applied.read[change.address] = self.work.kinds[change.node.kind].read(change.node, props, state.id if state else None, self.work.run)

    def _perform(self, change: Change) -> None:
        kind = self.work.kinds[change.node.kind]
        state = self.applied.states.get(change.address)
        if change.action == "delete":
            self._remove(change, change.node, state)
            return
        props = resolve(change.node.props, self.outputs)
        unknown = [key for key, value in props.items() if holds_unknown(value)]
        if unknown:
            message = f"{change.address} needs a value that nothing gave: {', '.join(unknown)}"
            raise FnctlError(message, code="FN912", help="run `fnctl deploy` again")
        if self.phase == kind.phases(change)[0]:
            if change.action == "replace":  # under a fixed name the old has to go first; the plan named the outage
                self._remove(change, change.before or change.node, state)
                state = None
            elif change.action == "update" and state is not None and not _differs(props, state):
                self.applied.idle.add(change.address)
        if change.address not in self.applied.idle:
            self._keep(change.address, kind.write(change, props, state, self.phase, self.work.run))

    def _remove(self, change: Change, node: Node, state: State | None) -> None:
        if state is not None:
            self.work.kinds[node.kind].delete(node, state, self.work.run)
        with self.mutex:
            self.applied.states.pop(change.address, None)
            self.outputs.pop(change.address, None)

    def _keep(self, address: Address, state: State) -> None:
        with self.mutex:
            self.applied.states[address] = state
            self.outputs[address] = state.outputs

    def _spend(self, address: Address, begun: float) -> float:
        """Add up the seconds of one change over its phases."""
        self.applied.spent[address] = self.applied.spent.get(address, 0.0) + time.monotonic() - begun
        return round(self.applied.spent[address], 3)

    def _done(self, change: Change, seconds: float) -> None:
        self.applied.outcomes[change.address] = Outcome(change, "done")
        self._say(change, "done", seconds=seconds)

    def _fail(self, change: Change, errors: tuple[Diagnostic, ...], begun: float) -> None:
        self.failed = True
        self.applied.outcomes[change.address] = Outcome(change, "failed", errors)
        self._say(change, "failed", error=errors[0].message if errors else "", seconds=round(time.monotonic() - begun, 3))

    def _say(self, change: Change, status: str, **more: str | float) -> None:
        self.work.run.emit(Event("change", {"action": change.action, "status": status, "phase": self.phase, **more}, change.address))


def _differs(props: Mapping[str, object], state: State) -> bool:
    return any(True for _ in differences(props, {key: state.props.get(key) for key in props}))


def _at(diagnostic: Diagnostic, node: Node) -> Diagnostic:
    return diagnostic if diagnostic.span else replace(diagnostic, span=node.span)

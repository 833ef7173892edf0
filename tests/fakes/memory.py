"""A platform in memory whose every call can fail: the engine's tests live on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from fnctl.adapter import Call, Change, Kind, LogLine, LogQuery, Phase, Reply, Run
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl.graph import CLOUD, UNKNOWN, Address, Artifact, Graph, Json, Node, Ref, State
from fnctl.ledger.ledger import Ledger
from fnctl.ledger.local import LocalStore
from fnctl.manifest.model import Service
from fnctl.place import Place
from fnctl.plan.planner import holds_unknown
from fnctl.session import Options, Session

T = TypeVar("T")
Fault = Literal["refused", "lost", "killed"]
"""refused: nothing happened. lost: it happened, the answer was lost. killed: the process died before the call."""


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass
class World:
    """The platform's memory, which outlives every process that talks to it."""

    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    data: set[str] = field(default_factory=set)
    writes: list[str] = field(default_factory=list)
    calls: int = 0
    fault: tuple[int, Fault] | None = None
    dead: bool = False
    mutex: threading.RLock = field(default_factory=threading.RLock)

    def call(self, what: str, effect: Callable[[], T], *, write: bool = False) -> T:
        """Run one call of the platform, with the fault that is due."""
        with self.mutex:
            self.calls += 1
            due = self.fault[1] if self.fault and self.fault[0] == self.calls else None
            if due == "killed":
                self.dead = True
            if self.dead:
                raise Killed
            if due == "refused":
                message = f"{what} was refused"
                raise CloudError(message, reason="Throttling")
            if write:
                self.writes.append(what)
            result = effect()
            if due == "lost":
                message = f"{what} did not answer"
                raise CloudError(message, unknown=True)
            return result


@dataclass
class MemoryKind:
    """One kind of object; `two_phase` ones keep the old serving until the switch."""

    world: World
    kind: str
    two_phase: bool = False
    rank: int = 0
    replaces: frozenset[str] = frozenset({"fixed"})
    secret: frozenset[str] = frozenset({"env"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        found = self.world.call(f"read {node.address}", lambda: self.world.objects.get((self.kind, node.name)))
        return self._state(node.name, found) if found is not None else None

    def phases(self, change: Change) -> Sequence[Phase]:
        return ("prepare", "switch") if self.two_phase else ("prepare",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        assert not holds_unknown(props), props

        def effect() -> dict[str, Any]:
            thing = self.world.objects.setdefault((self.kind, change.node.name), {"live": {}})
            thing["next"] = dict(props)
            if phase == "switch" or not self.two_phase:
                thing["live"] = thing.pop("next")
            return dict(thing)

        return self._state(change.node.name, self.world.call(f"{phase} {change.address}", effect, write=True), props)

    def delete(self, node: Node, state: State, run: Run) -> None:
        self.world.call(f"delete {node.address}", lambda: self.world.objects.pop((self.kind, node.name), None), write=True)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        return "3 items" if node.name in self.world.data else None

    def _state(self, name: str, thing: dict[str, Any], props: Mapping[str, Any] | None = None) -> State:
        return State(f"id-{name}", dict(props if props is not None else thing["live"]), {"arn": f"arn:{self.kind}:{name}"})


@dataclass
class MemoryCloud:
    """The Cloud over a World."""

    world: World
    identity: str = "memory"
    store: None = None
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    vault: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kinds = {
            "role": MemoryKind(self.world, "role"),
            "function": MemoryKind(self.world, "function", two_phase=True),
            "table": MemoryKind(self.world, "table"),
            "route": MemoryKind(self.world, "route"),
        }

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        return {"account": "1"}

    def adrift(self, run: Run) -> Iterable[Node]:
        return ()

    def secrets(self) -> Mapping[str, str]:
        return dict(self.vault)

    def secret_set(self, name: str, value: str) -> str:
        self.vault[name] = str(int(self.vault.get(name, "0")) + 1)
        return self.vault[name]

    def secret_remove(self, name: str) -> None:
        self.vault.pop(name, None)

    def invoke(self, node: Node, state: State, call: Call) -> Reply:
        return Reply(ok=True, body=b"")

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        return ()

    def close(self) -> None:
        return


class FaultyStore(LocalStore):
    """The real local store, whose calls count and fail like the platform's."""

    def __init__(self, folder: Path, world: World) -> None:
        super().__init__(folder)
        self.world = world

    def get(self, key: str) -> tuple[bytes, str] | None:
        return self.world.call(f"get {key}", lambda: super(FaultyStore, self).get(key))

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        return self.world.call(f"put {key}", lambda: super(FaultyStore, self).put(key, body, expect=expect, absent=absent), write=True)

    def delete(self, key: str, *, expect: str | None = None) -> None:
        self.world.call(f"delete {key}", lambda: super(FaultyStore, self).delete(key, expect=expect), write=True)

    def list(self, prefix: str = "") -> Iterable[str]:
        return self.world.call(f"list {prefix}", lambda: super(FaultyStore, self).list(prefix))

    def put_file(self, key: str, path: Path) -> None:
        self.world.call(f"put {key}", lambda: super(FaultyStore, self).put_file(key, path), write=True)

    def purge(self, *, keep: str | None = None) -> None:
        self.world.call("purge", lambda: super(FaultyStore, self).purge(keep=keep), write=True)


def place(world: World, folder: Path, *, later: float = 0.0, events: list[Event] | None = None) -> Place:
    """A place as `open_place` makes it, for a fresh process. `later` moves its clock, so that a dead owner's lock has run out."""
    world.dead = False
    session = Session(options=Options(parallel=4), confirm=lambda _q, _e: True, now=lambda: time.time() + later)
    session.emit = events.append if events is not None else session.emit
    service = Service("shop", "dev", "memory", {}, {}, {}, {}, (), folder=folder)
    ledger = Ledger(FaultyStore(folder / "ledger", world))
    run = Run(session.emit, lambda: session.cancel, time.monotonic() + 60, lambda _seconds: True, lambda a: a.path or folder)
    return Place(session, service, None, MemoryCloud(world), ledger, run, {"account": "1"})  # type: ignore[arg-type]


def graph(**functions: Mapping[str, Any]) -> Graph:
    """A service of functions, each with its role and route; `table=True` adds a table that it needs."""
    nodes: list[Node] = []
    for name, options in functions.items():
        role = Node(Address(f"function/{name}/role"), "role", f"shop-{name}", {"rights": options.get("rights", "none")})
        props: dict[str, Any] = {"code": options.get("code", "v1"), "role": Ref(role.address, "arn"), "fixed": options.get("fixed", "a")}
        if options.get("secret"):
            props["secret"] = Ref(CLOUD, f"secret/{options['secret']}")
        if options.get("table"):
            table = Node(Address(f"table/{name}"), "table", f"shop-{name}-data", {"key": "id", "fixed": options.get("table")}, stateful=True)
            props["table"] = Ref(table.address, "arn")
            nodes.append(table)
        function = Node(Address(f"function/{name}"), "function", f"shop-{name}", props)
        route = Node(Address(f"trigger/{name}/http/GET /{name}"), "route", f"GET /{name}", {"target": Ref(function.address, "arn")})
        nodes += [role, function, route]
    return Graph({node.address: node for node in nodes}, {name: {"id": Ref(Address(f"function/{name}"), "arn")} for name in functions})


__all__ = ["UNKNOWN", "Artifact", "Fault", "Killed", "World", "graph", "place"]

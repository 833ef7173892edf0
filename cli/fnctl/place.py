"""One place of a platform under one run: the service, its adapter, the open cloud and its ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fnctl.adapter import Adapter, Cancel, Cloud, Run, Where
from fnctl.apply.observe import observe
from fnctl.dataclass import dataclass, field
from fnctl.errors import FnctlError, UsageError
from fnctl.events import Event
from fnctl.graph import Address, Artifact, Graph, Json, Node, order
from fnctl.ledger.ledger import Ledger
from fnctl.ledger.local import LocalStore
from fnctl.ledger.local import place as local_place
from fnctl.manifest.model import Service
from fnctl.plan.planner import Seen
from fnctl.session import Session

LONGEST = 3600.0


@dataclass
class Place:
    """Where a verb works. `facts` are the account's own outputs, read once. `commit` and `provenance` are of what is to
    be live, and `untried` is what its build could not try; a plan with changes says so."""

    session: Session
    service: Service
    adapter: Adapter
    cloud: Cloud
    ledger: Ledger
    run: Run
    facts: Mapping[str, Json]
    notes: tuple[str, ...] = ()
    untried: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    commit: str | None = None
    provenance: Mapping[str, Json] | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Announce a phase and take its time."""
        self.run.emit(Event("phase", {"phase": name}))
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = round(self.timings.get(name, 0.0) + time.monotonic() - begun, 3)

    def see(self, nodes: Mapping[Address, Node], hints: Mapping[Address, str]) -> Seen:
        """Read the given nodes."""
        parallel = self.session.options.parallel
        return observe(nodes, self.cloud.kinds, self.facts, hints=hints, run=self.run, parallel=parallel)

    def see_function(self, graph: Graph, name: str, hints: Mapping[Address, str]) -> Seen:
        """Read one function, and only what its props refer to."""
        return self.see(ancestors(graph, Address(f"function/{name}")), hints)


def open_place(session: Session, service: Service, adapter: Adapter) -> Place:
    """Connect. In a sandbox the stand-in is started first, and nothing of the machine's own environment reaches the SDK."""
    where = _where(session, service, adapter)
    cloud = adapter.connect(where)
    store = cloud.store or LocalStore(local_place(session.environ, service.target, cloud.identity, service.name, service.stage))
    ledger = Ledger(store)
    folder = service.folder / ".fnctl" / "build" / service.target
    run = _run(session, lambda artifact: ledger.fetch(artifact, folder))
    return Place(session, service, adapter, cloud, ledger, run, cloud.outputs(service))


def _where(session: Session, service: Service, adapter: Adapter) -> Where:
    environ = session.environ
    if session.options.sandbox:
        if adapter.endpoint and environ.get(adapter.endpoint):
            message = f"--sandbox and {adapter.endpoint} name two different endpoints"
            raise UsageError(message, help=f"leave one out:\nunset {adapter.endpoint}")
        sandbox = adapter.sandbox(service.folder)
        if sandbox is None:
            message = f"the target '{service.target}' has no sandbox"
            raise UsageError(message, help=f"leave --sandbox out, or set {adapter.endpoint} to an endpoint of your own" if adapter.endpoint else None)
        environ = sandbox.start(lambda sentence: session.emit(Event("log", {"message": sentence})))
    return Where(service.name, service.stage, service.settings, environ, service.folder, session.options.sandbox)


def _run(session: Session, fetch: Callable[[Artifact], Path]) -> Run:
    def sleep(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if session.cancel is Cancel.NOW:
                return False
            time.sleep(min(left, 0.1))
        return True

    return Run(emit=session.emit, cancel=lambda: session.cancel, deadline=time.monotonic() + LONGEST, sleep=sleep, fetch=fetch)


def ancestors(graph: Graph, address: Address) -> dict[Address, Node]:
    """Return a node and all that it refers to. Raises FnctlError when the graph has no such node."""
    if address not in graph.nodes:
        known = sorted(a.split("/", 1)[1] for a in graph.nodes if a.startswith("function/") and a.count("/") == 1)
        message = f"no function '{address.split('/', 1)[1]}' is deployed"
        raise FnctlError(message, code="FN942", help=f"deployed: {', '.join(known)}" if known else "deploy first:\nfnctl deploy")
    found: dict[Address, Node] = {}
    todo = [address]
    while todo:
        node = graph.nodes[todo.pop()]
        if node.address not in found:
            found[node.address] = node
            todo += [edge for edge in node.edges() if edge in graph.nodes]
    return {node.address: node for node in order(found.values())}

"""The whole way of fnctl, one verb a function.

    fnctl.yaml --load--> Document --resolve(stage, target)--> Service --check--> Diagnostics
                                                                 |
              bundles (a function each) --> recipes --> artifacts
                                                                 v
         adapter.translate(service, artifacts) --> Graph             pure, no credentials
         look: ledger + cloud, reads only      --> View              head, intent, states, decision
         decide (inside look)                  --> Changes           pure: what should be, what is, what was
         carry: lock, intent, apply, verify, record --> Release      the only part that writes

`deploy` goes the whole way. `plan` stops before the lock. `destroy` goes towards the empty graph, `rollback` towards a recorded one, `status` looks
towards the current one. Nothing here prints: events go to `session.emit`, answers are values (`fnctl.results`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from fnctl import __version__, building, preparation
from fnctl.apply.carry import Course, Ended, View, carry, look, remove
from fnctl.building import build as build
from fnctl.checking import sandbox as sandbox
from fnctl.checking import show as show
from fnctl.checking import validate as validate
from fnctl.comparing import matrix as matrix
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic, ordered
from fnctl.errors import Exit, FnctlError, StalePlan
from fnctl.events import Event
from fnctl.graph import CLOUD, Address, Graph, Json, Node, refs
from fnctl.ledger import lock
from fnctl.ledger.release import Release, labels
from fnctl.manifest.model import Service
from fnctl.operations import connect
from fnctl.operations import history as history
from fnctl.operations import invoke as invoke
from fnctl.operations import logs as logs
from fnctl.operations import outputs as outputs
from fnctl.operations import provenance as provenance
from fnctl.operations import secret_remove as secret_remove
from fnctl.operations import secret_set as secret_set
from fnctl.operations import secrets as secrets
from fnctl.operations import status as status
from fnctl.operations import unlock as unlock
from fnctl.place import Place, open_place
from fnctl.plan.model import Basis, Plan
from fnctl.plan.saved import SavedPlan
from fnctl.plan.saved import load as load_plan
from fnctl.plan.saved import save as save_plan
from fnctl.results import BuiltArtifact as BuiltArtifact
from fnctl.results import Checked as Checked
from fnctl.results import FunctionStatus as FunctionStatus
from fnctl.results import Result as Result
from fnctl.results import StatusReport as StatusReport
from fnctl.session import Session
from fnctl.sizing import size as size
from fnctl.source import Span

KEEP = 20


def plan(session: Session, *, offline: bool = False, out: Path | None = None) -> Plan:
    """Say what a deploy would change. `out` saves the plan with its artifacts; `offline` plans against nothing, without credentials."""
    prepared = preparation.prepare(session)
    graph = building.translate(session, prepared)
    if offline:
        return _plan_offline(prepared, graph)
    place = open_place(session, prepared.service, prepared.adapter)
    place.untried = prepared.untried
    with place.phase("plan"):
        view = look(place, graph, moves=preparation.moves(prepared.service))
    made = _plan(place, view)
    absent = [f"{finding.message}: deploy refuses until it has" for finding in _missing_secrets(place, view.graph)]
    made = replace(made, notes=(*made.notes, *absent))
    if out is not None:
        saved = SavedPlan(
            made.service,
            made.stage,
            made.target,
            prepared.service.settings,
            prepared.service.secrets,
            session.options.sandbox,
            prepared.service.protect,
            view.graph,
            made.basis,
            prepared.provenance,
        )
        save_plan(out, saved, made.artifacts)
    return made


def deploy(session: Session, *, saved: Path | None = None, show: Callable[[Plan], None], allow_data_loss: frozenset[str] = frozenset()) -> Result:
    """Make it so. `show` is called with the plan once it is known, before `session.confirm` is asked."""
    basis: Basis | None = None
    if saved is not None:
        kept = load_plan(saved, preparation.unpacked(session))
        prepared, graph = preparation.from_saved(session, kept)
        basis = kept.basis
    else:
        prepared = preparation.prepare(session)
        graph = building.translate(session, prepared)
    place = open_place(session, prepared.service, prepared.adapter)
    place.timings.update(prepared.timings)
    place.provenance, place.untried = prepared.provenance, prepared.untried
    return make_live(place, graph, show=show, allow=allow_data_loss, basis=basis, moves=preparation.moves(prepared.service))


def rollback(session: Session, *, to: int | None = None, show: Callable[[Plan], None], allow_data_loss: frozenset[str] = frozenset()) -> Result:
    """Make a new release that restores an earlier one. Nothing is built or translated: the release holds all that it needs."""
    place = connect(session)
    release = _choose(place, to)
    needed = tuple(sorted({*place.service.secrets, *secrets_of(release.graph.nodes.values())}))
    place.facts = place.cloud.outputs(replace(place.service, secrets=needed))  # values are today's, also of a secret that the manifest dropped
    place.commit, place.provenance = release.commit, release.provenance
    return make_live(place, release.graph, show=show, allow=allow_data_loss, restores=release.number)


def destroy(session: Session, *, show: Callable[[Plan], None]) -> Result:
    """Take everything back, except what `retain` keeps."""
    place = connect(session)
    with place.phase("plan"):
        strays = {node.address: node for node in place.cloud.adrift(place.run)}
        view = look(place, Graph({}), extra=strays)
    made = _plan(place, view)
    secrets = sorted(place.cloud.secrets())
    if secrets:
        made = replace(made, notes=(*made.notes, f"removes the secrets {', '.join(secrets)}"))
    show(made)
    if not made.changes and not secrets and view.head is None and view.intent is None:
        return Result("destroyed", Exit.OK, timings=place.timings, kept=made.kept)
    if not session.confirm(f"Destroy {_name(place, 'on')}?", place.service.stage if place.service.protect else None):
        return Result("cancelled", Exit.FINDINGS)
    if not place.ledger.store.exists():
        place.ledger.store.bootstrap()
    with _locked(place) as held:
        if not _stands(place, view, held):
            view = look(place, Graph({}), extra=strays)
        ended = remove(place, view, held.check, session.options.parallel)
    return _result(place, ended, made, "destroy")


def make_live(
    place: Place,
    graph: Graph,
    *,
    show: Callable[[Plan], None],
    allow: frozenset[str],
    basis: Basis | None = None,
    restores: int | None = None,
    moves: Callable[[Graph], Graph] = lambda g: g,
) -> Result:
    """Take a place from what is there to `graph`: look, show, ask, lock, carry. deploy and rollback differ only in where the graph comes from."""
    session = place.session
    with place.phase("plan"):
        view = look(place, graph, moves=moves)
    made = _plan(place, view)
    _refuse_stale(made, basis)
    show(made)
    if _settled(view):
        outputs = view.head.outputs if view.head else {}
        number = view.head.number if view.head else None
        return Result("unchanged", Exit.OK, number, outputs=outputs, timings=place.timings, changes=made.summary(), kept=made.kept)
    _require_secrets(place, graph)
    _refuse_loss(made, allow)
    replaced = any(change.action == "replace" for change in made.changes)
    if not session.confirm(
        f"Roll back {_name(place, 'on')}?" if restores else f"Deploy {_name(place, 'to')}?",
        place.service.stage if place.service.protect and replaced else None,
    ):
        return Result("cancelled", Exit.FINDINGS)
    if not place.ledger.store.exists():
        place.run.emit(Event("log", {"message": f"creating the ledger at {place.ledger.store.place}"}))
        place.ledger.store.bootstrap()
    with _locked(place) as held, place.phase("apply"):
        again = view if _stands(place, view, held) else look(place, graph, moves=moves)
        if again.digest() != view.digest():
            made = _plan(place, again)
            _refuse_stale(made, basis)
            _refuse_loss(made, allow)
            show(made)
        if not restores:
            place.commit = preparation.commit(place.service.folder, session.environ)
        course = Course(
            "rollback" if restores else "deploy",
            again,
            partial(_sign, place, again.graph, restores),
            held.check,
            held.fence,
            session.options.parallel,
            restores,
            labels((again.head.number if again.head else 0) + 1, place.commit, place.provenance),
        )
        ended = carry(place, course)
        if ended.exit is Exit.OK:
            with suppress(FnctlError):  # housekeeping: the next deploy does it again
                place.ledger.prune(KEEP)
    return _result(place, ended, made, f"rollback {restores}" if restores else "deploy")


def _stands(place: Place, view: View, held: lock.Lock) -> bool:
    """Tell whether nobody deployed between our look and our lock: then what was seen still holds."""
    numbers, was = place.ledger.numbers(), [view.head.number] if view.head else []
    return held.fence == 1 and numbers[-1:] == was and place.ledger.intent() == view.intent


def _settled(view: View) -> bool:
    return not view.decision.changes and view.head is not None and view.intent is None and view.head.graph.outputs.keys() == view.graph.outputs.keys()


def _plan(place: Place, view: View) -> Plan:
    notes = [*place.notes, *(place.untried if view.decision.changes else ())]
    if view.intent is not None:
        notes.append("an earlier run was interrupted: this one picks up what it left")
    if not place.ledger.store.exists() and view.graph.nodes:
        notes.append(f"creates the ledger at {place.ledger.store.place}")
    service = place.service
    versions = {"fnctl": __version__, "graph": "1"}
    basis = Basis(place.cloud.identity, view.head.number if view.head else None, view.digest(), versions)
    artifacts = {node.artifact.sha256: node.artifact for node in view.graph.nodes.values() if node.artifact}
    kept = tuple(str(address) for address in view.decision.kept)
    return Plan(
        service.name, service.stage, service.target, view.graph, view.decision.changes, basis, artifacts, view.decision.unchanged, tuple(notes), kept
    )


def _plan_offline(prepared: preparation.Prepared, graph: Graph) -> Plan:
    service = prepared.service
    changes = preparation.everything(graph)
    basis = Basis("offline", None, "", {"fnctl": __version__, "graph": "1"})
    return Plan(service.name, service.stage, service.target, graph, changes, basis, notes=("planned against nothing: --offline", *prepared.untried))


def _refuse_stale(made: Plan, basis: Basis | None) -> None:
    if basis is None or made.basis == basis:
        return
    moved = [key for key, old in vars(basis).items() if old != getattr(made.basis, key)]
    message = "the saved plan no longer fits what is there"
    raise StalePlan(message, notes=(f"changed since: {', '.join(moved)}",), help="plan again:\nfnctl plan --out FILE")


def _refuse_loss(made: Plan, allow: frozenset[str]) -> None:
    losing = [change for change in made.changes if change.loses and change.address not in allow]
    if losing:
        found = tuple(
            Diagnostic(
                "FN941",
                "error",
                f"{change.address} would lose its data ({change.loses})",
                span=change.node.span,
                label=f"a {change.action} empties it",
                help=f"keep it with `retain: true`, or agree to the loss:\nfnctl deploy --allow-data-loss {change.address}",
            )
            for change in losing
        )
        raise FnctlError("data would be lost", diagnostics=found)


def _require_secrets(place: Place, graph: Graph) -> None:
    missing = _missing_secrets(place, graph)
    if missing:
        message = "a secret is missing"
        raise FnctlError(message, diagnostics=missing)


def _missing_secrets(place: Place, graph: Graph) -> tuple[Diagnostic, ...]:
    """Find what the graph reads and the vault has not: the graph, not the manifest, for a rollback may need what the manifest dropped."""
    service = place.service
    spans = {name: _asked_for(service, node) for node in graph.nodes.values() for name in secrets_of([node])}
    return tuple(
        Diagnostic(
            "FN943",
            "error",
            f"the secret {name} has no value for the stage {service.stage}",
            span=spans[name],
            help=f"set it; the value is read from standard input:\nfnctl secret set {name}{preparation.where_words(place.session, service)}",
        )
        for name in sorted(spans)
        if not place.facts.get(f"secret/{name}")
    )


def _asked_for(service: Service, node: Node) -> Span | None:
    name = node.address.split("/")[1] if node.address.startswith("function/") else ""
    return service.span("functions", name, "secrets") if name in service.functions else node.span


def secrets_of(nodes: Iterable[Node]) -> set[str]:
    """Name every secret that nodes read."""
    found = {ref.output for node in nodes for ref in refs(node.props) if ref.address == CLOUD}
    return {output.removeprefix("secret/") for output in found if output.startswith("secret/")}


def _locked(place: Place) -> lock.Lock:
    place.run.emit(Event("phase", {"phase": "lock"}))
    return lock.acquire(place.ledger.store, patience=place.session.options.lock_timeout, now=place.session.now, sleep=place.run.sleep)


def _sign(
    place: Place, graph: Graph, restores: int | None, number: int, ids: Mapping[Address, str], outputs: Mapping[str, Mapping[str, Json]]
) -> Release:
    service = place.service
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(place.session.now()))
    who = f"{lock.myself().who}@{lock.myself().host}"
    versions = {"fnctl": __version__, "graph": "1"}
    told = (who, when, versions, place.commit, restores, place.provenance)
    return Release(number, service.name, service.stage, service.target, graph, ids, outputs, *told)


def _result(place: Place, ended: Ended, made: Plan, verb: str) -> Result:
    release = ended.release.number if ended.release else None
    restores = ended.release.restores if ended.release and ended.exit is Exit.OK else None
    following = f"fnctl {verb}{preparation.where_words(place.session, place.service)}" if ended.status == "stopped" else None
    diagnostics = tuple(ordered(ended.diagnostics))
    told: dict[str, Json] = {"verb": verb.split()[0], "status": ended.status, "release": release, "restores": restores, "exit": int(ended.exit)}
    place.session.observe(Event("result", told))
    return Result(ended.status, ended.exit, release, restores, ended.outputs or {}, place.timings, made.summary(), diagnostics, made.kept, following)


def _name(place: Place, preposition: str) -> str:
    return f"{place.service.name} {preposition} {place.service.target}, stage {place.service.stage} ({place.cloud.identity})"


def _choose(place: Place, number: int | None) -> Release:
    head = place.ledger.head()
    if head is None:
        message = "nothing was deployed yet, so there is nothing to roll back to"
        raise FnctlError(message, code="FN944", help="deploy first:\nfnctl deploy")
    kept = place.ledger.numbers()
    if number is None:  # a rollback of a rollback goes one further back, not to what was left
        earlier = [n for n in kept if n < (head.restores or head.number)]
        number = earlier[-1] if earlier else None
    release = place.ledger.release(number) if number is not None and number in kept else None
    if release is None:
        message = f"there is no release {number}" if number is not None else "there is no release before this one"
        raise FnctlError(message, code="FN944", help=f"kept: {', '.join(str(n) for n in kept)}; see `fnctl history`")
    return release

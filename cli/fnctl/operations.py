"""What can be asked of a deployed service: its status, outputs, history and logs, a call, its secrets, its lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from fnctl import preparation
from fnctl.adapter import Call, LogLine, LogQuery, Reply
from fnctl.apply.carry import View, look
from fnctl.dataclass import replace
from fnctl.errors import FnctlError
from fnctl.graph import UNKNOWN, Address, Graph, Json, Node, State, refs, resolve
from fnctl.ledger import lock
from fnctl.ledger.release import Release
from fnctl.place import Place, ancestors, open_place
from fnctl.results import FunctionStatus, StatusReport
from fnctl.session import Session


def connect(session: Session) -> Place:
    """Open the place that the manifest and the options name, for a verb that builds nothing."""
    prepared = preparation.prepare(session, files=False)
    return open_place(session, prepared.service, prepared.adapter)


def known(values: Mapping[str, object]) -> dict[str, Json]:
    """Leave out what could not be resolved."""
    return {key: value for key, value in values.items() if value is not UNKNOWN}  # type: ignore[misc]


def _head(place: Place) -> Release:
    head = place.ledger.head()
    if head is None:
        message = f"{place.service.name} is not deployed to {place.service.target}, stage {place.service.stage}"
        raise FnctlError(message, code="FN945", help=f"deploy it:\nfnctl deploy{preparation.where_words(place.session, place.service)}")
    return head


def status(session: Session) -> StatusReport:
    """Say what is there now."""
    place = connect(session)
    head = place.ledger.head()
    view = look(place, head.graph if head else Graph({}))
    drifted = {change.address: change for change in view.decision.changes}
    names = sorted({address.split("/")[1] for address in view.graph.nodes if address.startswith("function/")})
    functions = tuple(_function_status(view, drifted.keys(), name) for name in names)
    found = lock.holder(place.ledger.store)
    sandbox = place.adapter.sandbox(place.service.folder) if session.options.sandbox else None
    return StatusReport(
        place.service.name,
        place.service.stage,
        place.service.target,
        place.cloud.identity,
        place.ledger.store.place,
        _brief(head, head) if head else None,
        functions,
        len(drifted),
        found[0] if found else None,
        view.intent is not None,
        sandbox.status() if sandbox else None,
    )


def _function_status(view: View, drifted: Iterable[Address], name: str) -> FunctionStatus:
    address = Address(f"function/{name}")
    state = view.seen.states.get(address)
    changed = [a for a in drifted if a == address or a.startswith((f"{address}/", f"trigger/{name}/"))]
    values = {key: value for key, value in resolve(view.graph.outputs.get(name, {}), view.seen.outputs()).items() if isinstance(value, str)}
    detail = f"differs: {', '.join(sorted(changed))}" if changed and state else ""
    is_now: Literal["live", "missing", "changed"] = "missing" if state is None else "changed" if changed else "live"
    return FunctionStatus(name, is_now, values.get("id"), values.get("url"), detail)


def outputs(session: Session) -> Mapping[str, Mapping[str, Json]]:
    """Function name -> {"url"?, "id"} of the last release, with today's URLs."""
    place = connect(session)
    head = _head(place)
    nodes: dict[Address, Node] = {}
    for ref in refs(head.graph.outputs):
        if ref.address in head.graph.nodes:
            nodes.update(ancestors(head.graph, ref.address))
    seen = place.see(nodes, head.ids)
    return {name: known(resolve(values, seen.outputs())) for name, values in head.graph.outputs.items()}


def history(session: Session) -> list[Mapping[str, Json]]:
    """Releases, the newest first: {release, when, who, commit, restores?, functions, current}."""
    place = connect(session)
    releases = list(place.ledger.history())
    return [_brief(release, releases[0]) for release in releases]


def _brief(release: Release, head: Release) -> dict[str, Json]:
    functions = sum(1 for address in release.graph.nodes if address.startswith("function/") and address.count("/") == 1)
    return {
        "release": release.number,
        "when": release.when,
        "who": release.who,
        "commit": release.commit,
        "restores": release.restores,
        "functions": functions,
        "current": release.number == head.number,
    }


def provenance(session: Session, number: int) -> Mapping[str, Json]:
    """Return what a release's build said of its sources. Raises FnctlError: FN944, it is not there; FN949, it is older than this."""
    kept = connect(session).ledger
    release = kept.release(number) if number in kept.numbers() else None
    if release is None:
        message = f"there is no release {number}"
        raise FnctlError(message, code="FN944", help=f"kept: {', '.join(map(str, kept.numbers())) or 'none'}; see `fnctl history`")
    if release.provenance is None:
        message = f"release {number} says nothing of its sources"
        raise FnctlError(message, code="FN949", help="a release of today's fnctl does")
    return release.provenance


def invoke(session: Session, call: Call) -> Reply:
    """Call one deployed function."""
    place = connect(session)
    head = _head(place)
    seen = place.see_function(head.graph, call.function, head.ids)
    address = Address(f"function/{call.function}")
    if address not in seen.states:
        message = f"the function '{call.function}' is recorded, but not there any more"
        raise FnctlError(message, code="FN946", help="put it back:\nfnctl deploy")
    return place.cloud.invoke(head.graph.nodes[address], seen.states[address], call)


def logs(session: Session, functions: tuple[str, ...], query: LogQuery) -> Iterable[LogLine]:
    """Read the logs of the named functions, or of all."""
    place = connect(session)
    head = _head(place)
    every = [address.split("/")[1] for address in head.graph.nodes if address.startswith("function/") and address.count("/") == 1]
    states: dict[str, State] = {}
    for name in functions or sorted(every):
        seen = place.see_function(head.graph, name, head.ids)
        state = seen.states.get(Address(f"function/{name}"))
        if state is not None:
            states[name] = state
    return place.cloud.logs(states, replace(query, cancel=lambda: session.cancel))


def secrets(session: Session) -> Mapping[str, str | None]:
    """Every declared secret and its version, None where it is not set."""
    place = connect(session)
    found = place.cloud.secrets()
    return {name: found.get(name) for name in sorted({*place.service.secrets, *found})}


def secret_set(session: Session, name: str, value: str) -> str:
    """Store a value; it is live after the next deploy. Returns the version."""
    place = connect(session)
    if name not in place.service.secrets:
        known = ", ".join(place.service.secrets) or "none"
        message = f"the manifest declares no secret {name}"
        raise FnctlError(message, code="FN947", help=f"declared: {known}; add it at the top:\nsecrets: [{name}]")
    return place.cloud.secret_set(name, value)


def secret_remove(session: Session, name: str) -> None:
    """Remove a value from the platform's vault."""
    connect(session).cloud.secret_remove(name)


def unlock(session: Session) -> Mapping[str, Json] | None:
    """Remove exactly the lock that was shown, once `session.confirm` agrees; None when there is none."""
    place = connect(session)
    found = lock.holder(place.ledger.store)
    if found is None:
        return None
    data, version = found
    if session.confirm(f"Remove the lock of {data.get('who')} on {data.get('host')}, process {data.get('pid')}?", None):
        lock.remove(place.ledger.store, version)
        return data
    raise FnctlError("the lock stays", code="FN948", help="answer yes, or pass --yes")

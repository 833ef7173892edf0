"""From a manifest to a service that may be built, and back from a saved plan. Reads the project's files; talks to no platform."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from fnctl import plugins
from fnctl.adapter import Adapter, Change
from fnctl.checking import document_of, one, target_of, weighed
from fnctl.dataclass import dataclass, field, replace
from fnctl.diagnostics import Diagnostic, as_json, has_errors, ordered
from fnctl.errors import FnctlError, UsageError
from fnctl.events import Event
from fnctl.graph import Address, Graph, Json, Node, renamed
from fnctl.manifest.model import Function, Resource, Service
from fnctl.plan.planner import Seen, decide
from fnctl.plan.saved import SavedPlan
from fnctl.rules.model import NOT_YET, Measured
from fnctl.session import Session


@dataclass
class Prepared:
    """A service that has no errors, and the adapter that will host it."""

    service: Service
    adapter: Adapter
    timings: dict[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Json] | None = None
    """What the build said of its sources, once there was one."""
    untried: tuple[str, ...] = ()
    """What that build could not try on this machine, in sentences that name the functions."""
    manifest: tuple[str, str] = ("", "")
    """The manifest's name and SHA-256; of one that includes others, over all of them."""
    weigh: Callable[[Mapping[str, Measured]], list[Diagnostic]] = lambda _sizes: []
    """Hold sizes of what was built against the platform's limits, as the manifest wants its rules heard."""


def prepare(session: Session, *, files: bool = True, deploys: bool = True) -> Prepared:
    """Load, resolve and check for one target. Warnings become events, advice is `validate`'s part, and an error ends the run.

    Args:
        session: the run.
        files: look at handler files.
        deploys: the run will talk to the platform, which not every adapter does yet. One that only builds is warned of what deploys refuse.
    """
    begun = time.monotonic()
    session.emit(Event("phase", {"phase": "load"}))
    document, findings = document_of(session)
    target = target_of(session, document)
    adapter = plugins.adapter(target)
    more = plugins.Plugins()
    service, found = one(session, document, target, more, files=files)
    findings = [d for d in ordered([*findings, *more.findings, *found]) if d.severity != "advice"]
    if not deploys:
        findings = [replace(d, severity="warning") if d.code in NOT_YET else d for d in findings]
    if service is None or has_errors(findings):
        message = "the manifest has errors"
        raise FnctlError(message, diagnostics=tuple(findings))
    _listen(session, more)
    for finding in findings:
        session.emit(Event("finding", as_json(finding)))
    if deploys and not adapter.ready:
        message = f"fnctl cannot deploy to {adapter.title} yet"
        raise FnctlError(
            message,
            code="FN964",
            span=document.span(("targets", target)),
            help="`fnctl validate` checks for it already; `fnctl plugins` says what works",
        )
    weigh = partial(weighed, session, document, adapter, more, service)
    named = (document.path.name, _digest(document.files))
    return Prepared(service, adapter, {"load": round(time.monotonic() - begun, 3)}, manifest=named, weigh=weigh)


def _digest(files: Mapping[str, bytes]) -> str:
    """Name the bytes of a manifest: of one file as `sha256sum` does, of several by their names and digests."""
    import hashlib

    each = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())}
    if len(each) == 1:
        return next(iter(each.values()))
    return hashlib.sha256("".join(f"{digest}  {name}\n" for name, digest in each.items()).encode()).hexdigest()


def _listen(session: Session, more: plugins.Plugins) -> None:
    """Let observers hear what the view hears, after it."""
    shown = session.emit

    def observe(event: Event) -> None:
        for finding in more.observe(event):
            shown(Event("finding", as_json(finding)))

    def emit(event: Event) -> None:
        shown(event)
        observe(event)

    session.emit, session.observe = emit, observe


@contextmanager
def phase(session: Session, prepared: Prepared, name: str) -> Iterator[None]:
    """Announce a phase and take its time."""
    session.emit(Event("phase", {"phase": name}))
    begun = time.monotonic()
    yield
    prepared.timings[name] = round(time.monotonic() - begun, 3)


def moves(service: Service) -> Callable[[Graph], Graph]:
    """What `renamed_from` does to a recorded graph; a no-op once the new address is recorded."""
    things: Iterable[tuple[str, Function | Resource]] = (
        *(("function", f) for f in service.functions.values()),
        *((r.type, r) for r in service.resources.values()),
    )
    prefixes: dict[str, str] = {}
    for kind, thing in things:
        if thing.renamed_from:
            prefixes[f"{kind}/{thing.renamed_from}"] = f"{kind}/{thing.name}"
            if kind == "function":
                prefixes[f"trigger/{thing.renamed_from}"] = f"trigger/{thing.name}"

    def move(graph: Graph) -> Graph:
        open_moves = {old: new for old, new in prefixes.items() if new not in graph.nodes}
        return renamed(graph, open_moves) if open_moves else graph

    return move


class _Anything:
    """The traits of every kind when there is no platform to ask."""

    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset({"environment"})


def everything(graph: Graph) -> tuple[Change, ...]:
    """Plan against nothing: every object of ours is created."""
    owned: dict[Address, Node] = {a: n for a, n in graph.nodes.items() if n.owned}
    kinds = {node.kind: _Anything() for node in owned.values()}
    return decide(Graph(owned, graph.outputs), {}, Seen({}, {}), kinds).changes


def unpacked(session: Session) -> Path:
    """Where a saved plan's artifacts are unpacked."""
    return session.cwd / ".fnctl" / "build" / "plan"


def from_saved(session: Session, saved: SavedPlan) -> tuple[Prepared, Graph]:
    """Bring a saved plan back: its service has just what connecting needs."""
    if session.options.sandbox != saved.sandbox:
        message = "the plan was made with --sandbox" if saved.sandbox else "the plan was made without --sandbox"
        raise UsageError(message, help=f"fnctl deploy FILE{' --sandbox' if saved.sandbox else ''}")
    service = Service(saved.service, saved.stage, saved.target, saved.settings, {}, {}, {}, saved.secrets, folder=session.cwd, protect=saved.protect)
    return Prepared(service, plugins.adapter(saved.target), provenance=saved.provenance), _with_paths(saved.graph, unpacked(session))


def _with_paths(graph: Graph, folder: Path) -> Graph:
    def local(node: Node) -> Node:
        if node.artifact is None:
            return node
        return replace(node, artifact=replace(node.artifact, path=folder / f"{node.artifact.sha256}.zip"))

    return Graph({address: local(node) for address, node in graph.nodes.items()}, graph.outputs)


def where_words(session: Session, service: Service) -> str:
    """Repeat the options that name this place, for a command to copy."""
    words = f" --target {service.target} --stage {service.stage}"
    return words + (" --sandbox" if session.options.sandbox else "")


def commit(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return the commit that the folder is at, with `+` when it holds changes; None outside a repository."""
    given = environ.get("GITHUB_SHA") or environ.get("CI_COMMIT_SHA")
    if given:
        return given
    try:
        told = subprocess.run(  # fixed words and a folder of ours
            ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"],  # noqa: S607  # git is found like a shell finds it
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return told.stdout.strip() or None if told.returncode == 0 else None

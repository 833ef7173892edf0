"""Building as a verb does it: bundles, the adapter's recipes, artifacts, and what is asked of them before anybody may upload one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache as cached
from typing import TYPE_CHECKING

from fnctl import __version__, plugins
from fnctl.adapter import Indexed, Indexes
from fnctl.build.model import BuildTarget, Bundle, Recipe
from fnctl.checking import limits_of
from fnctl.dataclass import dataclass, replace
from fnctl.diagnostics import Diagnostic, as_json, ordered
from fnctl.errors import FnctlError
from fnctl.events import Event
from fnctl.graph import Artifact, Graph, Json
from fnctl.manifest.model import Service
from fnctl.preparation import Prepared, commit, phase, prepare
from fnctl.results import BuiltArtifact, notes_of
from fnctl.rules.model import Measured
from fnctl.session import Session

if TYPE_CHECKING:  # validate and the verbs that build nothing never load it
    from fnctl.build.builder import Built
    from fnctl.build.contents import Contents


@dataclass(frozen=True)
class Making:
    """What came of one build: the bundles, the recipes in the adapter's order, and the artifacts by name."""

    bundles: Mapping[str, Bundle]
    recipes: tuple[Recipe, ...]
    artifacts: Mapping[str, Built]

    def contents(self) -> tuple[Contents, ...]:
        """Take the artifacts apart."""
        from fnctl.build.contents import contents

        parts = ((recipe, self.artifacts[recipe.name]) for recipe in self.recipes)
        return tuple(one for recipe, built in parts for one in contents(recipe, self.bundles, built.artifact, built.path))


def build(session: Session, *, verify: bool = False) -> tuple[BuiltArtifact, ...]:
    """Build every function's artifact for the chosen target. `verify` builds twice, and compares."""
    return built(session, prepare(session, deploys=False), verify=verify)


def built(session: Session, prepared: Prepared, *, verify: bool = False) -> tuple[BuiltArtifact, ...]:
    """Bundle every function and write the adapter's artifacts below `.fnctl/build/`.

    Args:
        session: the run.
        prepared: the service.
        verify: build a second time in another place, and compare.

    Raises:
        FnctlError: the diagnostics of all functions and artifacts that failed.
    """
    with phase(session, prepared, "build"):
        targets, made = make(session, prepared)
        _within_limits(session, prepared, made)
        tried = _imported(session, prepared, made) if session.options.imports else {}
        refuse("an artifact is over its budget", _over_budget(prepared.service, made))
        prepared.provenance = _papers(session, prepared, made)
        looked = _indexed(session, prepared, made) if session.options.imports else dict.fromkeys(made.artifacts, Indexed())
    if verify:
        with phase(session, prepared, "verify"):
            _verify(session, prepared, targets, made)
    notes = {name: (*tried.get(name, ()), *indexed.notes) for name, indexed in looked.items()}
    return tuple(_result(recipe, made.artifacts[recipe.name], notes[recipe.name], verified=verify) for recipe in made.recipes)


def make(session: Session, prepared: Prepared) -> tuple[Mapping[str, BuildTarget], Making]:
    """Build for the machines that will run it, and say where those differ from what the manifest asks for."""
    targets, notes = _targets(session, prepared)
    for note in notes:
        session.emit(Event("log", {"message": note}))
    return targets, _make(session, prepared, targets, session.environ)


def _over_budget(service: Service, made: Making) -> tuple[Diagnostic, ...]:
    if not any(function.budget for function in service.functions.values()):
        return ()
    from fnctl.build.budgets import over

    return tuple(over(service, made.contents()))


def _within_limits(session: Session, prepared: Prepared, made: Making) -> None:
    """Hold what was built against the platform's limits before anything is sent: the rules of `validate --built`. Raises FnctlError for an error."""
    limits = [limit for limit in limits_of(prepared.service).table.values() if limit.artifact and limit.severity != "advice"]
    least = {kind: min((limit.in_bytes() for limit in limits if limit.artifact == kind), default=None) for kind in ("packed", "unpacked")}
    sizes: dict[str, Measured] = {}
    for recipe in made.recipes:
        one = made.artifacts[recipe.name].artifact
        pairs = ((least["packed"], one.size), (least["unpacked"], one.unpacked_size))
        if any(limit is not None and size > limit for limit, size in pairs):  # else nothing can be over, and no archive is opened
            from fnctl.build.measure import archive

            found = archive(made.artifacts[recipe.name].path)
            sizes[recipe.name] = Measured(recipe.functions, found.size, found.unpacked_size, found.largest, found.members)
    findings = [finding for finding in prepared.weigh(sizes) if finding.severity != "advice"] if sizes else []
    refuse("what was built is too large for the platform", findings)
    for finding in findings:
        session.emit(Event("finding", as_json(finding)))


def _papers(session: Session, prepared: Prepared, made: Making) -> Mapping[str, Json]:
    """Write the artifacts' bills of materials and the statement of where they come from, beside them."""
    from fnctl.build import provenance, sbom
    from fnctl.build.cache import Cache, home
    from fnctl.build.files import renew

    service = prepared.service
    cache = Cache(home(session.environ), service.folder, session.environ, lambda _: None)
    built = [(recipe, made.artifacts[recipe.name]) for recipe in made.recipes]
    bills = {recipe.name: sbom.ensure(recipe, made.bundles, one.artifact, one.path, cache) for recipe, one in built}
    artifacts = {recipe.name: one.artifact for recipe, one in built}
    said = provenance.statement(service, artifacts, bills, commit(service.folder, session.environ), session.environ, prepared.manifest)
    if built:
        renew(built[0][1].path.with_name(provenance.FILE), json.dumps(said, indent=1).encode() + b"\n")
    return said


def _imported(session: Session, prepared: Prepared, made: Making) -> Mapping[str, Sequence[str]]:
    """Import the handlers as the platform will, and tell of each artifact what could not be tried. Raises FnctlError where one cannot be imported."""
    from fnctl.build import trial
    from fnctl.build.cache import Cache, home

    cache = Cache(home(session.environ), prepared.service.folder, session.environ)
    found, notes = trial.tried(prepared.service, made.bundles, made.recipes, made.artifacts, cache)
    for finding in found:
        if finding.severity != "error":
            session.emit(Event("finding", as_json(finding)))
    refuse("a handler cannot be imported", ordered(found))
    return notes


def _result(recipe: Recipe, built: Built, notes: tuple[str, ...], *, verified: bool) -> BuiltArtifact:
    return BuiltArtifact(recipe.name, recipe.functions, built.artifact, built.path, built.cached, notes, verified=verified)


def _indexed(session: Session, prepared: Prepared, made: Making) -> dict[str, Indexed]:
    """Ask what the platform would find in each artifact. Raises FnctlError with what it would not; a good answer is kept by the artifact's digest."""
    adapter = prepared.adapter
    if not isinstance(adapter, Indexes):
        return dict.fromkeys(made.artifacts, Indexed())
    from fnctl.build import cache as memory

    cache = memory.Cache(memory.home(session.environ), prepared.service.folder, session.environ)
    looked: dict[str, Indexed] = {}
    for recipe in made.recipes:
        built = made.artifacts[recipe.name]
        name = memory.key(adapter.name, __version__, built.artifact.sha256)
        looked[recipe.name] = Indexed()
        if cache.get("indexed", name) is None:
            looked[recipe.name] = adapter.index(prepared.service, recipe, built.path, session.environ)
            if looked[recipe.name] == Indexed():
                cache.put("indexed", name, True)
    refuse("the platform would not find what was built", (finding for one in looked.values() for finding in one.findings))
    return looked


def _make(session: Session, prepared: Prepared, targets: Mapping[str, BuildTarget], environ: Mapping[str, str], parallel: int = 4) -> Making:
    from fnctl.build import builder

    def report(text: str) -> None:
        session.emit(Event("log", {"message": text}))

    service = prepared.service
    bundles = builder.bundles(service, targets, cached(plugins.builder), environ=environ, parallel=parallel, report=report)
    recipes = tuple(prepared.adapter.recipes(service, bundles))
    where = f"{service.target}-sandbox" if session.options.sandbox else service.target
    return Making(bundles, recipes, builder.artifacts(recipes, service.folder, target=where, environ=environ, parallel=parallel))


def _verify(session: Session, prepared: Prepared, targets: Mapping[str, BuildTarget], made: Making) -> None:
    """Build again, elsewhere and the other way round. Raises FnctlError FN444 for every artifact that comes out differently."""
    from fnctl.build import verify

    service = prepared.service
    with verify.elsewhere(service.folder, session.environ) as place:
        copy = replace(prepared, service=replace(service, folder=place.folder))
        again = _make(session, copy, {name: targets[name] for name in reversed(list(targets))}, place.environ, parallel=1)
        odd = [name for name, built in made.artifacts.items() if built.artifact.sha256 != again.artifacts[name].artifact.sha256]
        findings = tuple(verify.difference(name, made.artifacts[name].path, again.artifacts[name].path) for name in odd)
    refuse("the build is not reproducible", findings)


def refuse(message: str, findings: Iterable[Diagnostic]) -> None:
    """Raise FnctlError when there is an error among the findings."""
    found = tuple(findings)
    if any(finding.severity == "error" for finding in found):
        raise FnctlError(message, diagnostics=found)


def _targets(session: Session, prepared: Prepared) -> tuple[dict[str, BuildTarget], list[str]]:
    service, adapter = prepared.service, prepared.adapter
    images = {name: function.image.uri for name, function in service.functions.items() if function.image}
    functions = {name: function for name, function in service.functions.items() if name not in images}
    sandbox = adapter.sandbox(service.folder) if session.options.sandbox else None
    if sandbox is None:
        notes = [f"{name}: nothing is built, {uri} runs" for name, uri in images.items()]
        return {name: adapter.build_target(service, name) for name in functions}, notes
    pairs = {(f.runtime, f.architecture) for f in functions.values()}
    found = {pair: sandbox.build_target(*pair) for pair in sorted(pairs)}
    idle = [f"{name}: an image needs Docker, so it is deployed in the sandbox and cannot be called there" for name in images]
    notes = list(dict.fromkeys(note for _, note in found.values() if note))
    return {name: found[f.runtime, f.architecture][0] for name, f in functions.items()}, [*notes, *idle]


def translate(session: Session, prepared: Prepared) -> Graph:
    """Build, and say which objects should be there."""
    made = built(session, prepared)
    prepared.untried = tuple(notes_of(made))
    artifacts: dict[str, Artifact] = {one.name: one.artifact for one in made}
    return prepared.adapter.translate(prepared.service, artifacts)

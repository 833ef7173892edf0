"""Every limit, to the unit: so much passes, one more brings exactly the finding that names the limit's source; and no limit is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fnctl import checking, plugins
from fnctl.diagnostics import Diagnostic, Severity
from fnctl.manifest.model import Service
from fnctl.rules.engine import run
from fnctl.rules.limits import TARGETS, Limit, document, load
from fnctl.rules.model import Measured, Subject
from fnctl.session import Options
from limits.edges import EDGES, Edge, written
from robust import laws

EACH = frozenset({"FN190", "VC303", "VC304", "ADV021", "FIT001"})
"""Findings about each trigger or resource: one more of them is one more finding, which is not about the number. FIT001 has words for being over the
longest time, which the limit's own rule has found."""


def cases() -> Iterable[Any]:  # what pytest.param makes
    for target, edges in EDGES.items():
        for plan in document(target)["plans"] or [None]:
            table = load(target, plan=plan).table
            for id_, edge in edges.items():
                if id_ in table and (edge.plans is None or plan in edge.plans):
                    yield pytest.param(target, plan, id_, edge, id=f"{target}-{id_}" + (f"-{plan}" if plan else ""))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laws.project(tmp_path_factory.mktemp("edges"))


def findings(manifest: Path, target: str, plan: str | None, edge: Edge, amount: float) -> Counter[Diagnostic]:
    """Check what the edge makes of an amount. Places and labels do not tell findings apart here: an amount moves them."""
    made = edge.make(round(amount) if float(amount).is_integer() else amount)
    if isinstance(made, Service):
        found = run(plugins.adapter(target).rules(), Subject(made, load(target)))
    else:
        found = validated(manifest, target, written(target, plan, made))
    if edge.size:
        found = sized(manifest, target, edge, amount, written(target, plan, made))  # type: ignore[arg-type]  # a manifest: see EDGES
    return Counter(replace(d, span=None, label=None) for d in found if d.code not in EACH)


def validated(manifest: Path, target: str, raw: bytes) -> list[Diagnostic]:
    checked = checking.validate(laws.session(manifest, raw, Options(target=target)), files=False)
    assert checked.services, checked.diagnostics
    return list(checked.diagnostics)


def sized(manifest: Path, target: str, edge: Edge, amount: float, raw: bytes) -> list[Diagnostic]:
    """Check the sizes of an artifact that nobody has to build: half a gigabyte would be."""
    [service] = checking.validate(laws.session(manifest, raw, Options(target=target)), files=False).services
    plan = service.settings.get("plan")
    limits = load(target, plan=plan if isinstance(plan, str) else None)
    unit = {"MB": 1024**2, "GB": 1024**3, "files": 1}[next(limits[id_].unit for id_, one in EDGES[target].items() if one is edge)]
    size = round(amount * unit)
    members = (("a.py", 1),) * size if edge.size == "files" else ()
    built = Measured(("api",), size if edge.size == "packed" else 0, size if edge.size == "unpacked" else 0, (("a.py", size),), members)
    return run(plugins.adapter(target).rules(), Subject(service, limits, {"api": built}))


@pytest.mark.parametrize(("target", "plan", "id_", "edge"), list(cases()))
def test_so_much_passes_and_one_more_is_found(manifest: Path, target: str, plan: str | None, id_: str, edge: Edge) -> None:
    limit = load(target, plan=plan)[id_]
    over = limit.value + (-1 if id_.endswith(".min") and edge.step == 1 else edge.step)
    within, beyond = (limit.value, over) if not edge.warned else (over, limit.value)
    at, past = (findings(manifest, target, plan, edge, amount) for amount in (within, beyond))
    new = list((past - at).elements())
    assert [(d.code, d.severity) for d in new] == [(edge.code, severity(edge, plan, limit))], (at, past)
    assert any(limit.source in note for note in new[0].notes), new[0]
    assert not any((d.code, d.severity, d.message) == (edge.code, new[0].severity, new[0].message) for d in at), at


def severity(edge: Edge, plan: str | None, limit: Limit) -> Severity:
    """A limit's own severity; a number that is not confirmed never blocks."""
    if isinstance(edge.severity, str):
        return edge.severity
    if edge.severity and plan and plan in edge.severity:
        return edge.severity[plan]
    return "warning" if limit.severity == "error" and limit.sure in ("quoted", "unsure") else limit.severity


@pytest.mark.parametrize("target", TARGETS)
def test_every_limit_has_an_edge_or_says_why_not(target: str) -> None:
    kept = document(target)
    silent = {id_ for id_, entry in kept["limits"].items() if "unchecked" not in entry}
    assert silent == set(EDGES[target])
    used = {entry["unchecked"] for entry in kept["limits"].values() if "unchecked" in entry}
    assert used == set(kept["unchecked"])
    assert all(isinstance(why, str) and len(why.split()) > 3 for why in kept["unchecked"].values())


@pytest.mark.parametrize("target", TARGETS)
def test_every_plan_with_a_number_of_its_own_is_tried(target: str) -> None:
    """A plan that is left out has another limit before this one, and its reason stands beside the edge."""
    tried = {(case.values[2], case.values[1]) for case in cases() if case.values[0] == target}
    for plan in document(target)["plans"]:
        left = {id_ for id_ in EDGES[target] if id_ in load(target, plan=plan).table and (id_, plan) not in tried}
        assert left <= {"function.timeout.without_fluid", "cron.interval.min", "functions.apps_per_plan"}


OVERRIDES = [
    # id, target, the manifest's own number, the amount that passes, the first that does not, the finding, what the manifest's number itself brings
    pytest.param("lambda.concurrency", "aws", 2000, 2000, 2001, "AWS131", [], id="a quota that is raised"),
    pytest.param("lambda.concurrency", "aws", 500, 500, 501, "AWS131", [], id="a quota that is lower"),
    pytest.param("dynamodb.indexes", "aws", 25, 25, 26, "AWS172", [], id="a quota that only warns"),
    pytest.param("lambda.timeout", "aws", "30m", 1800, 1801, "AWS101", ["FN071"], id="a time, raised for nobody"),
    pytest.param("lambda.memory", "aws", "12GB", 12288, 12289, "AWS102", ["FN071"], id="a size, raised for nobody"),
    pytest.param("lambda.memory.min", "aws", 64, 64, 63, "AWS102", ["FN071"], id="a minimum"),
    pytest.param("states.map.inline", "aws", 45, 45, 46, "AWS181", [], id="a number that is not sure"),
    pytest.param("lambda.mapping.receives.advised", "aws", 3, 3, 2, "ADV006", [], id="advice"),
    pytest.param("functions.instances", "azure", 1200, 1200, 1201, "AZ106", ["FN071"], id="a number of one plan"),
    pytest.param("project.environment", "vercel", "1MB", 1024, 1024 + 1 / 1024, "VC202", ["FN071"], id="a size in another unit"),
]


@pytest.mark.parametrize(("id_", "target", "given", "within", "beyond", "code", "also"), OVERRIDES)
def test_the_manifests_own_number_holds_to_the_unit(
    manifest: Path, id_: str, target: str, given: Any, within: float, beyond: float, code: str, also: list[str]
) -> None:
    edge = EDGES[target][id_]

    def found(amount: float) -> list[Diagnostic]:
        made = edge.make(round(amount) if float(amount).is_integer() else amount)
        assert isinstance(made, dict)
        return validated(manifest, target, written(target, None, {**made, "limits": {target: {id_: given}}}))

    assert [d.code for d in found(within) if d.code in (code, "FN070", "FN071")] == also
    [wrong] = [d for d in found(beyond) if d.code == code]
    assert f"limit: `limits.{target}` in the manifest" in wrong.notes

"""A rule that says what it needs finds nothing where that is not: with and without the skip the findings are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnctl import catalogue, plugins
from fnctl.checking import limits_of
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.manifest import load
from fnctl.manifest.model import Function, Resource, ResourceType, Service, Trigger, TriggerKind
from fnctl.manifest.resolve import resolve, targets
from fnctl.rules import engine, portable
from fnctl.rules.held import FIELDS, held
from fnctl.rules.limits import Limits
from fnctl.rules.model import Found, Measured, Rule, Subject, rule
from fnctl.rules.settings import Settings
from robust.manifests import manifests
from rules.cases import case, lay_out

RULES = [made for made in catalogue.every() if made.needs]
CASES = [(made, kind) for made in RULES for kind in ("fail", "pass")]
ALL = Settings({"extends": "strict"})
BUILT = {"api": Measured(("api",), 10**10, 10**10, (("big", 10**10),), (("big", 10**10),))}


def everything(subject: Subject, *, skip: bool) -> list[Diagnostic]:
    """Ask every rule of the target; without the skip, as if no rule needed anything."""
    rules = (*portable.RULES, *plugins.adapter(subject.service.target).rules())
    asked = rules if skip else [replace(one, needs=frozenset()) for one in rules]
    return engine.run(asked, subject, ALL)


def subjects(path: Path, raw: bytes, stage: str = "dev", environ: dict[str, str] | None = None) -> Iterator[Subject]:
    """Resolve a manifest for each of its targets, as far as it can be."""
    document, _ = load.load(path, {path: raw})
    for target in targets(document) if document is not None else ():
        try:
            adapter = plugins.adapter(target)
        except FnctlError:
            continue
        assert document is not None
        service = resolve(document, target=target, stage=stage, environ=environ or {}, schemas={target: adapter.schema()}).service
        if service is None:
            continue
        try:
            limits = limits_of(service)
        except FnctlError:
            continue
        for built in ({}, BUILT):
            yield Subject(service, limits, built, date(2026, 11, 26), adapter.abilities())


@pytest.mark.parametrize(("made", "kind"), CASES, ids=[f"{made.code}-{kind}" for made, kind in CASES])
def test_no_case_of_a_rule_changes(made: Rule, kind: Literal["fail", "pass"], tmp_path: Path) -> None:
    one = case(made, kind)
    assert one is not None
    manifest = lay_out(replace(one, settings={**one.settings, "built": {}}), tmp_path)
    for subject in subjects(manifest, manifest.read_bytes(), one.settings.get("stage") or "dev", one.settings.get("environ")):
        assert everything(subject, skip=True) == everything(subject, skip=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large])
@given(data=manifests(), more=st.dictionaries(st.sampled_from(("lambda.concurrency", "function.memory", "lambda.layers")), st.integers(0, 9)))
def test_no_manifest_changes(data: dict[str, Any], more: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    if more:
        data = {**data, "limits": {"aws": more, "vercel": more}}
    for subject in subjects(folder / "fnctl.yaml", yaml.safe_dump(data, allow_unicode=True).encode()):
        assert everything(subject, skip=True) == everything(subject, skip=False)


def service(*functions: Function, **words: Any) -> Service:
    """Make the service of some functions."""
    made: dict[str, Any] = {"settings": {}, "resources": {}, "workflows": {}, "secrets": (), "folder": Path(), **words}
    return Service("shop", "dev", "aws", functions={function.name: function for function in functions}, **made)


def function(name: str = "api", **words: Any) -> Function:
    """Make a function that says these words."""
    return Function(name, "api.py", "api", "function", "python3.13", **words)


def words_of(*functions: Function, **words: Any) -> frozenset[str]:
    """Say what such a service holds."""
    return held(Subject(service(*functions, **words), Limits("aws")))


def trigger(kind: TriggerKind, **options: Any) -> Trigger:
    """Make a trigger."""
    return Trigger(kind, "x", None, options, ())


def resource(type_: ResourceType, **options: Any) -> dict[str, Resource]:
    """Make the only resource."""
    return {"r": Resource("r", type_, options)}


HELD = {
    "nothing": (words_of(), set()),
    "a bare function": (words_of(function()), {"interface:function"}),
    "a number": (words_of(function(timeout=3)), {"interface:function", "timeout"}),
    "nought": (words_of(function(), function("b", reserved=0)), {"interface:function", "reserved"}),
    "an empty map that says something": (words_of(function(idempotent={})), {"interface:function", "idempotent"}),
    "a trigger": (words_of(function(triggers=(trigger("queue", batch=3),))), {"interface:function", "triggers", "trigger:queue", "trigger.batch"}),
    "a resource": (words_of(resources=resource("queue", fifo=True)), {"resources", "resource:queue", "resource.fifo"}),
    "a use": (
        words_of(function(uses={"r": ("read",)}), resources=resource("bucket")),
        {"interface:function", "uses", "uses:bucket", "resources", "resource:bucket"},
    ),
    "calls": (
        words_of(function(uses={"b": ("invoke",), "w": ("start",)}), function("b"), workflows={"w": {}}),
        {"interface:function", "uses", "uses:function", "uses:workflow", "workflows"},
    ),
    "own words": (words_of(function(own={"vpc": {}})), {"interface:function", "own", "own:vpc"}),
    "the service's tags": (words_of(tags={"a": "b"}, protect=True, rollout={"canary": 1}), {"tags", "protect", "rollout"}),
}


@pytest.mark.parametrize(("words", "expected"), HELD.values(), ids=HELD)
def test_words_say_what_is_there(words: frozenset[str], expected: set[str]) -> None:
    assert words == expected


def test_every_need_is_a_word_that_a_service_can_hold() -> None:
    plain = {*FIELDS, "idempotent", "resources", "workflows", "protect", "rollout", "built"}
    assert {need for made in RULES for need in made.needs if not need.startswith(("trigger", "resource", "own:", "uses:", "interface:"))} <= plain


def test_a_rule_is_asked_only_where_it_can_find_something() -> None:
    asked = []

    @rule("ACME001", "error", needs=("layers", "trigger:queue"))
    def one(subject: Subject) -> list[Found]:
        """Tell of nothing."""
        asked.append(subject.service)
        return []

    without, queue, layers = service(function()), service(function(triggers=(trigger("queue"),))), service(function(layers=("a",)))
    for made in (without, queue, layers):
        engine.run([one], Subject(made, Limits("aws")))
    assert asked == [queue, layers]

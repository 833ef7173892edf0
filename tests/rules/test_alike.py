"""Of functions that are alike one is asked first, and some rules for one target only: with and without that the findings are the same."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fnctl import catalogue, plugins
from fnctl.manifest.model import Function, Resource, Trigger
from fnctl.rules import alike, engine, portable
from fnctl.rules.limits import Limits
from fnctl.rules.model import Rule, Subject
from robust.manifests import manifests
from rules.cases import case, lay_out
from rules.test_needs import ALL, service, subjects

RULES = [made for made in catalogue.every() if made.alike or made.alone]
CASES = [(made, kind) for made in RULES for kind in ("fail", "pass")]


@pytest.fixture(autouse=True, scope="module")
def tells_all_apart() -> Any:
    """Let small services be sampled too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alike, "FEW", 0)
        patch.setattr(alike, "MOST", 1)
        yield


def agree(subject: Subject, memo: dict[Any, Any]) -> None:
    """Ask every rule of the target, as `validate` does with a memo for all targets, and as if none were alike or alone."""
    rules = (*portable.RULES, *plugins.adapter(subject.service.target).rules())
    assert engine.run(rules, subject, ALL, memo) == engine.run([replace(one, alike=False, alone=False) for one in rules], subject, ALL)


def doubled(data: dict[str, Any]) -> dict[str, Any]:
    """Add to each function a second one, of another name and handler, that uses and hears the same or a resource that is like it."""
    resources, functions = (data[section] if isinstance(data.get(section), dict) else {} for section in ("resources", "functions"))
    more = {f"{name}-2": copy.deepcopy(resource) for name, resource in resources.items()}
    copies = {f"{name}-2": copy.deepcopy(function) for name, function in functions.items()}
    for number, function in enumerate(copies.values()):
        if isinstance(function, dict) and number % 2:
            if isinstance(uses := function.get("uses"), dict):
                function["uses"] = {f"{name}-2" if f"{name}-2" in more else name: verbs for name, verbs in uses.items()}
            function |= {"description": "another", "handler": "other.py:app"}
    return {**data, **({"resources": {**resources, **more}} if more else {}), **({"functions": {**functions, **copies}} if copies else {})}


@pytest.mark.parametrize(("made", "kind"), CASES, ids=[f"{made.code}-{kind}" for made, kind in CASES])
def test_no_case_of_a_rule_changes(made: Rule, kind: Literal["fail", "pass"], tmp_path: Path) -> None:
    one = case(made, kind)
    assert one is not None
    manifest = lay_out(replace(one, settings={**one.settings, "built": {}}), tmp_path)
    for raw in (manifest.read_bytes(), yaml.safe_dump(doubled(yaml.safe_load(manifest.read_bytes())), sort_keys=False).encode()):
        memo: dict[Any, Any] = {}
        for subject in subjects(manifest, raw, one.settings.get("stage") or "dev", one.settings.get("environ")):
            agree(subject, memo)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large])
@given(data=manifests(), order=st.booleans())
def test_no_manifest_changes(data: dict[str, Any], order: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    raw = yaml.safe_dump(doubled(data), allow_unicode=True, sort_keys=order).encode()
    memo: dict[Any, Any] = {}
    for subject in subjects(tmp_path_factory.getbasetemp() / "fnctl.yaml", raw):
        agree(subject, memo)


def hears(name: str, resource: str, sends: str = "", /, **words: Any) -> Function:
    """Make a function that listens to a queue, and may send to one."""
    heard = (Trigger("queue", resource, resource, {}, ("functions", name, "triggers", 0)),)
    return Function(name, f"{name}.py", "work", "event", "python3.13", triggers=heard, uses={sends: ("send",)} if sends else {}, **words)


def answers(name: str, path: str, **options: Any) -> Function:
    """Make a function that answers at a path."""
    routes = (Trigger("http", f"GET {path}", None, {"method": "GET", "path": path, **options}, ("functions", name, "triggers", 0)),)
    return Function(name, f"{name}.py", "app", "function", "python3.13", triggers=routes, env=ENV, logs=LOGS)


ENV, LOGS, MAPS = {"A": "b"}, hears("x", "q").logs, dict[str, Any]()
SAME: dict[str, Any] = {"env": ENV, "logs": LOGS, "budget": MAPS, "bundle": MAPS, "retry": MAPS, "tags": MAPS, "own": MAPS}
QUEUES = {name: Resource(name, "queue", {"max_receives": 5}) for name in ("q", "r")} | {"fifo": Resource("fifo", "queue", {"fifo": True})}
KINDS = {
    "names and handlers": ([hears("a", "q", **SAME), hears("b", "q", **SAME)], ["a"]),
    "queues that are alike": ([hears("a", "q", **SAME), hears("b", "r", **SAME)], ["a"]),
    "queues that are not": ([hears("a", "q", **SAME), hears("b", "fifo", **SAME)], ["a", "b"]),
    "what starts it": ([hears("a", "q", "q", **SAME), hears("b", "q", "r", **SAME)], ["a", "b"]),
    "another timeout": ([hears("a", "q", **SAME, timeout=3), hears("b", "q", **SAME, timeout=4)], ["a", "b"]),
    "another environment": ([hears("a", "q", **SAME), hears("b", "q", **{**SAME, "env": {"A": "c"}})], ["a", "b"]),
    "a description": ([hears("a", "q", **SAME), hears("b", "q", **SAME, description="b")], ["a", "b"]),
    "descriptions": ([hears("a", "q", **SAME, description="a"), hears("b", "q", **SAME, description="b")], ["a"]),
}


@pytest.mark.parametrize(("functions", "expected"), KINDS.values(), ids=KINDS)
def test_what_is_told_apart(functions: list[Function], expected: list[str]) -> None:
    subject = Subject(service(*functions, resources=QUEUES), Limits("aws"))
    assert list(alike.sample(subject, {}).service.functions) == expected


def test_routes_are_one_kind_and_what_else_they_say_is_not() -> None:
    functions = [replace(answers(name, f"/{name}", **more), **SAME) for name, more in (("a", {}), ("b", {}), ("c", {"auth": "none"}))]
    subject = Subject(service(*functions), Limits("aws"))
    assert list(alike.sample(subject, {}).service.functions) == ["a", "c"]


def test_targets_with_the_same_functions_share_the_answer_and_others_do_not() -> None:
    memo: dict[Any, Any] = {}
    one = Subject(service(hears("a", "q", **SAME), hears("b", "q", **SAME), resources=QUEUES), Limits("aws"))
    first = alike.sample(one, memo).service.functions
    assert alike.sample(replace(one, limits=Limits("azure")), memo).service.functions is first
    other = replace(one, service=replace(one.service, resources={**QUEUES, "q": QUEUES["fifo"]}))
    assert alike.sample(other, memo).service.functions is not first
    assert list(alike.sample(replace(one, service=service(hears("b", "q", **SAME), resources=QUEUES)), memo).service.functions) == ["b"]


def test_nothing_is_saved_where_nearly_all_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "MOST", 0.5)
    functions = [hears(name, "q", **SAME, timeout=number) for number, name in enumerate("aabcd")]
    subject = Subject(service(*functions, resources=QUEUES), Limits("aws"))
    assert alike.sample(subject, {}) is subject


def test_few_functions_are_not_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "FEW", 3)
    subject = Subject(service(hears("a", "q", **SAME), hears("b", "q", **SAME), resources=QUEUES), Limits("aws"))
    assert alike.sample(subject, {}) is subject

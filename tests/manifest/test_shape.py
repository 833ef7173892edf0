"""Our checker and jsonschema-rs, an independent reader of the same schema, agree on what is valid."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fnctl_schemas
from fnctl.manifest import shape
from fnctl.manifest.check import check
from fnctl.manifest.fine import fine
from fnctl.manifest.load import Document
from fnctl.manifest.resolve import describe, explain, resolve

SCHEMA = fnctl_schemas.read("manifest-1.schema.json")
OTHER = jsonschema_rs.validator_for(SCHEMA)
ROOT = shape.manifest().shape(SCHEMA)

GOOD: dict[str, Any] = {
    "fnctl": 1,
    "service": "orders",
    "targets": {"aws": {"region": "eu-west-1", "secrets": "ssm"}, "azure": {"plan": "flex"}, "moon": {"only": ["api"], "crater": 5}},
    "defaults": {"runtime": "python3.13", "memory": "512MB", "logs": {"retention": "30d"}},
    "stages": {"prod": {"protect": True, "rollout": {"canary": "10%", "bake": "10m"}, "functions": {"api": {"memory": None}}}, "pr-*": {"ttl": "3d"}},
    "resources": {
        "orders": {"type": "table", "key": "id", "sort": {"name": "at", "type": "number"}, "indexes": {"by-mail": {"key": "mail"}}},
        "jobs": {"type": "queue", "max_receives": 5, "visibility": 30, "dead_letter": False, "targets": {"aws": {"kms_key": "alias/x"}}},
        "shop": {"type": "bus", "existing": "default"},
    },
    "functions": {
        "api": {
            "handler": "src/api.py:app",
            "interface": "asgi",
            "timeout": "${vars.timeout}",
            "triggers": [{"http": "GET /orders/{id}"}, {"http": {"method": "POST", "path": "/orders", "cors": {"origins": "*"}, "auth": "iam"}}],
            "uses": {"orders": ["read", "write"], "jobs": "send"},
            "env": {"A": "x", "B": 5, "C": True},
            "concurrency": {"reserved": 0, "per_instance": 1.0},
            "retry": {"max": 2, "backoff": 1.5},
            "idempotent": {"ttl": "1d"},
            "targets": {"aws": {"memory": "1GB", "http": "function_url", "raw": {"SnapStart": {}}}},
        },
        "work": {"handler": "a.ts:b", "triggers": [{"queue": {"name": "jobs", "batch": "whole"}}, {"bucket": {"name": "b", "when": ["created"]}}]},
        "tick": {"handler": "a.ts:b", "triggers": [{"schedule": {"cron": "0 3 * * *"}}]},
    },
    "workflows": {
        "fulfil": {
            "steps": [
                {"id": "a", "task": "work", "retry": {"max": 3}, "compensate": {"task": "work", "when": "attempted"}},
                {"task": "work", "catch": [{"errors": ["*"], "steps": [{"wait": "30s"}]}]},
                {"map": "= $input", "steps": [{"set": {"x": 1}}]},
                {"parallel": {"a": [{"fail": {"error": "No"}}]}},
                {"choice": [{"when": "= true", "steps": [{"wait": {"until": "= $x"}}]}, {"else": [{"emit": {"bus": "shop", "type": "t"}}]}]},
                {"saga": [{"wait": 5}]},
            ]
        }
    },
    "vars": {"timeout": 5},
    "rules": {"FN045": "off"},
    "limits": {"aws": {"x": 5}},
    "budget": {"monthly": 10.5},
}  # fmt: skip

TEXTS = [
    "",
    "x",
    "30s",
    "30s\n",
    "512MB",
    "a-b",
    "Ab",
    "GET /",
    "= x",
    "=",
    "10%",
    "whole",
    "queue",
    "table",
    "${vars.x}",
    "${}",
    "read",
    "日本",
    "created",
    "5",
]
SCALARS = st.sampled_from([None, True, False, 0, -1, 1, 5, 1.0, 1.5, 99, 100, "src/a.py:b", *TEXTS])
KEYS = st.sampled_from(
    ["type", "key", "name", "steps", "task", "wait", "memory", "when", "nope", "http", "queue", "method", "path", "ttl", "é", "A-b", ""]
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=5)


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(item, (*path, key))


PATHS = [path for path in places(GOOD) if path]


def changed(path: tuple[Any, ...], how: str, value: Any, key: str) -> Any:
    data = copy.deepcopy(GOOD)
    parent = data
    for part in path[:-1]:
        parent = parent[part]
    if how == "set" or not isinstance(parent, dict):
        parent[path[-1]] = value
    elif how == "remove":
        del parent[path[-1]]
    else:
        parent[key] = value
    return data


def test_the_schema_is_one_and_the_sample_fits_it() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert shape.check(ROOT, GOOD) == []
    assert OTHER.is_valid(GOOD)


@settings(max_examples=400)
@given(st.sampled_from(PATHS), st.sampled_from(["set", "remove", "add"]), VALUES, KEYS)
def test_one_change_has_the_same_verdict_as_jsonschema(path: tuple[Any, ...], how: str, value: Any, key: str) -> None:
    data = changed(path, how, value, key)
    problems = shape.check(ROOT, data)
    assert (not problems) == OTHER.is_valid(data), (problems, [(e.instance_path, e.message) for e in OTHER.iter_errors(data)])
    assert fine(ROOT, (data,)) == (not problems)  # one looks quickly, the other for what is wrong: both by the same rules


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(["set", "remove", "add"]), VALUES, KEYS), max_size=3))
def test_many_values_are_fine_when_each_of_them_is(changes: list[tuple[Any, ...]]) -> None:
    documents = [changed(*one) for one in changes]
    functions = [function for one in documents if isinstance(one.get("functions"), dict) for function in one["functions"].values()]
    for form, values in ((ROOT, documents), (shape.manifest().definition("function"), functions)):
        assert fine(form, values) == all(not shape.check(form, value) for value in values)


def test_a_value_in_two_places_is_looked_at_in_each_by_that_ones_rules() -> None:
    shared = {"A": "x"}
    data = {**GOOD, "functions": {"api": {"handler": "a.py:b", "env": shared, "uses": shared}}}
    assert [p.path for p in shape.check(ROOT, data)] == [p.path for p in shape.check(ROOT, copy.deepcopy(data))] != []
    twice = {**GOOD, "functions": {name: {"handler": "a.py:b", "tags": {"a": [1]}} for name in ("a", "b")}}
    twice["functions"]["b"]["tags"] = twice["functions"]["a"]["tags"]
    assert [p.path[1] for p in shape.check(ROOT, twice)] == ["a", "b"]


@settings(max_examples=300)
@given(st.sampled_from(PATHS), st.sampled_from(["set", "remove", "add"]), VALUES, KEYS, st.sampled_from(["dev", "prod", "pr-1"]))
def test_what_has_the_right_shape_can_be_resolved_and_checked(path: tuple[Any, ...], how: str, value: Any, key: str, stage: str) -> None:
    data = changed(path, how, value, key)
    if shape.check(ROOT, data):
        return
    document = Document(data, Path("fnctl.yaml"), Path(), {"fnctl.yaml": json.dumps(data).encode()})
    for target in ("aws", "azure", "moon"):
        resolution = resolve(document, target=target, stage=stage, environ={})
        assert resolution.service is not None or resolution.diagnostics
        if resolution.service is not None:
            check(resolution.service, files=False)
            assert describe(resolution)
            explain(resolution)


def pointed(pointer: str) -> Any:
    found: Any = SCHEMA
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            inner = value.values() if key in ("properties", "$defs") else [value] if key not in ("examples", "default", "enum", "const") else []
            for one in inner:
                yield from keywords(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from keywords(one)


def test_the_schema_uses_only_keywords_that_the_checker_knows() -> None:
    structure = {"type", "properties", "additionalProperties", "propertyNames", "items", "required", "anyOf", "allOf"}
    values = {"enum", "const", "pattern", "minimum", "maximum", "minItems", "maxItems", "minProperties", "maxProperties", "minLength"}
    said = {"$schema", "$id", "$ref", "$defs", "title", "description", "examples", "default", "errorMessage", "x-unit"}
    assert set(keywords(SCHEMA)) <= structure | values | said


def test_every_word_is_described_for_an_editor() -> None:
    def bare(schema: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        for key, inner in schema.get("properties", {}).items():
            target = inner
            while "$ref" in target and "description" not in target:
                target = pointed(target["$ref"])
            if "description" not in target and "const" not in target:
                yield (*path, key)

    named = {"name"}
    found = [p for name, schema in SCHEMA["$defs"].items() for p in bare(schema, (name,))] + list(bare(SCHEMA, ()))
    assert [p for p in found if p[-1] not in named] == []


@pytest.mark.parametrize("word", ["memory", "timeout", "env", "triggers", "uses", "targets"])
def test_a_misspelt_word_is_guessed(word: str) -> None:
    (problem,) = shape.check(ROOT, {**GOOD, "functions": {"api": {"handler": "a.py:b", word[:-2] + word[-1] + word[-2]: 1}}})
    assert problem.help == f"did you mean `{word}`?"

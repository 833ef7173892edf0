"""Vercel's own description of its API, and what its CLI was seen to send; both lie outside of the project."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "contracts" / "vercel"
NEEDED = pytest.mark.skipif(not FOLDER.exists(), reason="Vercel's API description is kept outside of the project, in ../shared/contracts/vercel")
_NEWER = {"nodeVersion": ["24.x"]}
"""Values that came after the description of 2025-10-27."""


@cache
def spec() -> dict[str, Any]:
    """The OpenAPI subset of 2025-10-27."""
    found: dict[str, Any] = json.loads((FOLDER / "vercel-subset-2025-10-27.json").read_text("utf-8"))
    return found


def request(operation: str) -> dict[str, Any]:
    """The schema of a request's JSON body."""
    return dict(_operation(operation)["requestBody"]["content"]["application/json"]["schema"])


def problems(operation: str, status: int, answer: object) -> list[str]:
    """What of an answer does not fit its description."""
    schema = _operation(operation)["responses"][str(status)]["content"]["application/json"]["schema"]
    defined = {name: _plain(spec()["components"]["schemas"][name]) for name in _named(schema)}
    checker = jsonschema_rs.validator_for({**_plain(schema), "$defs": defined})
    return [f"{'/'.join(map(str, one.instance_path))}: {one.message[-200:]}" for one in checker.iter_errors(answer)]


def _operation(operation: str) -> dict[str, Any]:
    method, _, path = operation.partition(" ")
    return dict(spec()["paths"][path][method.lower()])


def _plain(schema: Any, key: str = "") -> Any:
    """As JSON Schema says it: no `nullable`, and alternatives that overlap are alternatives."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref'].rpartition('/')[2]}"}
    kept = {name: value for name, value in schema.items() if name not in ("example", "description", "deprecated", "nullable", "format")}
    kept = {name: value for name, value in kept.items() if not (name in ("oneOf", "anyOf", "enum") and not value)}
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    if key in _NEWER and "enum" in kept:
        kept["enum"] = [*kept["enum"], *_NEWER[key]]
    found = {
        name: {each: _plain(one, each) for each, one in value.items()} if name == "properties" else _plain(value) for name, value in kept.items()
    }
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") else found


def _named(schema: object) -> set[str]:
    found: set[str] = set()
    todo = [json.dumps(schema)]
    while todo:
        for name in set(re.findall(r"#/components/schemas/([A-Za-z0-9_]+)", todo.pop())) - found:
            found.add(name)
            todo.append(json.dumps(spec()["components"]["schemas"][name]))
    return found


def conversation(name: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Parts of a recording, each begun by a mark or by the CLI's first question."""
    part, title = list[dict[str, Any]](), "deploy"
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["path"].startswith("/MARK/"):
            if part:
                yield title, part
            part, title = [], row["path"].removeprefix("/MARK/")
        else:
            part.append(row)
    if part:
        yield title, part

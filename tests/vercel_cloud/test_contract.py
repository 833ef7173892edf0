"""What the adapter sends, held against Vercel's own description of its API (the OpenAPI of 2025-10-27), where that is at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from vercel_cloud.conftest import Shop

CONTRACT = Path(__file__).parents[3] / "shared" / "contracts" / "vercel" / "vercel-subset-2025-10-27.json"
# Sent by Vercel's own command line 64.0.2, and absent from the description: recorded traffic has them.
UNLISTED_QUERY = {"prebuilt"}
UNLISTED = {"mode", "autoAssignCustomDomains"}
ELSEWHERE = re.compile(r"/v2/(teams/[^/]+|user)|/v1/projects/[^/]+/(rollback/[^/]+|env/[^/]+|rolling-release.*)")
"""Paths of the current SDK that the older description has not."""


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    if not CONTRACT.exists():
        pytest.skip("Vercel's OpenAPI is not beside the checkout")
    found: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    return found


def test_every_request_is_as_vercel_describes_it(shop: Shop, described: dict[str, Any]) -> None:
    cloud = shop.cloud()
    cloud.secret_set("KEY", "value")
    cloud.close()
    for page in ("one", "two"):
        shop.deploy(shop.graph(page, secrets=("KEY",)))
    shop.rollback(1)
    shop.destroy()
    wrong = [line for request in shop.journal() for line in _wrong(request, described)]
    assert wrong == []
    asked = {f"{one['method']} {one['path']}" for one in shop.journal()}
    assert len(asked) > 15, "nothing was compared"


def _wrong(request: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    if request["path"].startswith("/_sandbox"):
        return
    call = f"{request['method']} {request['path']}"
    operation = _operation(request, described)
    if operation is None:
        if not ELSEWHERE.fullmatch(request["path"]):
            yield f"{call}: not in the description"
        return
    names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    yield from (f"{call}: the query has {name}" for name in sorted(set(request["query"]) - names - UNLISTED_QUERY))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content and "body" in request:
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_plain(content["schema"])}
        validator = jsonschema_rs.validator_for({**schema, "components": described["components"]})
        yield from (f"{call}: {error.message[:200]} at {error.instance_path}" for error in validator.iter_errors(_listed(request["body"])))


def _operation(request: dict[str, Any], described: dict[str, Any]) -> dict[str, Any] | None:
    for path, operations in described["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), request["path"]) and request["method"].lower() in operations:
            found: dict[str, Any] = operations[request["method"].lower()]
            return found
    return None


def _plain(schema: Any) -> Any:
    """Write OpenAPI's `nullable` as JSON Schema does."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _plain(value) for key, value in schema.items() if key not in ("nullable", "example", "deprecated", "x-speakeasy-enums")}
    if schema.get("nullable") and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made


def _listed(body: Any) -> Any:
    """Leave out what is known from recorded traffic alone."""
    if isinstance(body, list):
        return [_listed(one) for one in body]
    return {key: _listed(value) for key, value in body.items() if key not in UNLISTED} if isinstance(body, dict) else body

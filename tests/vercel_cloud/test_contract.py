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

CONTRACTS = Path(__file__).parents[3] / "shared" / "contracts" / "vercel"
CONTRACT, SDK = CONTRACTS / "vercel-subset-2025-10-27.json", CONTRACTS / "vercel-rest-from-sdk.json"
# Sent by Vercel's own command line 64.0.2, and absent from the description: recorded traffic has them.
UNLISTED_QUERY = {"prebuilt"}
UNLISTED = {"mode", "autoAssignCustomDomains"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description, and for paths that it has not what the current SDK says of them."""
    if not CONTRACT.exists():
        pytest.skip("Vercel's OpenAPI is not beside the checkout")
    found: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    newer: dict[str, Any] = json.loads(SDK.read_text("utf-8"))["paths"]
    return {**found, "paths": {**found["paths"], **{path: newer[path] for path in sorted(set(newer) - set(found["paths"]))}}}


def test_every_request_is_as_vercel_describes_it(shop: Shop, described: dict[str, Any]) -> None:
    cloud = shop.cloud()
    cloud.secret_set("KEY", "value")
    cloud.close()
    for page in ("one", "two"):
        shop.deploy(shop.graph(page, secrets=("KEY",)))
    shop.rollback(1)
    shop.deploy(shop.graph("three", secrets=("KEY",), rollout={"canary": 10, "bake": 0}))
    shop.settings["upload"] = "files"
    shop.deploy(shop.graph("four", secrets=("KEY",)))
    shop.stage, shop.settings = "pr-1", {"plan": "pro", "project": "shop-prod", "environment": "preview"}
    shop.deploy(shop.graph("five"))
    shop.destroy()
    shop.stage, shop.settings = "prod", {"plan": "pro"}
    assert shop.destroy() == "destroyed"
    wrong = [line for request in shop.journal() for line in _wrong(request, described)]
    assert wrong == []
    asked = {f"{one['method']} {one['path']}" for one in shop.journal()}
    shapes = {re.sub(r"(prj|dpl|env|team)_\w+|/env/\w{10,}|shop[\w.-]+", "*", call) for call in asked}
    assert len(shapes) > 20, "nothing was compared"
    assert {f"POST /v1/projects/*/rolling-release/{word}" for word in ("start", "complete")} <= shapes


def _wrong(request: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    if request["path"].startswith("/_sandbox"):
        return
    call = f"{request['method']} {request['path']}"
    operation = _operation(request, described)
    if operation is None:
        yield f"{call}: not in the description"
        return
    newer = operation.get("x-request", {}).get("properties", {})
    names = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"} | set(newer)
    yield from (f"{call}: the query has {name}" for name in sorted(set(request["query"]) - names - UNLISTED_QUERY))
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema") or newer.get("requestBody")
    if content and "body" in request:
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", **_plain(content)}
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

"""What ARM's published schemas say of a resource: whether a body is valid, and which of its words no schema knows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

FOLDER = Path(__file__).parents[3] / "shared" / "contracts" / "azure" / "arm-schemas"
KINDS = ("resourceDefinitions", "unknown_resourceDefinitions", "subscription_resourceDefinitions")
LATER = ("properties.functionAppConfig.siteUpdateStrategy",)
"""Words of a newer api-version than the schema's, by their path in the body."""


def problems(type_: str, name: str, body: Mapping[str, Any]) -> list[str] | None:
    """Return what is wrong with the body of a PUT; None where no schema speaks of its type."""
    found = _definition(type_)
    if found is None:
        return None
    document, place, schema = found
    named = f"account/{name}" if name == "default" else name  # as templates call what is there with its parent
    resource = {**body, "name": named, "type": type_, "apiVersion": schema["properties"]["apiVersion"]["enum"][0]}
    wrong = [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in _validator(document["id"], place).iter_errors(resource)]
    return wrong + [
        f"{path}: no schema knows it" for path in _unknown(document, schema, resource) if not any(path.startswith(word) for word in LATER)
    ]


@cache
def documents() -> Mapping[str, dict[str, Any]]:
    """Every schema by its id, the newest of a provider last."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return {one["id"]: one for one in found if "id" in one}


def _definition(type_: str) -> tuple[Mapping[str, Any], str, Mapping[str, Any]] | None:
    namespace, _, rest = type_.partition("/")
    for document in reversed(list(documents().values())):
        if document.get("title") == namespace:
            for kind in KINDS:
                for name, schema in document.get(kind, {}).items():
                    if name.lower() == rest.replace("/", "_").lower():
                        return document, f"{kind}/{name}", schema
    return None


@cache
def _validator(id_: str, name: str) -> Any:  # jsonschema_rs has a class for each draft
    def elsewhere(_uri: str) -> dict[str, Any]:
        return {}  # schemas of other products, for resources that lie inside one another in a template

    every: list[tuple[str, Any]] = list(documents().items())
    registry = jsonschema_rs.Registry(every, draft=jsonschema_rs.Draft4, retriever=elsewhere)
    return jsonschema_rs.Draft4Validator({"$ref": f"{id_}/{name}"}, registry=registry)


def _unknown(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[str]:
    """Yield paths of words that the schema does not list: it lets them pass."""
    choices = [_followed(document, one) for one in _choices(document, schema)]
    if isinstance(value, Mapping):
        open_ = any(isinstance(one.get("additionalProperties"), Mapping) or one.get("additionalProperties") is True for one in choices)
        for key, item in value.items():
            below = f"{path}.{key}" if path else key
            inside = next((one["properties"][key] for one in choices if key in one.get("properties", {})), None)
            if inside is not None:
                yield from _unknown(document, inside, item, below)
            elif not open_:
                yield below
    elif isinstance(value, list):
        for items in [one["items"] for one in choices if "items" in one][:1]:
            for item in value:
                yield from _unknown(document, items, item, path)


def _choices(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    schema = _followed(document, schema)
    found = [schema]
    for word in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(word, ()):
            found += _choices(document, one)
    return found


def _followed(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = str(schema.get("$ref", ""))
    if not reference.startswith("#/definitions/"):
        return schema
    found: Mapping[str, Any] = document["definitions"][reference.removeprefix("#/definitions/")]
    return found

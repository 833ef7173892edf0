"""The schema's answers for a path: which keys may stand there, which values, and what they are for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from fnctl.lsp.cursor import MARK
from fnctl.manifest.model import Key

Schema: TypeAlias = "Mapping[str, Any]"


def at(document: Schema, path: tuple[Key, ...], data: Any) -> list[Schema]:
    """Find what may stand at a path, alternatives beside one another. The data tells alternatives apart."""
    found = list(_plain(document, document, data))
    for part in path:
        data = _below(data, part)
        found = [form for schema in found for inner in _child(schema, part) for form in _plain(document, inner, data)]
    return found


def keys(schemas: list[Schema]) -> dict[str, Schema]:
    """Name the keys that may stand in a map."""
    out: dict[str, Schema] = {}
    for schema in schemas:
        out = {**schema.get("properties", {}), **out}
    return out


def values(schemas: list[Schema]) -> list[Any]:
    """List the values that are known: those of an enum, then true and false, then examples of scalars."""
    out: list[Any] = []
    for schema in schemas:
        types = schema.get("type", ())
        out += [value for value in (*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())) if value is not None]
        out += [True, False] if "boolean" in ([types] if isinstance(types, str) else types) else []
        out += [value for value in schema.get("examples", ()) if not isinstance(value, (dict, list))]
    return [value for index, value in enumerate(out) if value not in out[:index]]


def takes_map(schemas: list[Schema]) -> bool:
    """Tell whether a map may stand here."""
    return any("properties" in schema or isinstance(schema.get("additionalProperties"), dict) for schema in schemas)


def page(document: Schema, path: tuple[Key, ...], data: Any) -> str | None:
    """Write what the schema says of a path, as Markdown; None where it says nothing."""
    if not path or isinstance(path[-1], int):
        return None
    owner: Any = data
    for part in path[:-1]:
        owner = _below(owner, part)
    declared = [child for schema in at(document, path[:-1], data) for child in _child(schema, path[-1])]
    found = [form for child in declared for form in _plain(document, child, _below(owner, path[-1]))]
    text = next((str(schema["description"]) for schema in (*declared, *found) if "description" in schema), None)
    if text is None:
        return None
    return "\n\n".join([f"**{path[-1]}**", text, *_facts(found)])


def _facts(found: list[Schema]) -> Iterator[str]:
    words = [value for schema in found for value in schema.get("enum", ()) if value is not None]
    if words:
        yield "One of " + ", ".join(f"`{_spelt(word)}`" for word in dict.fromkeys(map(_spelt, words))) + "."
    default = next((schema["default"] for schema in found if "default" in schema), None)
    if default is not None:
        yield f"Default: `{_spelt(default)}`."
    example = next((schema["examples"][0] for schema in found if schema.get("examples")), None)
    if example is not None:
        yield f"Example: `{_spelt(example)}`."


def _spelt(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _below(data: Any, part: Key) -> Any:
    if isinstance(data, dict):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None


def _child(schema: Schema, part: Key) -> Iterator[Schema]:
    inner = schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part, schema.get("additionalProperties"))
    if isinstance(inner, dict):
        yield inner


def _plain(document: Schema, schema: Schema, data: Any) -> Iterator[Schema]:
    """Follow references and unfold alternatives; one that the data contradicts is left out."""
    if "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        yield from _plain(document, target, data)
    yield schema
    for word in ("allOf", "anyOf"):
        for inner in schema.get(word, ()):
            for form in _plain(document, inner, data):
                if not _contradicted(form, data):
                    yield form


def _contradicted(schema: Schema, data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    said = {key: value for key, value in data.items() if isinstance(value, str) and MARK not in value}
    return any("const" in form and said.get(key, form["const"]) != form["const"] for key, form in schema.get("properties", {}).items())

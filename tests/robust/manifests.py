"""Manifests as the published schema allows them, with words and values out of place here and there, for the property tests and the fuzzer."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from hypothesis import strategies as st

import fnctl_schemas

SCHEMA: dict[str, Any] = fnctl_schemas.read("manifest-1.schema.json")
NAMES = ("api", "jobs", "orders", "a", "x-1")
"""Few names, so that what is referred to is often there."""

KNOWN = {
    "name": st.sampled_from(NAMES),
    "handler": st.sampled_from(["api.py:app", "api.py:work", "api.ts:app", "odd.py:app", "none.py:x", "src/../api.py:app"]),
    "runtime": st.sampled_from(["python3.13", "python3.12", "python3.9", "nodejs22", "nodejs24", "python3.99", "nodejs20", "${vars.a}"]),
    "timeout": st.sampled_from(["1s", "30s", "15m", "901s", 800, 1801, "365d"]),
    "memory": st.sampled_from(["128MB", "64MB", 512, "2GB", "10GB", "10241MB"]),
}
WORDS = (
    *("", " ", "a", "30s", "1h", "0 3 * * *", "every 5m", "every 7m", "0 0 13 * 5", "GET /", "ANY /{path*}", "GET /{a}/{b}", "= $input", "= $.x"),
    *("${vars.a}", "${env.A}", "${stage}", "${", "10%", "created", "read", "write", "aws", "Europe/Berlin", "é", "日本", "\U0001f600", "\x1b[31m"),
    *("arn:aws:lambda:eu-west-1:123456789012:layer:a:1", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "²", "٣", "-1", "1e9", "*", "x" * 300, "a/b", "..", "/"),
)
SCALARS = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 3, 10, 1024, 2**31, 1.5, 0.0]),
    st.sampled_from(WORDS),
    st.integers(-10, 10**10),
    st.text(max_size=4),
)
JUNK = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=2), max_leaves=4)


def pointed(pointer: str) -> dict[str, Any]:
    """Follow a reference inside the schema."""
    found: dict[str, Any] = SCHEMA
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return {**pointed(found["$ref"]), **found} if "$ref" in found else found


def joined(schema: dict[str, Any]) -> dict[str, Any]:
    """Put what a piece refers to and what it is made of into one."""
    out = {**pointed(schema["$ref"]), **schema} if "$ref" in schema else schema
    for part in out.get("allOf", ()):
        out = {**joined(part), **out, "required": [*joined(part).get("required", ()), *out.get("required", ())]}
    return out


class Writer:
    """Draws one value after another by the schema's pieces; `odd` in a hundred is something else."""

    def __init__(self, draw: st.DrawFn, odd: int) -> None:
        self.draw, self.odd = draw, odd

    def below(self, most: int) -> int:
        return self.draw(st.integers(0, most - 1))

    def targets(self) -> dict[str, Any]:
        """All three platforms, each with some of its own words."""
        return {name: self.value({"$ref": f"#/$defs/{name}"}) if self.below(2) else {} for name in ("aws", "azure", "vercel")}

    def some(self, section: str) -> dict[str, Any]:
        """A few entries of a section of the manifest."""
        names = self.draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True))
        return {name: self.value(SCHEMA["properties"][section]["additionalProperties"], 2) for name in names}

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        if self.odd and self.below(100) < self.odd:
            return self.draw(JUNK)
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name in KNOWN:
            return self.draw(KNOWN[name])
        schema = joined(schema)
        if "anyOf" in schema:
            return self.value({**schema["anyOf"][self.below(len(schema["anyOf"]))]}, depth)
        if "const" in schema or "enum" in schema:
            return self.draw(st.sampled_from([schema["const"]] if "const" in schema else schema["enum"]))
        kinds = schema.get("type", "object" if "properties" in schema or "additionalProperties" in schema else "string")
        kind = kinds if isinstance(kinds, str) else kinds[self.below(len(kinds)) if self.below(5) == 0 else 0]
        if kind == "object":
            return self.mapping(schema, depth + 1)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = least + (self.below(3) if depth < 12 else 0)
            return [self.value(schema.get("items", {}), depth + 1) for _ in range(count)]
        return self.scalar(schema, kind)

    def names(self, schema: dict[str, Any]) -> st.SearchStrategy[str]:
        schema = pointed(schema["$ref"]) if "$ref" in schema else schema
        pattern = schema.get("pattern", "")
        if self.odd and self.below(10) == 0:
            return st.sampled_from(WORDS)
        fitting = [name for name in (*NAMES, "A", "LOG_LEVEL", "AWS_REGION", "PORT") if re.search(pattern, name)]
        return st.sampled_from(schema.get("enum") or fitting or WORDS)

    def scalar(self, schema: dict[str, Any], kind: str) -> Any:
        if kind in ("integer", "number"):
            least = int(schema.get("minimum", 0))
            return self.draw(st.sampled_from([least, least + 1, least + 99, 1000, 10**6, int(schema.get("maximum", 32))]))
        if kind == "boolean":
            return self.draw(st.booleans())
        if kind == "null":
            return None
        said = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]
        pattern = schema.get("pattern", "")
        known = [one for one in (*said, *NAMES, *WORDS) if isinstance(one, str) and re.search(pattern, one)]
        return self.draw(st.sampled_from(known) if known else st.from_regex(pattern))

    def mapping(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        known: dict[str, Any] = schema.get("properties", {})
        needed = [key for key in schema.get("required", ()) if key in known]
        least, most = schema.get("minProperties", 0), schema.get("maxProperties", 5)
        more = [] if (depth > 9 and not least) or not known else self.draw(st.lists(st.sampled_from(sorted(known)), min_size=least, max_size=most))
        out = {key: self.value(known[key], depth) for key in dict.fromkeys([*needed, *more])}
        extra = schema.get("additionalProperties", True)
        if isinstance(extra, dict) and (depth < 9 or schema.get("minProperties")):
            names = self.draw(st.lists(self.names(schema.get("propertyNames", {})), min_size=1, max_size=3))
            out |= {name: self.value(extra, depth) for name in dict.fromkeys(names) if name not in known}
        if self.odd and self.below(100) < self.odd:
            out[self.draw(st.sampled_from(WORDS))] = self.draw(JUNK)
        return out


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """Draw one manifest with the words that every manifest needs, and mostly of the right shape."""
    writer = Writer(draw, draw(st.sampled_from([0, 0, 0, 1, 5])))
    functions = {"api": {"handler": "api.py:app", "runtime": "python3.13"}, **writer.some("functions")}
    data: dict[str, Any] = {"fnctl": 1, "service": "shop", "targets": writer.targets(), "functions": functions, "vars": {"a": "x"}}
    data |= {word: writer.some(word) for word in draw(st.sets(st.sampled_from(("resources", "workflows", "stages"))))}
    more = sorted(SCHEMA["properties"].keys() - {"include", "targets", *data})
    return data | {word: writer.value(SCHEMA["properties"][word]) for word in draw(st.lists(st.sampled_from(more), max_size=3, unique=True))}


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Write a manifest in flow or in block style."""
    data = draw(manifests())
    if draw(st.booleans()):
        return json.dumps(data, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))).encode("utf-8", "replace")
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "replace")

"""What bodies of requests may hold: the subset of JSON Schema that `shapes.json` is written in, refused in the API's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from fnctl_vercel.standin.web import Refused

Shape: TypeAlias = Mapping[str, Any]
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


@cache
def known() -> Mapping[str, Shape]:
    """Every shape by its name."""
    found: dict[str, Shape] = json.loads(Path(__file__).with_name("shapes.json").read_text("utf-8"))
    return found


def check(value: object, name: str) -> None:
    """Raise Refused with 400 `bad_request` for the first thing that does not fit."""
    _check(value, known()[name], "")


def _check(value: Any, shape: Shape, path: str) -> None:
    if "$ref" in shape:
        shape = known()[shape["$ref"]]
    if "anyOf" in shape:
        _any(value, shape["anyOf"], path)
    types = shape.get("type")
    if types is not None and not any(_is(value, one) for one in ([types] if isinstance(types, str) else types)):
        _refuse("type", path, f"should be {types if isinstance(types, str) else ','.join(types)}", {"type": types})
    if "enum" in shape and value not in shape["enum"]:
        _refuse("enum", path, "should be equal to one of the allowed values", {"allowedValues": shape["enum"]})
    _inside(value, shape, path)


def _inside(value: Any, shape: Shape, path: str) -> None:
    if isinstance(value, dict):
        _object(value, shape, path)
    elif isinstance(value, list):
        _list(value, shape, path)
    elif isinstance(value, str):
        _text(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _number(value, shape, path)


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _TYPES[kind]) and not (isinstance(value, bool) and kind in ("integer", "number"))


def _any(value: object, shapes: list[Shape], path: str) -> None:
    problems: list[Refused] = []
    for shape in shapes:
        try:
            return _check(value, shape, path)
        except Refused as problem:
            problems.append(problem)
    raise problems[-1]


def _object(value: dict[str, Any], shape: Shape, path: str) -> None:
    for key in shape.get("required", ()):
        if key not in value:
            _refuse("required", path, f"missing required property `{key}`", {"missingProperty": key})
    properties = shape.get("properties", {})
    for key, one in value.items():
        if key in properties:
            _check(one, properties[key], f"{path}.{key}")
        elif shape.get("additional") is False:
            _refuse("additionalProperties", path, f"should NOT have additional property `{key}`", {"additionalProperty": key})
        elif isinstance(shape.get("additional"), Mapping):
            _check(one, shape["additional"], f"{path}.{key}")


def _list(value: list[Any], shape: Shape, path: str) -> None:
    for word, wrong in (("maxItems", len(value) > shape.get("maxItems", len(value))), ("minItems", len(value) < shape.get("minItems", 0))):
        if wrong:
            _refuse(word, path, f"should NOT have {'more' if word == 'maxItems' else 'fewer'} than {shape[word]} items", {"limit": shape[word]})
    for at, one in enumerate(value):
        _check(one, shape.get("items", {}), f"{path}[{at}]")


def _text(value: str, shape: Shape, path: str) -> None:
    for word, wrong in (("maxLength", len(value) > shape.get("maxLength", len(value))), ("minLength", len(value) < shape.get("minLength", 0))):
        if wrong:
            _refuse(
                word, path, f"should NOT be {'longer' if word == 'maxLength' else 'shorter'} than {shape[word]} characters", {"limit": shape[word]}
            )
    if "pattern" in shape and not re.search(shape["pattern"], value):
        _refuse("pattern", path, f'should match pattern "{shape["pattern"]}"', {"pattern": shape["pattern"]})


def _number(value: float, shape: Shape, path: str) -> None:
    for word, wrong in (("maximum", value > shape.get("maximum", value)), ("minimum", value < shape.get("minimum", value))):
        if wrong:
            _refuse(word, path, f"should be {'<=' if word == 'maximum' else '>='} {shape[word]}", {"limit": shape[word]})


def _refuse(keyword: str, path: str, words: str, params: Mapping[str, Any]) -> None:
    named = f"`{path.lstrip('.')}` " if path else ""
    raise Refused(400, "bad_request", f"Invalid request: {named}{words}.", {"keyword": keyword, "dataPath": path, "params": params})

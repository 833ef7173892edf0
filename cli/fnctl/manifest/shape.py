"""Checks values against the published JSON Schema: the keywords that it uses, in one pass, with sentences for people.

The schema is the only source of shape; its `errorMessage` is the sentence. It is compiled piece by piece, on the first visit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import fnctl_schemas
from fnctl.dataclass import dataclass
from fnctl.manifest.fine import fine
from fnctl.manifest.model import Key
from fnctl.manifest.suggest import clear, did_you_mean, listed, respelt

_TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "null": type(None), "array": list, "object": dict}
_NOUNS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list", "object": "a map"}
_IS = {str: "a text", int: "a number", float: "a number with a fraction", bool: "true or false", list: "a list", dict: "a map", type(None): "empty"}
_REMEMBERED = 64
"""Sets of keys for each choice: manifests have a dozen, and a language server lives long."""
_VENDORS = {"aws": "AWS", "azure": "Azure", "vercel": "Vercel"}


@dataclass(frozen=True)
class Problem:
    """What is wrong at a path. `key`: the key itself is wrong, not its value. `fix`: what may be written there without asking."""

    code: str
    path: tuple[Key, ...]
    message: str
    label: str | None = None
    help: str | None = None
    key: bool = False
    fix: str | None = None


class Shape:
    """One compiled piece of the schema. `only` is ("type", "queue") where a constant tells it from its alternatives."""

    __slots__ = (
        *("_compiled", "_fitting", "_schemas", "all", "any", "enum", "extra", "items", "keys", "least", "made", "message", "most"),
        *("names", "nouns", "only", "open", "pattern", "required", "scalar", "types", "unit", "words"),
    )

    def __init__(self, schema: Mapping[str, Any], compiled: Callable[[Mapping[str, Any]], Shape]) -> None:
        named = schema.get("type")
        names = [named] if isinstance(named, str) else list(named or ())
        self.types = frozenset(_TYPES[n] for n in names) | (frozenset([int]) if "number" in names else frozenset())
        self.nouns = " or ".join(_NOUNS[n] for n in names if n in _NOUNS)
        self._schemas: Mapping[str, Any] = schema.get("properties", {})
        self._compiled = compiled
        self.words = self._schemas.keys()
        self.made: dict[str, Shape] = {}
        extra = schema.get("additionalProperties", True)
        self.extra: Shape | bool = compiled(extra) if isinstance(extra, dict) else extra
        self.names = compiled(schema["propertyNames"]) if "propertyNames" in schema else None
        self.open = self.extra is True and self.names is None and not self._schemas
        self.items = compiled(schema["items"]) if "items" in schema else None
        self.required: tuple[str, ...] = tuple(schema.get("required", ()))
        self.enum = tuple(schema["enum"]) if "enum" in schema else (schema["const"],) if "const" in schema else None
        self.types = self.types or frozenset(e.__class__ for e in self.enum or ())
        self.pattern = _regex(schema["pattern"]) if "pattern" in schema else None
        self.least, self.most = schema.get("minimum"), schema.get("maximum")
        self.keys = (_size(schema, "min"), _size(schema, "max"))
        self.any = tuple(compiled(s) for s in schema.get("anyOf", ()))
        self.all = tuple(compiled(s) for s in schema.get("allOf", ()))
        self.message: str | None = schema.get("errorMessage")
        self.unit: str | None = schema.get("x-unit")
        self.scalar = (self.enum, self.pattern, self.least, self.most) != (None,) * 4
        self._fitting: dict[Hashable, list[Shape]] = {}
        self.only = next(((k, v["const"]) for k, v in self._schemas.items() if "const" in v), None)

    def prop(self, key: str) -> Shape | None:
        """Return the shape of a key, compiled on its first visit; None for a key that is not declared."""
        made = self.made.get(key)
        if made is None and key in self._schemas:
            made = self.made[key] = self._compiled(self._schemas[key])
        return made

    def tells(self, value: Any) -> Hashable:
        """Return what tells which alternatives a value may be: its type, of a map its keys and the constants by which alternatives differ."""
        if value.__class__ is not dict:
            return value.__class__  # type: ignore[no-any-return]
        return (*value, *[repr(value.get(one.only[0])) for one in self.any if one.only])

    def candidates(self, value: Any) -> list[Shape]:
        """Return the alternatives that a value may be."""
        kind, known = value.__class__, self.tells(value)
        found = self._fitting.get(known)
        if found is None:
            found = [s for s in self.any if not s.types or kind in s.types or (kind is float and int in s.types)]
            if kind is dict and len(found) > 1:
                found = [s for s in found if all(key in value for key in s.required) and (s.only is None or value.get(s.only[0]) == s.only[1])]
            if len(self._fitting) < _REMEMBERED:
                self._fitting[known] = found
        return found


def _size(schema: Mapping[str, Any], end: str) -> int | None:
    return next((schema[end + what] for what in ("Items", "Properties", "Length") if end + what in schema), None)


def _regex(pattern: str) -> Callable[[str], object]:
    # `$` of a schema is the very end; Python's would let a last newline through.
    if pattern.replace(r"\$", "").find("$") == len(pattern.replace(r"\$", "")) - 1:
        return re.compile(pattern[:-1] + r"\Z").search  # the usual one, without a pattern for patterns
    return re.compile(re.sub(r"(?<!\\)\$(?=$|[|)])", r"\\Z", pattern)).search


class Schema:
    """The compiled schema. Recursion (a step holds steps) is why shapes are made on first use and remembered by identity."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._made: dict[int, Shape] = {}

    def shape(self, schema: Mapping[str, Any]) -> Shape:
        """Compile a piece, following its `$ref`."""
        while "$ref" in schema:
            schema = self._follow(schema["$ref"])
        made = self._made.get(id(schema))
        if made is None:
            made = self._made[id(schema)] = Shape.__new__(Shape)
            made.__init__(schema, self.shape)  # type: ignore[misc]  # known before it is made: a piece may contain itself
        return made

    def definition(self, name: str) -> Shape:
        """Compile `$defs/<name>`."""
        return self.shape(self.document["$defs"][name])

    def _follow(self, pointer: str) -> Mapping[str, Any]:
        found: Any = self.document
        for part in pointer.removeprefix("#/").split("/"):
            found = found[part]
        return found  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def manifest() -> Schema:
    """Return the schema of manifest version 1."""
    return Schema(fnctl_schemas.read("manifest-1.schema.json"))


def with_words(base: str | None, words: Mapping[str, Any]) -> Shape:
    """Make the shape of a third party's part: the portable words of `$defs/<base>`, and the adapter's own."""
    portable = dict(manifest().document["$defs"][base]["properties"]) if base else {}
    portable.pop("targets", None)
    return Schema(manifest().document).shape({"type": ["object", "null"], "properties": {**portable, **words}, "additionalProperties": False})


def check(shape: Shape, value: Any, path: tuple[Key, ...] = ()) -> list[Problem]:
    """Find every problem of a value; paths in problems begin with `path`."""
    out: list[Problem] = []
    if not fine(shape, (value,)):
        _walk(shape, value, path, out)
    return out


def chosen(shape: Shape, value: Any) -> Shape:
    """Return the alternative of an `anyOf` that this value is."""
    while shape.any:
        candidates = shape.candidates(value)
        if len(candidates) == 1:
            shape = candidates[0]
            continue
        shape = next((c for c in candidates if fine(c, (value,))), candidates[0] if candidates else Shape({}, manifest().shape))
    return shape


def _walk(shape: Shape, value: Any, path: tuple[Key, ...], out: list[Problem]) -> None:
    kind = value.__class__
    if shape.types and kind not in shape.types and not (kind is float and int in shape.types and value.is_integer()):
        out.append(_mistyped(shape, value, path))
        return
    if shape.any:
        _alternatives(shape, value, path, out)
    for part in shape.all:
        _walk(part, value, path, out)
    if kind is dict:
        _map(shape, value, path, out)
    elif kind is list:
        _list(shape, value, path, out)
    if shape.enum is not None or shape.pattern is not None or shape.least is not None or shape.most is not None:
        _scalar(shape, value, path, out)


def _map(shape: Shape, value: dict[str, Any], path: tuple[Key, ...], out: list[Problem]) -> None:
    made, extra = shape.made, shape.extra
    for key, item in value.items():
        if shape.names is not None:
            _name(shape.names, key, path, out)
        known = made.get(key) or shape.prop(key)
        if known is not None:
            _walk(known, item, (*path, key), out)
        elif extra is False:
            out.append(_unknown(shape, key, path, value))
        elif extra is not True:
            _walk(extra, item, (*path, key), out)
    out.extend(_absent(key, path) for key in shape.required if key not in value)
    _counted(shape, value, path, out)


def _list(shape: Shape, value: list[Any], path: tuple[Key, ...], out: list[Problem]) -> None:
    if shape.items is not None:
        for index, item in enumerate(value):
            _walk(shape.items, item, (*path, index), out)
    _counted(shape, value, path, out)


def _counted(shape: Shape, value: Any, path: tuple[Key, ...], out: list[Problem]) -> None:
    least, most = shape.keys
    if (least is not None and len(value) < least) or (most is not None and len(value) > most):
        out.append(_miscounted(shape, value, path))


def _scalar(shape: Shape, value: Any, path: tuple[Key, ...], out: list[Problem]) -> None:
    kind = value.__class__
    if shape.enum is not None and (kind in (dict, list) or not any(value == e and (kind is bool) == (e.__class__ is bool) for e in shape.enum)):
        out.append(_outside(shape, value, path))
    elif kind is str:
        least = shape.keys[0]
        if (shape.pattern is not None and not shape.pattern(value)) or (least is not None and len(value) < least):
            out.append(Problem("FN013", path, f"{_name_of(path)} {shape.message or 'has another form'}"))
    elif kind in (int, float) and ((shape.least is not None and value < shape.least) or (shape.most is not None and value > shape.most)):
        sentence = shape.message or f"is {shape.least} or more"
        out.append(Problem("FN013", path, f"{_name_of(path)} {sentence}", f"{value} is {'less' if value < (shape.least or 0) else 'more'}"))


def _alternatives(shape: Shape, value: Any, path: tuple[Key, ...], out: list[Problem]) -> None:
    candidates = shape.candidates(value)
    if value.__class__ is dict and not candidates and not shape.message and not any(one.only for one in shape.any):
        candidates = list(shape.any[:1])  # alternatives that tell themselves apart by a key: the first is the usual one, and says which is missing
    if len(candidates) == 1 and (value.__class__ in (dict, list) or not shape.message):
        _walk(candidates[0], value, path, out)
        return
    tried: list[list[Problem]] = [check(candidate, value, path) for candidate in candidates]
    if any(not problems for problems in tried):
        return
    if value.__class__ in (dict, list) and tried:
        fewest = min(tried, key=len)
        out.extend(fewest)
    else:
        out.append(_none_of(shape, value, path))


def _name(names: Shape, key: str, path: tuple[Key, ...], out: list[Problem]) -> None:
    if names.pattern is not None and not names.pattern(key):
        out.append(
            Problem(
                "FN015",
                (*path, key),
                f"`{_short(key)}` is no name that can stand here",
                "not a name",
                f"it {names.message}" if names.message else None,
                key=True,
            )
        )


def _mistyped(shape: Shape, value: Any, path: tuple[Key, ...]) -> Problem:
    sentence = shape.message or f"takes {shape.nouns}"
    return Problem("FN012", path, f"{_name_of(path)} {sentence}", f"this is {_IS.get(value.__class__, 'something else')}")


def _none_of(shape: Shape, value: Any, path: tuple[Key, ...]) -> Problem:
    tags = {s.only[1]: s.only[0] for s in shape.any if s.only}
    key = next(iter(tags.values()), None)
    if value.__class__ is dict and isinstance(tag := value.get(key), str) and key is not None:
        return Problem("FN013", (*path, key), f"unknown {key} `{_short(tag)}`", help=did_you_mean(tag, tags), fix=respelt(tag, tags))
    words = [e for s in shape.any for e in s.enum or () if isinstance(e, str)]
    help = did_you_mean(value, words, otherwise="") if isinstance(value, str) and words else None
    fix = respelt(value, words) if isinstance(value, str) else None
    code = "FN013" if any(value.__class__ in s.types or not s.types for s in shape.any) else "FN012"
    sentence = shape.message or "has another form"
    return Problem(code, path, f"{_name_of(path)} {sentence}", None if code == "FN013" else f"this is {_IS.get(value.__class__)}", help, fix=fix)


def _outside(shape: Shape, value: Any, path: tuple[Key, ...]) -> Problem:
    words = [str(e) for e in shape.enum or () if e is not None]
    sentence = shape.message or ("is " if len(words) == 1 else "is one of ") + ", ".join(words)
    help, fix = (did_you_mean(value, words, otherwise=""), respelt(value, words)) if isinstance(value, str) else (None, None)
    return Problem("FN013", path, f"{_name_of(path)} {sentence}", help=help, fix=fix)


def _miscounted(shape: Shape, value: Any, path: tuple[Key, ...]) -> Problem:
    if shape.message:
        return Problem(
            "FN012",
            path,
            f"{_name_of(path)} {shape.message}",
            "nothing in it" if not value else f"{len(value)} here: {listed(value, 4)}" if isinstance(value, dict) else None,
        )
    return Problem("FN012", path, f"{_name_of(path)} must not be empty" if not value else f"{_name_of(path)} has too many entries")


def _unknown(shape: Shape, key: str, path: tuple[Key, ...], beside: Mapping[str, Any]) -> Problem:
    own = shape.prop("targets")
    vendors = {word: own.prop(word) for word in own.words} if own else {}
    theirs = [vendor for vendor, form in vendors.items() if form and key in form.words]
    for vendor in theirs[:1]:
        if len(theirs) < len(vendors):
            title = _VENDORS.get(vendor, vendor)
            return Problem(
                "FN010",
                (*path, key),
                f"`{key}` is {title}'s own word",
                "not portable",
                f"put it under `targets: {{ {vendor}: {{ {key}: ... }} }}` here",
                key=True,
            )
    where = f" in {_name_of(path)}" if path else ""
    message, help = f"unknown key `{_short(key)}`{where}", did_you_mean(key, shape.words)
    fix = clear(key, shape.words)
    return Problem("FN010", (*path, key), message, "not a key that means something here", help, key=True, fix=fix if fix not in beside else None)


def _needs(key: str) -> str | None:
    return {
        "fnctl": "write `fnctl: 1` as the first line",
        "service": "give the service a name: service: orders",
        "targets": "say where it runs: targets: { aws: { region: eu-west-1 } }",
        "handler": "the file and the name in it: handler: src/api.py:app",
        "key": "the partition key: key: id",
    }.get(key)


def _absent(key: str, path: tuple[Key, ...]) -> Problem:
    where = f" in {_name_of(path)}" if path else ""
    return Problem("FN011", path, f"`{key}` is missing{where}", f"needs `{key}`", _needs(key), key=True)


def _name_of(path: Iterable[Key]) -> str:
    words = list(path)
    if not words:
        return "the manifest"
    if isinstance(words[-1], int):
        owner = next((w for w in reversed(words) if isinstance(w, str)), "item")
        return f"`{_short(owner)}[{words[-1]}]`"
    return f"`{_short(words[-1])}`"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"

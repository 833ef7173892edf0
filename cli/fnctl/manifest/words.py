"""The words of the manifest, looked up in its JSON Schema: `timeout`, `functions.timeout`, `functions.api.triggers.http.path`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

ANY = "NAME"
"""Stands in a path for a name that the manifest chooses."""

LIST = "[]"
_NOUNS = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false", "array": "list", "object": "map"}
_UNITS = {"s": "duration", "MB": "size"}


@dataclass(frozen=True)
class Word:
    """One key of the manifest. `kind`: what its resource has to be (`queue`), where only such a one has the key.

    `forms` are the alternatives of its value, references followed; `also` the other places of the same key.
    """

    path: tuple[str, ...]
    forms: tuple[Schema, ...]
    required: bool = False
    kind: str | None = None
    also: tuple[tuple[str, ...], ...] = ()

    @property
    def where(self) -> str:
        """Write the path: `functions.NAME.triggers[].http.path`."""
        return spelt(self.path)

    def first(self, keyword: str) -> Any:
        """Return what the first form that has a keyword says of it."""
        return next((form[keyword] for form in self.forms if form.get(keyword) is not None), None)

    @property
    def types(self) -> tuple[str, ...]:
        """Say what may stand there, for people."""
        found = [form.get("type", ()) for form in self.forms]
        names = [name for one in found for name in ([one] if isinstance(one, str) else one) if name in _NOUNS]
        unit = self.first("x-unit")
        nouns = [_UNITS[unit]] if unit in _UNITS else [_NOUNS[name] for name in names]
        return tuple(dict.fromkeys(nouns)) or (("one of its values",) if self.values else ("anything",))

    @property
    def values(self) -> tuple[Any, ...]:
        """List the values of closed lists."""
        every = (value for form in self.forms for value in (*form.get("enum", ()), *([form["const"]] if "const" in form else ())))
        return tuple(dict.fromkeys(value for value in every if value is not None))

    @property
    def target(self) -> str | None:
        """Name the platform whose own word this is."""
        at = self.path.index("targets") + 1 if "targets" in self.path[:-1] else 0
        return self.path[at] if 0 < at < len(self.path) and self.path[at] != ANY else None


def find(document: Schema, asked: str) -> list[Word]:
    """Find the keys that a person means, the shortest way to each first. The same key in several places comes once."""
    parts = tuple(part for part in asked.replace(LIST, "").split(".") if part)
    parts = parts[2:] if parts[:1] == ("stages",) and len(parts) > 2 else parts  # a stage says all of a manifest again
    found = sorted((word for word in every(document) if _meant(word.path, parts)), key=lambda word: (word.path[0] == "defaults", len(word.path)))
    merged: dict[str, Word] = {}
    for word in found:
        same = word.where if word.first("const") else f"{word.path[-1]} {word.forms!r} {word.kind}"
        known = merged.setdefault(same, word)
        if word.first("const"):
            merged[same] = replace(known, forms=(*known.forms, *word.forms), kind=None)
        elif known is not word:
            merged[same] = replace(known, also=(*known.also, word.path))
    exact = [word for word in merged.values() if tuple(part for part in word.path if part not in (ANY, LIST)) == parts]
    return exact or list(merged.values())


def spelt(path: tuple[str, ...]) -> str:
    """Write a path as a person does: `functions.NAME.triggers[].http.path`."""
    return ".".join(path).replace(f".{LIST}", LIST)


def every(document: Schema) -> Iterator[Word]:
    """Yield every key of the manifest. What a stage or an override for one target may say again is left out."""
    found = [word for word in _below(document, document, (), None, frozenset()) if word.path[:2] != ("stages", ANY)]
    portable = {word.path for word in found if word.target is None or word.path[0] == "targets"}
    seen: set[tuple[str, ...]] = set()
    for word in found:
        own = word.path[0] != "targets" and word.target is not None
        if own and (word.path in seen or _for_every_target(word.path) in portable):
            continue
        seen.add(word.path)
        yield replace(word, kind=None) if own else word


def names(document: Schema) -> set[str]:
    """Name every key, for what is misspelt."""
    return {word.path[-1] for word in every(document)}


def _for_every_target(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return where an override's word stands when it is for all of them; what functions say, `defaults` may say for all functions."""
    at = path.index("targets")
    part = ("functions", ANY) if path[0] == "defaults" else path[:at]
    return (*part, *path[at + 2 :])


def _meant(path: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Tell whether a path ends as asked and goes through all that was asked; a name of the manifest's own may stand anywhere for one."""
    if not parts or path[-1] != parts[-1]:
        return False
    rest = iter(path[:-1])
    return all(any(step in (part, ANY) for step in rest) for part in parts[:-1])


def _below(document: Schema, schema: Schema, path: tuple[str, ...], kind: str | None, seen: frozenset[str]) -> Iterator[Word]:
    for form, followed in _forms(document, schema, seen):
        properties: Mapping[str, Any] = form.get("properties", {})
        constant = properties.get("type", {}).get("const") if path[:1] == ("resources",) else None
        for key, inner in properties.items():
            forms = tuple(one for one, _ in _forms(document, inner, frozenset()))
            yield Word((*path, key), forms, key in form.get("required", ()), constant or kind)
            yield from _below(document, inner, (*path, key), constant or kind, followed)
        for keyword, step in (("additionalProperties", ANY), ("items", LIST)):
            if isinstance(form.get(keyword), dict):
                yield from _below(document, form[keyword], (*path, step), constant or kind, followed)


def _forms(document: Schema, schema: Schema, seen: frozenset[str]) -> Iterator[tuple[Schema, frozenset[str]]]:
    """Unfold references and alternatives. A reference that is being followed already is not followed again: steps hold steps."""
    yield schema, seen
    name = schema.get("$ref")
    if name is not None and name not in seen:
        yield from _forms(document, _pointed(document, name), seen | {name})
    for keyword in ("allOf", "anyOf"):
        inner: Iterable[Schema] = schema.get(keyword, ())
        for one in inner:
            yield from _forms(document, one, seen)


def _pointed(document: Schema, name: str) -> Schema:
    found: Any = document
    for part in name.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)

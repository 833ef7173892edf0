"""A trigger's `filter` in the words of the platform: SQL for Service Bus, advanced filters for Event Grid.

A filter is a map of fields to lists of accepted values. A value is text, a number, true, false, or a map: `prefix`, `suffix`, `anything-but`,
`exists`, `numeric`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from fnctl.graph import Json

Filter: TypeAlias = dict[str, Json]

ATTRIBUTES: Mapping[str, str] = {"id": "eventid", "type": "eventtype", "source": "source", "subject": "subject"}
"""Attributes of a CloudEvent by their keys there; every other field of a bus's filter is one of its data. Event filtering for Azure
Event Grid, as read 2026-11."""

NUMBERS = {
    "=": ("NumberIn", "="),
    "<": ("NumberLessThan", "<"),
    "<=": ("NumberLessThanOrEquals", "<="),
    ">": ("NumberGreaterThan", ">"),
    ">=": ("NumberGreaterThanOrEquals", ">="),
}


class Unsayable(ValueError):
    """The platform has no words for it; says why."""


def sql(asked: Mapping[str, Json]) -> str:
    """Return a condition over a message's properties. Raises Unsayable."""
    return " AND ".join(_condition(field, _list(values)) for field, values in sorted(asked.items()))


def _condition(field: str, values: list[Json]) -> str:
    name = f"[{field.replace(']', ']]')}]"
    plain = [value for value in values if not isinstance(value, dict)]
    found = [f"{name} IN ({', '.join(_literal(value) for value in plain)})"] if plain else []
    found += [_test(name, value) for value in values if isinstance(value, dict)]
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"


def _test(name: str, value: Mapping[str, Json]) -> str:
    word, said = _only(value)
    if word in ("prefix", "suffix"):
        text = "".join(f"\\{c}" if c in "%_[\\" else c for c in str(said)).replace("'", "''")
        return f"{name} LIKE '{text}%' ESCAPE '\\'" if word == "prefix" else f"{name} LIKE '%{text}' ESCAPE '\\'"
    if word == "anything-but":
        return f"{name} NOT IN ({', '.join(_literal(one) for one in _list(said))})"
    if word == "exists":
        return f"EXISTS({name})" if said else f"NOT EXISTS({name})"
    if word == "numeric":
        return "(" + " AND ".join(f"{name} {NUMBERS[sign][1]} {number}" for sign, number in _pairs(said)) + ")"
    raise Unsayable(f"`{word}` is no test that Service Bus has")


def _literal(value: Json) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def advanced(asked: Mapping[str, Json]) -> list[Filter]:
    """Return conditions over an event, all of which hold. Raises Unsayable: alternatives inside a field have to be of one form."""
    return [one for field, values in sorted(asked.items()) for one in _filters(key(field), _list(values))]


def key(field: str) -> str:
    """`type` is `eventtype`, `amount` is `data.amount`."""
    return ATTRIBUTES.get(field) or (field if field.startswith("data.") else f"data.{field}")


def types(patterns: list[str], field: str = "type") -> list[Filter]:
    """Return conditions for event types (or sources) with `*` as a wildcard. Raises Unsayable."""
    if "*" in patterns:
        return []
    forms: dict[str, list[Json]] = {}
    for pattern in patterns:
        operator, text = _wildcard(pattern)
        forms.setdefault(operator, []).append(text)
    if len(forms) > 1:
        raise Unsayable("alternatives of different forms")
    return [_values(operator, ATTRIBUTES[field], texts) for operator, texts in forms.items()]


def every_value(wanted: list[str], sources: list[str], asked: Json) -> list[Json]:
    """Return the values of all conditions of one subscription; none where Event Grid has no words for them."""
    try:
        found = [*types(wanted), *types(sources, "source"), *(advanced(asked) if isinstance(asked, Mapping) else ())]
    except Unsayable:
        return []
    return [value for one in found for value in _list(one.get("values", one.get("value")))]


def _wildcard(pattern: str) -> tuple[str, str]:
    inner = pattern.strip("*")
    if "*" in inner:
        raise Unsayable("`*` in the middle")
    if pattern.startswith("*") and pattern.endswith("*"):
        return "StringContains", inner
    if pattern.endswith("*"):
        return "StringBeginsWith", inner
    return ("StringEndsWith", inner) if pattern.startswith("*") else ("StringIn", inner)


def _filters(field: str, values: list[Json]) -> Iterator[Filter]:
    forms = {_form(value) for value in values}
    if len(forms) > 1:
        raise Unsayable("alternatives of different forms inside a field")
    form = forms.pop()
    if form in ("prefix", "suffix", "text", "number"):
        said = [next(iter(value.values())) if isinstance(value, dict) else value for value in values]
        yield _values({"prefix": "StringBeginsWith", "suffix": "StringEndsWith", "text": "StringIn", "number": "NumberIn"}[form], field, said)
        return
    if len(values) > 1:
        raise Unsayable(f"several of `{form}` inside a field")
    yield from _SINGLE[form](field, next(iter(values[0].values())) if isinstance(values[0], dict) else values[0])


def _form(value: Json) -> str:
    if isinstance(value, dict):
        return _only(value)[0]
    return "truth" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _except(field: str, said: Json) -> Iterator[Filter]:
    values = _list(said)
    yield _values("NumberNotIn" if all(_form(value) == "number" for value in values) else "StringNotIn", field, values)


def _numeric(field: str, said: Json) -> Iterator[Filter]:
    for sign, number in _pairs(said):
        operator = NUMBERS[sign][0]
        yield {"operatorType": operator, "key": field, **({"values": [number]} if sign == "=" else {"value": number})}


def _truth(field: str, said: Json) -> Iterator[Filter]:
    yield {"operatorType": "BoolEquals", "key": field, "value": said}


def _exists(field: str, said: Json) -> Iterator[Filter]:
    yield {"operatorType": "IsNotNull" if said else "IsNullOrUndefined", "key": field}


_SINGLE: Mapping[str, Callable[[str, Json], Iterator[Filter]]] = {"truth": _truth, "exists": _exists, "anything-but": _except, "numeric": _numeric}


def _values(operator: str, field: str, values: list[Json]) -> Filter:
    return {"operatorType": operator, "key": field, "values": values}


def _only(value: Mapping[str, Json]) -> tuple[str, Json]:
    if len(value) != 1 or next(iter(value)) not in ("prefix", "suffix", "anything-but", "exists", "numeric"):
        raise Unsayable(f"`{', '.join(value)}` is no test")
    return next(iter(value.items()))


def _pairs(said: Json) -> list[tuple[str, Json]]:
    words = _list(said)
    pairs = list(zip(words[::2], words[1::2], strict=False))
    if len(words) % 2 or not words or any(sign not in NUMBERS or isinstance(n, bool) or not isinstance(n, int | float) for sign, n in pairs):
        raise Unsayable("`numeric` takes signs and numbers in turn")
    return [(str(sign), number) for sign, number in pairs]


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else [value]

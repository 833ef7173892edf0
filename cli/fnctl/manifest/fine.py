"""Whether a value is as its shape says: yes or no, in a third of the time that it takes to say what is wrong and where.

Most values are fine; of one that is not, `fnctl.manifest.shape` finds the problems, by the same rules. A map or a list that stands in many places is
looked at in one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Shape: TypeAlias = Any
"""One of `fnctl.manifest.shape`, which asks here: naming its class would be a circle."""


def fine(shape: Shape, value: Any, known: set[tuple[int, int]]) -> bool:
    """Tell whether nothing is wrong with a value. `known` is what was fine before: shapes and values by identity."""
    kind = value.__class__
    if shape.types and kind not in shape.types and not (kind is float and int in shape.types and value.is_integer()):
        return False
    nested = kind is dict or kind is list
    place = (id(shape), id(value)) if nested else None
    if place in known:
        return True
    if shape.any and not any(fine(one, value, known) for one in shape.candidates(value)):
        return False
    if shape.all and not all(fine(one, value, known) for one in shape.all):
        return False
    if nested and not (_map if kind is dict else _list)(shape, value, known):
        return False
    if shape.scalar and not _scalar(shape, value, kind):
        return False
    if place is not None:
        known.add(place)
    return True


def _map(shape: Shape, value: dict[str, Any], known: set[tuple[int, int]]) -> bool:
    made, extra, names = shape.made, shape.extra, shape.names.pattern if shape.names is not None else None
    for key, item in () if shape.open else value.items():
        if names is not None and not names(key):
            return False
        inner = made.get(key) or shape.prop(key) or extra
        if inner is not True and (inner is False or not fine(inner, item, known)):
            return False
    return all(key in value for key in shape.required) and _counted(shape, value) if shape.required else _counted(shape, value)


def _list(shape: Shape, value: list[Any], known: set[tuple[int, int]]) -> bool:
    return _counted(shape, value) and (shape.items is None or all(fine(shape.items, item, known) for item in value))


def _counted(shape: Shape, value: Any) -> bool:
    least, most = shape.keys
    return (least is None or len(value) >= least) and (most is None or len(value) <= most)


def _scalar(shape: Shape, value: Any, kind: type) -> bool:
    if shape.enum is not None and (kind in (dict, list) or not any(value == e and (kind is bool) == (e.__class__ is bool) for e in shape.enum)):
        return False
    if kind is str:
        least = shape.keys[0]
        return (shape.pattern is None or shape.pattern(value) is not None) and (least is None or len(value) >= least)
    if kind is int or kind is float:
        return (shape.least is None or value >= shape.least) and (shape.most is None or value <= shape.most)
    return True

"""Whether values are as their shape says: yes or no, for all values that stand in one place of a manifest at once.

Most values are fine; of one that is not, `fnctl.manifest.shape` finds the problems, by the same rules. The handlers of all functions are looked at
together, and so are their triggers: a manifest is large because it says the same words of many things, and a shape that is asked about thousands of
values in one go takes a quarter of the time. A value that stands in many places is looked at in one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Shape: TypeAlias = Any
"""One of `fnctl.manifest.shape`, which asks here: naming its class would be a circle."""


def fine(shape: Shape, given: Iterable[Any]) -> bool:
    """Tell whether nothing is wrong with any of these values."""
    values = [*{id(value): value for value in given}.values()]
    kinds = {value.__class__ for value in values}
    if shape.types and not shape.types.issuperset(kinds) and not _whole(shape, values, kinds):
        return False
    if shape.any and not _any(shape, values):
        return False
    if not all(fine(one, values) for one in shape.all):
        return False
    if dict in kinds and not _maps(shape, _of(dict, values, kinds)):
        return False
    if list in kinds and not _lists(shape, _of(list, values, kinds)):
        return False
    return not shape.scalar or all(_scalars(shape, _of(kind, values, kinds), kind) for kind in kinds)


def _of(kind: type, values: list[Any], kinds: set[type]) -> list[Any]:
    return values if len(kinds) == 1 else [value for value in values if value.__class__ is kind]


def _whole(shape: Shape, values: list[Any], kinds: set[type]) -> bool:
    """Tell whether what is of another type is a whole number that was written as a fraction, where it may be one."""
    return int in shape.types and kinds <= {*shape.types, float} and all(value.is_integer() for value in values if value.__class__ is float)


def _any(shape: Shape, values: list[Any]) -> bool:
    groups: dict[Any, list[Any]] = {}
    for value in values:
        groups.setdefault(shape.tells(value), []).append(value)
    for members in groups.values():
        rest = members
        for one in shape.candidates(members[0]):
            rest = [] if fine(one, rest) else [value for value in rest if not fine(one, (value,))]
            if not rest:
                break
        else:
            return False
    return True


def _maps(shape: Shape, maps: list[dict[str, Any]]) -> bool:
    if shape.open:
        return _counted(shape, maps)
    words: set[str] = set().union(*maps)
    others = words - shape.words
    if (others and shape.extra is False) or (shape.names is not None and not fine(shape.names, words)):
        return False
    if not all(word in one for word in shape.required for one in maps):
        return False
    if not all(fine(shape.prop(word), [one[word] for one in maps if word in one]) for word in words if word in shape.words):
        return False
    if others and shape.extra is not True and not fine(shape.extra, [item for one in maps for word, item in one.items() if word in others]):
        return False
    return _counted(shape, maps)


def _lists(shape: Shape, lists: list[list[Any]]) -> bool:
    return _counted(shape, lists) and (shape.items is None or fine(shape.items, [item for one in lists for item in one]))


def _counted(shape: Shape, values: list[Any]) -> bool:
    least, most = shape.keys
    return (least is None or min(map(len, values)) >= least) and (most is None or max(map(len, values)) <= most)


def _scalars(shape: Shape, values: list[Any], kind: type) -> bool:
    if shape.enum is not None:
        allowed = [one for one in shape.enum if (kind is bool) == (one.__class__ is bool)]
        return kind not in (dict, list) and all(value in allowed for value in values)
    if kind is str:
        least = shape.keys[0]
        return (shape.pattern is None or all(map(shape.pattern, values))) and (least is None or min(map(len, values)) >= least)
    if kind is int or kind is float:
        return (shape.least is None or min(values) >= shape.least) and (shape.most is None or max(values) <= shape.most)
    return True

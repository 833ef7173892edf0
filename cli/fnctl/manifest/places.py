"""Where every value of a YAML text stands: read again, only once a finding or a node needs a place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from fnctl.manifest import libyaml as yaml
from fnctl.manifest.compose import MAX_DEPTH, events
from fnctl.source import Span

Path: TypeAlias = "Sequence[str | int]"


class Place:
    """One value: its marks, its children by key or index, and the marks of the keys."""

    __slots__ = ("children", "end", "flow", "keys", "start")

    def __init__(self, start: Any, end: Any, flow: bool = True) -> None:
        self.start, self.end, self.flow = start, end, flow
        self.children: dict[str | int, Place] = {}
        self.keys: dict[str | int, Place] = {}

    def span(self, name: str) -> Span:
        """Give the stretch of text; a block has its first place only."""
        if not self.flow:
            return Span(name, self.start.line + 1, self.start.column + 1)
        return Span(name, self.start.line + 1, self.start.column + 1, self.end.line + 1, self.end.column + 1)


def places(raw: bytes) -> Place | None:
    """Read the places of a text; None for one that cannot be read, which an editor may have at any time."""
    try:
        get = events(raw)
        get()
        if get().__class__ is yaml.StreamEndEvent:
            return None
        return _place(get, get(), {})
    except yaml.YAMLError:
        return None


def locate(root: Place, path: Path, name: str, *, key: bool = False) -> Span:
    """Find the place of a path, or of its nearest parent that is there. A block value, and `key`, give the place of the key."""
    place, label = root, None
    for part in path:
        child = place.children.get(part)
        if child is None:
            return (label or place).span(name)
        label = place.keys.get(part)
        place = child
    if label is not None and (key or not place.flow):
        return label.span(name)
    return place.span(name)


def _place(get: Callable[[], Any], event: Any, anchors: dict[str, Place], depth: int = 0) -> Place:
    kind = event.__class__
    if kind is yaml.AliasEvent:
        alias = Place(event.start_mark, event.end_mark)
        if anchored := anchors.get(event.anchor):
            alias.children, alias.keys = anchored.children, anchored.keys
        return alias
    place = Place(event.start_mark, event.end_mark, kind is yaml.ScalarEvent or bool(event.flow_style))
    if depth > MAX_DEPTH:
        msg = "nested deeper than a manifest is read"
        raise yaml.YAMLError(msg)
    if kind is yaml.SequenceStartEvent:
        _sequence(get, place, anchors, depth + 1)
    elif kind is yaml.MappingStartEvent:
        _mapping(get, place, anchors, depth + 1)
    if event.anchor is not None:
        anchors[event.anchor] = place  # from here on: inside of itself it would have no end
    return place


def _sequence(get: Callable[[], Any], place: Place, anchors: dict[str, Place], depth: int) -> None:
    while (event := get()).__class__ is not yaml.SequenceEndEvent:
        place.children[len(place.children)] = _place(get, event, anchors, depth)
    place.end = event.end_mark


def _mapping(get: Callable[[], Any], place: Place, anchors: dict[str, Place], depth: int) -> None:
    merged: list[Place] = []
    while (event := get()).__class__ is not yaml.MappingEndEvent:
        key = _place(get, event, anchors, depth)
        value = _place(get, get(), anchors, depth)
        if event.__class__ is not yaml.ScalarEvent:
            continue
        if event.value == "<<" and event.implicit[0]:
            merged.append(value)
        elif event.value not in place.children:
            place.children[event.value], place.keys[event.value] = value, key
    place.end = event.end_mark
    for source in merged:
        _merge(place, source)


def _merge(place: Place, source: Place) -> None:
    sources = [source] if source.keys else list(source.children.values())
    for one in sources:
        for name, child in one.children.items():
            if name not in place.children and name in one.keys:
                place.children[name], place.keys[name] = child, one.keys[name]

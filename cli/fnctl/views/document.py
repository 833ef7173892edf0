"""The manifest as a document: YAML for people, with where each value came from, and fnctl/show/1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from fnctl.results import Shown
from fnctl.views import machine
from fnctl.views.theme import Paint

Path = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def document(shown: Iterable[Shown]) -> dict[str, Any]:
    """fnctl/show/1."""
    return machine.document("show", {"targets": [{"target": s.target, "document": s.document, "origins": dict(s.origins)} for s in shown]})


def render(shown: Sequence[Shown], paint: Paint, *, explain: bool) -> str:
    """Write each target's document as YAML; with `explain` each value says where it came from."""
    return "\n---\n".join("\n".join(_document(one, paint, explain=explain)) for one in shown)


def _document(shown: Shown, paint: Paint, *, explain: bool) -> Iterator[str]:
    if shown.target:
        yield paint(f"# target {shown.target}", "dim")
    lines = list(_lines(shown.document, (), 0))
    column = min(60, max((len(text) for text, path in lines if _dotted(path) in shown.origins), default=0))
    for text, path in lines:
        origin = shown.origins.get(_dotted(path)) if explain else None
        yield f"{text.ljust(column)}  {paint('# ' + origin, 'dim')}" if origin else text


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _lines(value: Mapping[str, Any], path: Path, depth: int) -> Iterator[tuple[str, Path]]:
    for key, item in value.items():
        yield from _entry(f"{'  ' * depth}{scalar(key)}:", item, (*path, key), depth)


def _items(value: Sequence[Any], path: Path, depth: int) -> Iterator[tuple[str, Path]]:
    for index, item in enumerate(value):
        below = (*path, index)
        if isinstance(item, Mapping) and item:
            first, *rest = _lines(item, below, depth + 1)
            yield "  " * depth + "- " + first[0].lstrip(), first[1]
            yield from rest
        else:
            yield from _entry(f"{'  ' * depth}-", item, below, depth)


def _entry(head: str, item: Any, path: Path, depth: int) -> Iterator[tuple[str, Path]]:  # JSON
    if isinstance(item, Mapping) and item:
        yield head, path
        yield from _lines(item, path, depth + 1)
    elif isinstance(item, (list, tuple)) and any(isinstance(part, (Mapping, list, tuple)) for part in item):
        yield head, path
        yield from _items(item, path, depth + 1)
    else:
        yield f"{head} {scalar(item)}", path


def scalar(value: Any) -> str:  # JSON
    """Write a scalar, or a list of scalars, on one line, quoted where YAML would read something else."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(scalar(item) for item in value) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)

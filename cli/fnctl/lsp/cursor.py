"""Where the cursor is in a manifest: on which key or value, and, while a text is half typed, what could be completed there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fnctl.manifest import parse
from fnctl.manifest.model import Key
from fnctl.manifest.places import Place, places
from fnctl.source import Span

MARK = "fnctl-cursor"
"""Stands in a text for the word that is being typed."""

_WORD = re.compile(r"[A-Za-z0-9_.*-]*$")
_REST = re.compile(r"[A-Za-z0-9_.*-]*")
_CLOSERS = {"{": "}", "[": "]"}


@dataclass(frozen=True)
class Spot:
    """A key or a value under the cursor: its path in the file, and where it stands."""

    path: tuple[Key, ...]
    key: bool
    span: Span


@dataclass(frozen=True)
class Typing:
    """A word that is being typed.

    Attributes:
        path: of the map that gets a key, or of the value.
        key: a key for certain; a value may turn out to be the first key of a map.
        data: the document, with MARK for the word.
        prefix: what is typed so far.
        colon: whether a colon stands behind the word already.
        text: the text with MARK, made readable.
    """

    path: tuple[Key, ...]
    key: bool
    data: Any
    prefix: str
    colon: bool
    text: str


def spot(raw: bytes, name: str, line: int, column: int) -> Spot | None:
    """Find the key or the scalar at a position (1-based, in code points)."""
    root = places(raw)
    return _inside(root, (), (line - 1, column - 1), name) if root else None


def _inside(place: Place, path: tuple[Key, ...], at: tuple[int, int], name: str) -> Spot | None:
    for part, child in place.children.items():
        key = place.keys.get(part)
        if key is not None and _holds(key, at):
            return Spot((*path, part), key=True, span=key.span(name))
        if _holds(child, at):
            if child.children:
                return _inside(child, (*path, part), at, name)
            return Spot((*path, part), key=False, span=child.span(name)) if child.flow else None
    return None


def _holds(place: Place, at: tuple[int, int]) -> bool:
    return (place.start.line, place.start.column) <= at <= (place.end.line, place.end.column)


def typing(text: str, line: int, column: int) -> Typing | None:
    """Find what is being typed at a position. The text need not be whole: brackets are closed and colons added until it can be read."""
    lines = text.split("\n")
    if line > len(lines):
        return None
    before, after = lines[line - 1][: column - 1], lines[line - 1][column - 1 :]
    word = _WORD.search(before)
    prefix = word[0] if word else ""
    rest = _REST.match(after)
    after = after[rest.end() if rest else 0 :]
    head = "\n".join([*lines[: line - 1], before[: len(before) - len(prefix)]])
    for whole in _readings(head, after, "\n".join(lines[line:])):
        data, _ = parse.parse(whole.encode(errors="replace"), "")
        found = _marked(data, ()) if data is not parse.NOTHING else None
        if found is not None:
            return Typing(found[0], found[1], data, prefix, after.lstrip().startswith(":"), whole)
    return None


def _readings(head: str, after: str, below: str) -> Iterator[str]:
    closers = _closers(head)
    for mark in (MARK, f"{MARK}: "):
        yield f"{head}{mark}{after}\n{below}"
        yield f"{head}{mark}{closers}\n{below}"
        yield f"{head}{mark}{closers}\n"


def _closers(text: str) -> str:
    """Name the brackets that are open at the end of a text, the last first. Quotes and comments are passed over, a line at a time."""
    opened: list[str] = []
    for line in text.split("\n"):
        bare = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:^|\s)#.*", "", line)
        for char in bare:
            if char in _CLOSERS:
                opened.append(char)
            elif opened and char == _CLOSERS[opened[-1]]:
                opened.pop()
    return "".join(_CLOSERS[char] for char in reversed(opened))


def _marked(data: Any, path: tuple[Key, ...]) -> tuple[tuple[Key, ...], bool] | None:
    if isinstance(data, str) and MARK in data:
        return path, False
    if isinstance(data, dict) and MARK in data:
        return path, True
    children: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return next((found for part, child in children if (found := _marked(child, (*path, part))) is not None), None)

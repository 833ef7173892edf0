"""The names of a manifest: which may stand at a path, and where each is declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fnctl.lsp.cursor import MARK
from fnctl.manifest.check import VERBS
from fnctl.manifest.model import Key

TRIGGERS = ("queue", "bucket", "topic", "table", "stream", "bus")


def declared(data: Any) -> dict[str, str]:
    """Give everything that has a name, and its type."""
    types = {name: str(resource.get("type")) for name, resource in _map(data, "resources").items() if isinstance(resource, dict)}
    return {**dict.fromkeys(_map(data, "workflows"), "workflow"), **dict.fromkeys(_map(data, "functions"), "function"), **types}


def joined(documents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Lay the sections that declare names over one another."""
    out: dict[str, Any] = {"secrets": []}
    for data in documents:
        for section in ("resources", "functions", "workflows"):
            out[section] = {**out.get(section, {}), **{name: value for name, value in _map(data, section).items() if MARK not in name}}
        out["secrets"] += [name for name in _secrets(data) if name not in out["secrets"] and MARK not in str(name)]
    return out


def fitting(data: Any, path: tuple[Key, ...]) -> dict[str, str] | None:
    """Name what may stand as a value at a path, with its type; None where no name is wanted."""
    wanted = _wanted(path)
    if wanted is None:
        return None
    if wanted == "secret":
        return dict.fromkeys((name for name in _secrets(data) if isinstance(name, str)), "secret")
    return {name: kind for name, kind in declared(data).items() if kind == wanted}


def keys(data: Any, path: tuple[Key, ...]) -> dict[str, str]:
    """Name what may stand as a key in the map at a path: all that has a name, under `uses`."""
    return declared(data) if path[-1:] == ("uses",) else {}


def verbs(data: Any, path: tuple[Key, ...]) -> tuple[str, ...] | None:
    """Name what may be done with a used thing; None where `uses` is not meant."""
    for depth in (1, 2):
        if path[-depth - 1 : -depth] == ("uses",):
            return VERBS.get(declared(data).get(str(path[-depth]), ""), ())
    return None


def declaration(data: Any, path: tuple[Key, ...], word: object, *, key: bool) -> tuple[Key, ...] | None:
    """Find the path at which a word of a manifest is declared; None for a word that is no name."""
    is_name = path[-2:-1] == ("uses",) if key else _wanted(path) is not None
    if not is_name or not isinstance(word, str):
        return None
    if not key and _wanted(path) == "secret":
        secrets = _secrets(data)
        return ("secrets", secrets.index(word)) if word in secrets else None
    return next(((section, word) for section in ("resources", "functions", "workflows") if word in _map(data, section)), None)


def _wanted(path: tuple[Key, ...]) -> str | None:
    """Say of which type a name has to be that stands as a value at a path."""
    last = path[-1:]
    if path[-2:] == ("idempotent", "table"):
        return "table"
    if path[-1:] == ("redis",):
        return "secret"
    if last == ("name",):
        path = path[:-1]
    if len(path) > 2 and path[-3] == "triggers" and path[-1] in TRIGGERS:
        return str(path[-1])
    words: Mapping[tuple[Key, ...], str] = {("dead_letter",): "queue", ("task",): "function", ("bus",): "bus"}
    if last in words and (last != ("bus",) or path[-2:-1] == ("emit",)):
        return words[last]
    if isinstance(path[-1] if path else None, int):
        return "secret" if path[-2:-1] == ("secrets",) and len(path) > 2 else "function" if path[-2:-1] == ("only",) else None
    return None


def _secrets(data: Any) -> list[Any]:
    found = data.get("secrets") if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _map(data: Any, section: str) -> dict[str, Any]:
    found = data.get(section) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}

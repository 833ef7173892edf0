"""The routes of config.json: which file or function a request reaches, what it sees, and what is added to the answer.

vercel.com/docs/build-output-api/configuration, read 2026-11: phases are divided by `handle`; in each the first route that fits counts, and `continue`
goes on with its headers. Patterns do not mind case unless a route says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlsplit

from fnctl_vercel.standin.account import Build
from fnctl_vercel.standin.web import Pairs, Request


@dataclass
class Found:
    """Where a request goes. `target` is what the function sees: path and query; `added` and `dropped` are fields of the answer."""

    kind: Literal["function", "file", "status"]
    name: str = ""
    target: str = ""
    status: int = 200
    added: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    given: dict[str, str] = field(default_factory=dict)
    """Request fields that a route sets."""


@dataclass
class _Way:
    """A request on its way through the routes."""

    path: str
    query: str
    seen: str = ""
    status: int | None = None
    added: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    given: dict[str, str] = field(default_factory=dict)

    def found(self, kind: Literal["function", "file", "status"], name: str = "", status: int = 200) -> Found:
        """End it."""
        target = f"{self.seen or quote(self.path, safe=_SAFE)}{'?' if self.query else ''}{self.query}"
        return Found(kind, name, target, self.status or status, self.added, self.dropped, self.given)


_SAFE = "/!$&'()*+,;=:@%~"


def find(build: Build, request: Request) -> Found:
    """Send a request through the routes of a build."""
    raw, _, query = request.target.partition("?")
    way = _Way(raw, query)
    phases = _phases(build.config.get("routes") or [])
    for name, routes in phases:
        if name in ("error", "hit"):
            continue
        if name == "filesystem" and (found := _served(build, way)):
            return found
        if found := _phase(build, routes, request, way):
            return found
    if not any(name == "filesystem" for name, _ in phases) and (found := _served(build, way)):
        return found
    return _lost(build, phases, request, way)


def _phases(routes: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    found: list[tuple[str, list[Mapping[str, Any]]]] = [("", [])]
    for route in routes:
        if "handle" in route:
            found.append((str(route["handle"]), []))
        else:
            found[-1][1].append(route)
    return found


def _phase(build: Build, routes: Sequence[Mapping[str, Any]], request: Request, way: _Way) -> Found | None:
    for route in routes:
        fit = fits(route, request, way.path)
        if fit is None:
            continue
        _applied(route, fit, way)
        if "dest" in route:
            _sent(route, fit, way)
            if route.get("continue") and not route.get("check"):
                continue
            found = _served(build, way)
            if found or not route.get("check"):
                return found or way.found("status", status=404)
        elif not route.get("continue"):
            return way.found("status", status=int(route.get("status", 404)))
    return None


def fits(route: Mapping[str, Any], request: Request, path: str) -> re.Match[str] | None:
    """Tell whether a route is for this request."""
    found = _pattern(str(route.get("src", "")), bool(route.get("caseSensitive"))).search(path)
    if found is None or request.method not in [method.upper() for method in route.get("methods", [request.method])]:
        return None
    if not all(_has(one, request) for one in route.get("has", ())) or any(_has(one, request) for one in route.get("missing", ())):
        return None
    return found


@lru_cache(maxsize=4096)
def _pattern(source: str, strict: bool) -> re.Pattern[str]:
    """Read a pattern of PCRE, as far as Python's are the same; both ends are fixed."""
    text = re.sub(r"\(\?<([A-Za-z_])", r"(?P<\1", source)
    return re.compile(f"{'' if text.startswith('^') else '^'}{text}{'' if text.endswith('$') else '$'}", 0 if strict else re.IGNORECASE)


def _has(wanted: Mapping[str, Any], request: Request) -> bool:
    kind, key = wanted["type"], str(wanted.get("key", ""))
    if kind == "host":
        value: str | None = request.header("host").partition(":")[0]
    elif kind == "header":
        value = request.header(key.lower()) if any(name.lower() == key.lower() for name, _ in request.pairs) else None
    elif kind == "cookie":
        value = _cookies(request).get(key)
    else:
        value = request.query.get(key)
    return value is not None and ("value" not in wanted or re.fullmatch(str(wanted["value"]), value) is not None)


def _cookies(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in request.header("cookie").split(";"):
        name, _, value = one.strip().partition("=")
        found[name] = value
    return found


def _applied(route: Mapping[str, Any], fit: re.Match[str], way: _Way) -> None:
    way.added |= {name.lower(): _filled(value, fit) for name, value in (route.get("headers") or {}).items()}
    if "status" in route:
        way.status = int(route["status"])
    for one in route.get("transforms") or ():
        _transformed(one, fit, way)


def _transformed(one: Mapping[str, Any], fit: re.Match[str], way: _Way) -> None:
    kind, delete = one["type"], one["op"] == "delete"
    key = str((one.get("target") or {}).get("key", "")).lower()
    value = _filled(str(one.get("args", "")), fit)
    if kind == "request.path":
        way.seen = value
    elif kind == "request.headers" and not delete:
        way.given[key] = value
    elif kind == "request.query":
        kept = [f"{quote(name)}={quote(known)}" for name, known in parse_qsl(way.query, keep_blank_values=True) if name != key]
        way.query = "&".join([*kept, *([] if delete else [f"{quote(key)}={quote(value)}"])])
    elif kind == "response.headers":
        way.dropped |= {key} if delete else set()
        way.added |= {} if delete else {key: value}


def _sent(route: Mapping[str, Any], fit: re.Match[str], way: _Way) -> None:
    dest = urlsplit(_filled(str(route["dest"]), fit))
    way.path = dest.path
    way.query = "&".join(part for part in (way.query, dest.query) if part)


def _filled(text: str, fit: re.Match[str]) -> str:
    """Put the groups of the pattern in place of `$1` and `$name`."""

    def value(name: re.Match[str]) -> str:
        try:
            return fit[int(name[1]) if name[1].isdigit() else name[1]] or ""
        except IndexError:
            return ""

    return re.sub(r"\$([0-9]+|[A-Za-z_][A-Za-z0-9_]*)", value, text)


def _served(build: Build, way: _Way) -> Found | None:
    """Look into the output: a file, or a function by its path."""
    path = way.path.strip("/")
    for name in (path or "index", f"{path}/index".strip("/")):
        if name in build.functions:
            return way.found("function", name)
    for name, override in _static(build, path):
        way.added |= {"content-type": override} if override else {}
        return way.found("file", name)
    return None


def _static(build: Build, path: str) -> Iterator[tuple[str, str]]:
    root = (build.tree / "static").resolve()
    overrides: Mapping[str, Any] = build.config.get("overrides") or {}
    for name, known in overrides.items():
        if known.get("path") == path and (root / name).is_file():
            yield name, str(known.get("contentType", ""))
    for name in (path, f"{path}/index.html".strip("/")):
        file: Path = (root / name).resolve()
        if name and file.is_relative_to(root) and file.is_file():
            yield name, str((overrides.get(name) or {}).get("contentType", ""))


def _lost(build: Build, phases: list[tuple[str, list[Mapping[str, Any]]]], request: Request, way: _Way) -> Found:
    """Nothing fits: 404, by the page of the `error` phase where there is one."""
    way.status = 404
    for name, routes in phases:
        if name != "error":
            continue
        for route in routes:
            if int(route.get("status", 404)) == 404 and (fit := fits(route, request, way.path)) and "dest" in route:
                _sent(route, fit, way)
                if found := _served(build, way):
                    return found
    return way.found("status", status=404)


def answered(found: Found, pairs: Pairs) -> Pairs:
    """Add to an answer's fields what routes say."""
    gone = found.dropped | set(found.added)
    return (*(pair for pair in pairs if pair[0].lower() not in gone), *found.added.items())

"""Routes of the deployment: the manifest's paths as patterns, the narrowest first, and nothing that the manifest does not name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from fnctl.graph import Json
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_vercel.output.places import crons, door, places

ASIS: list[Json] = [{"type": "request.path", "op": "set", "args": "/$1"}]
"""The function sees the path that was asked for, and not its own: what Vercel's own builder writes for applications with a router."""


def routes(service: Service) -> list[dict[str, Json]]:
    """Return the routes of config.json, the first that fits wins: the platform's own and callers' with the secret, browsers' questions, requests.

    The last one is a 404 for all else: it keeps the functions' own paths closed, which the platform would otherwise serve.
    """
    asked = sorted(_asked(service), key=lambda one: _rank(one[1]), reverse=True)
    stands = list(places(service))
    own: list[dict[str, Json]] = [{"src": f"^/{re.escape(place.path)}$", "dest": f"/{place.path}"} for place in stands if place.trigger]
    shut = [one for place in stands if not place.trigger for one in _shut(place.function)]
    return [*own, *shut, *_cors([trigger for _, trigger in asked]), *(_http(*one) for one in asked), {"src": "^/.*$", "status": 404}]


def _asked(service: Service) -> Iterator[tuple[Function, Trigger]]:
    for function in service.functions.values():
        yield from ((function, trigger) for trigger in function.triggers if trigger.kind == "http")


def _shut(function: Function) -> Iterator[dict[str, Json]]:
    """Lead crons and whoever else has the secret to a function; it asks for the secret itself."""
    asked = [("GET", path) for path in crons(function)] + [("POST", path) for path in (door(function),) if path]
    for method, path in asked:
        yield {"src": f"^/({re.escape(path[1:])})$", "methods": [method], "dest": f"/{function.name}", "transforms": ASIS}


def _http(function: Function, trigger: Trigger) -> dict[str, Json]:
    method = str(trigger.options["method"])
    said: dict[str, Json] = {} if method == "ANY" else {"methods": [method]}
    return {"src": pattern(str(trigger.options["path"])), **said, "dest": f"/{function.name}", "transforms": ASIS}


def pattern(path: str) -> str:
    """Write a path as a pattern: `/orders/{id}` fits one part and takes a `/` at the end, `/files/{path*}` fits `/files` and all below it."""
    written = ""
    for part in _parts(path):
        if part.startswith("{") and part.endswith("*}"):
            return f"^/({written}(?:/.*)?)$" if written else "^/(.*)$"
        written += ("/" if written else "") + ("[^/]+" if part.startswith("{") else re.escape(quote(part, safe="!$&'()*+,;=:@%~")))
    return f"^/({written}/?)$" if written else "^/()$"


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _rank(trigger: Trigger) -> tuple[tuple[int, ...], bool]:
    """Order routes as the runtime does: literal parts, `{name}`, the end, `{rest*}`; of two alike the one that names its method comes first."""
    parts = _parts(str(trigger.options["path"]))
    ranks = [0 if part.endswith("*}") else 2 if part.startswith("{") else 3 for part in parts]
    return (*ranks, 1), trigger.options["method"] != "ANY"


def _cors(triggers: Sequence[Trigger]) -> Iterator[dict[str, Json]]:
    """Answer browsers that ask first, and mark the answers of functions; what the triggers of one path ask for is joined."""
    by_path: dict[str, list[Trigger]] = {}
    for trigger in triggers:
        if trigger.options.get("cors"):
            by_path.setdefault(str(trigger.options["path"]), []).append(trigger)
    for path, found in by_path.items():
        yield from _browsers(pattern(path), found)


def _browsers(src: str, found: Sequence[Trigger]) -> Iterator[dict[str, Json]]:
    maps = [cors for trigger in found if isinstance(cors := trigger.options["cors"], Mapping)]
    open_to_all = len(maps) < len(found)
    origins = ["*"] if open_to_all else _union(maps, "origins") or ["*"]
    methods = _union(maps, "methods") or sorted({str(trigger.options["method"]) for trigger in found})
    said: dict[str, Json] = {}
    if any(cors.get("credentials") for cors in maps):
        said["access-control-allow-credentials"] = "true"
    if expose := _union(maps, "expose"):
        said["access-control-expose-headers"] = ", ".join(expose)
    first: dict[str, Json] = {
        "access-control-allow-methods": ", ".join("*" if method == "ANY" else method for method in methods),
        "access-control-allow-headers": ", ".join(_union(maps, "headers") or ["*"]),
    }
    if ages := [int(str(cors["max_age"])) for cors in maps if cors.get("max_age") is not None]:
        first["access-control-max-age"] = str(max(ages))
    for origin in origins:
        who: dict[str, Json] = {} if origin == "*" else {"has": [{"type": "header", "key": "origin", "value": re.escape(origin)}]}
        let: dict[str, Json] = {"access-control-allow-origin": origin, **({} if origin == "*" else {"vary": "origin"}), **said}
        yield {"src": src, **who, "headers": let, "continue": True}
    question: list[Json] = [{"type": "header", "key": "access-control-request-method"}]
    yield {"src": src, "methods": ["OPTIONS"], "has": question, "headers": first, "status": 204}


def _union(maps: Iterable[Mapping[str, Json]], key: str) -> list[str]:
    lists = [[value] if isinstance(value, str) else value for cors in maps if (value := cors.get(key))]
    return sorted({str(item) for items in lists if isinstance(items, list) for item in items})

"""`http` triggers: one HTTP API for the service and stage, or a function's own URL where `targets.aws.http` is `function_url`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fnctl.graph import Address, Json, Node, Ref, Text, Value
from fnctl.manifest.model import Function, Service, Trigger
from fnctl_aws.names import ACCOUNT, PARTITION, REGION, function_address, physical, shared, tags, trigger_address

API = Address("api")
RATE, BURST = 500, 1000
"""Requests a second, and at once: a stage without settings could use up the whole account's 10,000."""

GATEWAY_TIMEOUT = 30_000
"""Milliseconds; API Gateway ends every request of an HTTP API there."""

GREEDY = r"\{([^{}*+]+)\*\}"


def triggers(function: Function) -> list[Trigger]:
    """Return the http triggers of one function, in the manifest's order."""
    return [trigger for trigger in function.triggers if trigger.kind == "http"]


def has_url(service: Service, function: Function) -> bool:
    """Tell whether a function is reached by its own URL and not through the API."""
    return bool(triggers(function)) and (function.own.get("http") or service.settings.get("http")) == "function_url"


def behind_api(service: Service) -> list[Function]:
    """Return the functions that the service's HTTP API leads to."""
    return [function for function in service.functions.values() if triggers(function) and not has_url(service, function)]


def url_of(service: Service, function: Function) -> Value:
    """Return the address that people open: the base and the first route up to its first `{`. None without an http trigger."""
    found = triggers(function)
    if not found:
        return None
    base = Ref(function_address(function.name, "url"), "url") if has_url(service, function) else Ref(API, "url")
    return Text((base, str(found[0].options["path"]).split("{", 1)[0]))


def http_nodes(service: Service) -> Iterator[Node]:
    """Yield the API with its routes, and the function URLs."""
    behind = behind_api(service)
    if behind:
        yield _api(service, behind)
        taken = {route_key(trigger) for function in behind for trigger in triggers(function)}
        for function in behind:
            yield from _integration(service, function)
            for trigger in triggers(function):
                yield from _routes(service, function, trigger, taken)
    for function in service.functions.values():
        if has_url(service, function):
            yield _url(service, function)


def route_key(trigger: Trigger) -> str:
    """`GET /files/{path*}` is `GET /files/{path+}` to API Gateway."""
    path = re.sub(GREEDY, r"{\1+}", str(trigger.options["path"]))
    return f"{trigger.options['method']} {path}"


def folder_key(key: str) -> str | None:
    """Return the route that `{path+}` needs besides: `{path*}` matches nothing too, API Gateway's `{path+}` does not. None for other routes."""
    if not key.endswith("+}"):
        return None
    folder = key[: key.rindex("/")]
    return f"{folder}/" if folder.endswith(" ") else folder


def cors_of(found: Sequence[Trigger]) -> dict[str, Value] | None:
    """Join what the triggers ask for: CORS belongs to the whole API, not to a route. `true` lets every origin in."""
    asked = [trigger.options["cors"] for trigger in found if trigger.options.get("cors")]
    if not asked:
        return None
    maps = [one for one in asked if isinstance(one, Mapping)]
    methods = _union(maps, "methods") or sorted({str(trigger.options["method"]).upper() for trigger in found if trigger.options.get("cors")})
    return {
        "origins": _union(maps, "origins") or ["*"],
        "methods": ["*"] if "ANY" in methods or "*" in methods else methods,
        "headers": _union(maps, "headers") or ["*"],
        "expose": _union(maps, "expose") or None,
        "credentials": any(bool(one.get("credentials")) for one in maps),
        "max_age": max((int(str(one["max_age"])) for one in maps if one.get("max_age") is not None), default=None),
    }


def _union(maps: Sequence[Mapping[str, Json]], key: str) -> list[str]:
    found: list[Any] = [one[key] for one in maps if one.get(key)]
    lists = [[item] if isinstance(item, str) else item for item in found]
    return sorted({str(item) for items in lists for item in items})


def _api(service: Service, behind: Sequence[Function]) -> Node:
    props: dict[str, Value] = {
        "name": shared(service),
        "cors": cors_of([trigger for function in behind for trigger in triggers(function)]),
        "rate": RATE,
        "burst": BURST,
        "tags": tags(service, API),
    }
    return Node(API, "aws.apigateway.api", shared(service), props, span=service.span("functions", behind[0].name, "triggers"))


def _integration(service: Service, function: Function) -> Iterator[Node]:
    address = function_address(function.name, "http")
    me, span = function_address(function.name), service.span("functions", function.name, "triggers")
    props: dict[str, Value] = {"api": Ref(API, "id"), "uri": Ref(me, "live"), "timeout": GATEWAY_TIMEOUT}
    yield Node(address, "aws.apigateway.integration", physical(service, function.name), props, span=span)
    source = Text(("arn:", PARTITION, ":execute-api:", REGION, ":", ACCOUNT, ":", Ref(API, "id"), "/*/*"))
    allow: dict[str, Value] = {
        "function": Ref(me, "name"),
        "principal": "apigateway.amazonaws.com",
        "action": "lambda:InvokeFunction",
        "source": source,
    }
    yield Node(function_address(function.name, "http", "permission"), "aws.lambda.permission", "fnctl-http", allow, span=span)


def _routes(service: Service, function: Function, trigger: Trigger, taken: set[str]) -> Iterator[Node]:
    address = trigger_address(function, "http", trigger.key)
    key = route_key(trigger)
    yield _route(service, function, trigger, address, key)
    root = folder_key(key)
    if root and root not in taken:
        yield _route(service, function, trigger, Address(f"{address}/base"), root)


def _route(service: Service, function: Function, trigger: Trigger, address: Address, key: str) -> Node:
    target = Text(("integrations/", Ref(function_address(function.name, "http"), "id")))
    props: dict[str, Value] = {"api": Ref(API, "id"), "key": key, "target": target, "auth": "NONE"}
    # A route without the right to call its function answers 500.
    needs = frozenset({function_address(function.name, "http", "permission")})
    return Node(address, "aws.apigateway.route", key, props, needs, span=service.span(*trigger.at))


def _url(service: Service, function: Function) -> Node:
    found = triggers(function)
    cors = cors_of(found)
    if cors and "OPTIONS" in cors["methods"]:  # type: ignore[operator]  # a list of words
        # Lambda answers preflight itself and refuses the word: an item may have six characters.
        cors["methods"] = [method for method in cors["methods"] if method != "OPTIONS"] or ["*"]  # type: ignore[union-attr]
    props: dict[str, Value] = {
        "function": Ref(function_address(function.name), "name"),
        "auth": "NONE",
        "mode": "BUFFERED",
        "cors": cors,
        "public": True,
    }
    address = function_address(function.name, "url")
    return Node(address, "aws.lambda.url", physical(service, function.name), props, span=service.span(*found[0].at))

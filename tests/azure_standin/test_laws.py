"""What holds for every request, whatever is in it: an answer or a refusal, and never a failure of the stand-in itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from azure_standin import bodies
from azure_standin.caller import GROUP, VERSIONS, Caller
from fnctl_azure.standin import entra, vault
from fnctl_azure.standin.desk import Desk
from fnctl_azure.standin.table import table
from fnctl_azure.standin.wire import Answer, Refused, Request

NAMES = some.sampled_from(["x", "app", "data", "plan", "default", "web", "appsettings", "onedeploy", "a--b", "", "$Default", "é", bodies.ROLE_NAME])
TEXTS = some.sampled_from(
    ["", "x", "westeurope", "FC1", "P1D", "/subscriptions/x", bodies.PLAN, bodies.IDENTITY, "https://a/b?code=c", "http://127.0.0.1:1"]
)
VALUES: Any = some.recursive(
    some.none() | some.booleans() | some.integers(-3, 5000) | TEXTS,
    lambda inner: some.lists(inner, max_size=2) | some.dictionaries(some.sampled_from(["name", "value", "x", "type"]), inner, max_size=2),
    max_leaves=4,
)
ACTIONS = some.sampled_from(["list", "listkeys", "restart", "purge", "query", "checknameavailability", "regenerateKey", "getFullUrl", "nothing"])
SETTLED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*path, key))


@some.composite
def spoiled(draw: some.DrawFn, kind: str) -> Any:
    """A good body of a type, where there is one, with something else in one or two places of it."""
    body: Any = copy.deepcopy(bodies.GOOD.get(kind, {"properties": {"x": 1}}))
    for _ in range(draw(some.integers(0, 2))):
        path = draw(some.sampled_from(list(_places(body))))
        if not path:
            return draw(VALUES)
        place = body
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = draw(VALUES)
    return body


@some.composite
def requests(draw: some.DrawFn) -> Request:
    spec = draw(some.sampled_from(sorted(table().values(), key=lambda one: one.type)))
    namespace, *words = spec.type.split("/")
    right = bodies.NAMES.get(spec.type)
    names = right if right and draw(some.booleans()) else [draw(NAMES) for _ in words]
    parts = [part for pair in zip(words, names, strict=True) for part in pair]
    if draw(some.integers(0, 4)) == 0:
        parts = parts[: draw(some.integers(0, len(parts)))]
    method = draw(some.sampled_from(["PUT", "PUT", "PUT", "PATCH", "GET", "DELETE", "POST"]))
    path = "/".join([GROUP, "providers", namespace, *parts, *([draw(ACTIONS)] if method == "POST" else [])])
    query = {"api-version": VERSIONS.get(namespace, "2025-04-01"), "$filter": draw(some.sampled_from(["", "principalId eq 'x'", "'", "atScope()"]))}
    return Request(method, path, query, {}, json.dumps(draw(spoiled(spec.type))).encode(), "http://127.0.0.1:1")


@SETTLED
@given(asked=requests())
def test_a_request_is_answered_or_refused(desk: Desk, caller: Caller, asked: Request) -> None:
    caller.foreign = True
    if desk.world.find(f"{GROUP}/providers/Microsoft.Web/sites/app") is None:
        caller.control("reset")
        caller.control("world", {"pace": {"operation": 0.0}})
        caller.done("PUT", GROUP, {"location": "westeurope"})
        for world in ("app", "role", "system topic", "bus", "cosmos"):
            bodies.build(world, caller)
    token = {"authorization": f"Bearer {entra.token(desk.world, entra.MANAGEMENT[0])}"}
    try:
        answer = desk.arm.answer(Request(asked.method, asked.path, asked.query, token, asked.body, asked.base))
    except Refused as refused:
        answer = Answer(refused.status, refused.body)
    assert 200 <= answer.status < 500
    json.dumps(answer.body)


@SETTLED
@given(
    method=some.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    words=some.lists(NAMES | some.sampled_from(["secrets", "secrets", "deletedsecrets", "versions", "recover"]), max_size=4),
    body=VALUES | some.just({"value": "x"}),
)
def test_a_vault_answers_or_refuses(desk: Desk, caller: Caller, method: str, words: list[str], body: Any) -> None:
    caller.foreign = True
    if desk.world.find(f"{GROUP}/providers/Microsoft.KeyVault/vaults/safe") is None:
        caller.done("PUT", GROUP, {"location": "westeurope"})
        caller.done("PUT", "Microsoft.KeyVault/vaults/safe", bodies.VAULT)
    headers = {"authorization": f"Bearer {entra.token(desk.world, vault.AUDIENCES[0])}"}
    asked = Request(method, "/".join(["/_vault/safe", *words]), {"api-version": "7.4"}, headers, json.dumps(body).encode(), "http://127.0.0.1:1")
    try:
        answer = vault.answer(desk.world, asked)
    except Refused as refused:
        answer = Answer(refused.status, refused.body)
    assert 200 <= answer.status < 500

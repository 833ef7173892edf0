"""Requests to the resource manager held against what Azure publishes: its SDKs' operations, and the schemas of its resources."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from azure_graph import schemas
from fnctl_azure.standin import ids
from fnctl_azure.standin.table import table

OPERATIONS = Path(__file__).with_name("operations.json")
NO_OPERATION = frozenset(
    {
        "POST Microsoft.Insights/components/query",  # the query API, at the address that it also has
        "PATCH Microsoft.Resources/tags",  # in a package of its own
        "PUT Microsoft.Resources/tags",
        "DELETE Microsoft.Resources/tags",
        "GET Microsoft.Resources/tags",
        "GET Microsoft.Web/functionAppStacks",  # read raw by az
        "GET Microsoft.Web/locations/functionAppStacks",
        "GET Microsoft.Web/sites/host/properties",  # asked by the portal
        "POST Microsoft.KeyVault/locations/deletedVaults/purge",
        "POST Microsoft.Web/sites/config/appsettings/refresh",  # told on the page "Use Key Vault references"
    }
)

WRAPPED = frozenset({"Microsoft.Web/sites/slots/functions/keys"})
"""Types whose words the interface takes inside `properties`, as `az` sends them, and the schemas have outside."""


def problems(lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the requests of a `requests.jsonl`, of those that were done."""
    return [word for line in lines if line["plane"] == "arm" and 0 < line["status"] < 400 for word in _problems(line)]


def unchecked(kinds: Iterable[str]) -> list[str]:
    """The types among these that no published schema speaks of."""
    return sorted(kind for kind in kinds if schemas.problems(kind, "x", {}) is None)


def read(state: Path) -> list[dict[str, Any]]:
    """The requests that a stand-in has written down."""
    file = state / "requests.jsonl"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def _problems(line: Mapping[str, Any]) -> Iterator[str]:
    target = ids.parse(line["path"], line["method"])
    if target is None or re.search(r"/operation(Statuses|results)/", line["path"], re.IGNORECASE):
        return
    spec = table().get(target.type.lower())
    kind = spec.type if spec else target.type.rstrip("/")
    name = f"{line['method']} {kind}{'/' + target.action.lower() if target.action else ''}"
    statuses = accepted(line["method"], line["path"])
    if statuses is None:
        if name not in NO_OPERATION:
            yield f"{name}: no SDK has this operation ({line['path']})"
    elif line["status"] not in statuses:
        yield f"{name}: answered {line['status']}, and the SDK takes {statuses}"
    if line["method"] == "PUT":
        # Templates want the word `properties` everywhere; the REST interface does without where there is nothing to say.
        body = {"properties": {}, **(line["body"] or {})}
        body = body["properties"] if kind in WRAPPED else body
        named = f"app/{target.name}" if kind.endswith("/config") else target.name
        yield from (f"{name}: {word}" for word in schemas.problems(kind, named, body) or ())


def accepted(method: str, path: str) -> list[int] | None:
    """The statuses that the SDKs take for a request; None where none of them makes it."""
    found = [statuses for pattern, statuses in _patterns().get(method, ()) if pattern.fullmatch(path)]
    return sorted({status for statuses in found for status in statuses}) if found else None


@cache
def _patterns() -> Mapping[str, list[tuple[re.Pattern[str], list[int]]]]:
    found: dict[str, list[tuple[re.Pattern[str], list[int]]]] = {}
    for request, statuses in json.loads(OPERATIONS.read_text("utf-8")).items():
        method, _, path = request.partition(" ")
        # A parameter is one word, but for a scope, which is a whole id.
        words = re.escape(path).replace(r"\{\}", "{}")
        words = re.sub(r"^/\{}", "/.+", words) if not path.startswith("/subscriptions/") else words
        found.setdefault(method, []).append((re.compile(words.replace("{}", "[^/]+"), re.IGNORECASE), statuses))
    return found

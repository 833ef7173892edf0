"""A deployed function at work: call it as its trigger would, and read what it logs."""

from __future__ import annotations

import json
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fnctl.adapter import Call, LogLine, LogQuery, Reply
from fnctl.errors import CloudError, FnctlError
from fnctl.graph import State
from fnctl.reaching import rest
from fnctl_azure.client import Client
from fnctl_azure.kinds.types import WEB

TIMEOUT = 240.0
"""Seconds for an answer: Azure's front end gives up after 230."""
QUERY = "2018-04-20"
POLL = 2.0
"""Seconds between two looks with `--follow`."""
LATE = 300.0
"""Seconds that a line may take from its own time until Application Insights shows it."""
REMEMBERED = 10_000
"""Lines already shown that are remembered while following."""
CONSOLE = "'Host.Function.Console'"
"""The category of what code prints."""
PAGE = 5_000
"""Lines that one look returns at most."""


def invoke(client: Client, service: str, stage: str, props: Mapping[str, Any], state: State, call: Call) -> Reply:
    """Call a function: over HTTP with the app's key, or through the host's own door for what HTTP does not reach."""
    app, url = str(state.outputs["app"]), str(state.outputs["url"])
    keys = client.arm("POST", f"{app}/host/default/listkeys", WEB)
    doors: Sequence[Mapping[str, Any]] = props["doors"]
    if call.method or call.path:
        key = str((keys.get("functionKeys") or {}).get("default") or keys.get("masterKey") or "")
        return _http(client, f"{url}{call.path or '/'}", (call.method or "GET").upper(), call.data, key)
    door = chosen(doors, call)
    master = str(keys.get("masterKey") or "")
    if door["kind"] == "invoke":
        return _http(client, f"{url}/_fnctl/{door['key']}", "POST", call.data, master)
    given = call.data.decode("utf-8", "replace")
    event = {"input": payload(door, given, service, stage)}
    answer = client.request(
        "POST",
        f"{url}/admin/functions/{door['name']}",
        what=f"function {door['name']}",
        scope=None,
        body=event,
        headers={"x-functions-key": master},
    )
    # The host takes it and says no more; what comes of it stands in the logs.
    return Reply(True, b"", answer.status, logs=(f"the host has taken it for {door['name']}; `fnctl logs` shows what came of it",))


def chosen(doors: Sequence[Mapping[str, Any]], call: Call) -> Mapping[str, Any]:
    """Return the door to knock at: that of `--event`, else the one that is made for calls, else the only one.

    Raises:
        FnctlError: the function has no such trigger, or several and none is named.
    """
    kinds = sorted({str(door["kind"]) for door in doors})
    fitting = [door for door in doors if door["kind"] == (call.event or "invoke")]
    found = fitting or ([] if call.event else list(doors))
    if found and (call.event or len(found) == 1):
        return found[0]
    msg = f"the function '{call.function}' has no {call.event} trigger" if call.event else f"the function '{call.function}' has several triggers"
    raise FnctlError(msg, code="AZ618", help=f"say which: `--event` takes {', '.join(kinds)}; an http route is called with --path")


def _http(client: Client, url: str, method: str, data: bytes, key: str) -> Reply:
    began = time.monotonic()
    headers = {"x-functions-key": key, **({"content-type": "application/json"} if data else {})}
    answer = client.once(method, url, body=data or None, headers=headers, timeout=TIMEOUT)
    error = f"the function answered {answer.status}" if answer.status >= 500 else None
    return Reply(answer.status < 500, answer.body, answer.status, error, seconds=round(time.monotonic() - began, 3))


def payload(door: Mapping[str, Any], data: str, service: str, stage: str) -> str:
    """Return what the host's own door takes for a trigger: a message's text, the event that Event Grid would deliver, documents that have changed."""
    kind, name = str(door["kind"]), str(door["key"]).rpartition("/")[2]
    if kind == "table":
        return json.dumps(_documents(data, door.get("keys") or ()))
    if kind == "bucket":
        return json.dumps(_blob_created(data, f"{service}-{stage}-{name}", service))
    if kind in ("bus", "topic") and not _is_event(data):
        return json.dumps(_cloud_event(data, kind, service)) if kind == "bus" else data
    return data


def _blob_created(data: str, container: str, account: str) -> dict[str, Any]:
    """Event Grid's schema for Microsoft.Storage.BlobCreated ("Azure Blob Storage as an Event Grid source", 2025). `data` names the blob."""
    said = _json(data)
    blob = str(said.get("key") or said.get("name") or "file.txt") if isinstance(said, dict) else data.strip() or "file.txt"
    size = int(said.get("size") or 0) if isinstance(said, dict) else 0
    about = {
        "api": "PutBlob",
        "clientRequestId": str(uuid.uuid4()),
        "requestId": str(uuid.uuid4()),
        "eTag": "0x8D4BCC2E4835CD0",
        "contentType": "application/octet-stream",
        "contentLength": size,
        "blobType": "BlockBlob",
        "url": f"https://{account}.blob.core.windows.net/{container}/{blob}",
        "sequencer": "00000000000004420000000000028963",
        "storageDiagnostics": {"batchId": str(uuid.uuid4())},
    }
    return {
        "id": str(uuid.uuid4()),
        "topic": f"/subscriptions/none/resourceGroups/none/providers/Microsoft.Storage/storageAccounts/{account}",
        "subject": f"/blobServices/default/containers/{container}/blobs/{blob}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "eventTime": _now(),
        "data": about,
        "dataVersion": "",
        "metadataVersion": "1",
    }


def _documents(data: str, keys: Iterable[str]) -> list[Any]:
    """A batch of Cosmos DB's change feed, with what the database adds to every document ("Azure Cosmos DB resource model", 2025)."""
    said = _json(data)
    word = data.strip() or "test"
    changed = said if isinstance(said, list) else [said if isinstance(said, dict) else {"id": word, **dict.fromkeys(keys, word)}]
    own = {"_rid": "lZkZAKfJc1sBAAAAAAAAAA==", "_etag": f'"{uuid.uuid4()}"', "_ts": int(time.time()), "_lsn": 1}
    return [{**own, **one} if isinstance(one, dict) else one for one in changed]


def _cloud_event(data: str, kind: str, service: str) -> dict[str, Any]:
    """CloudEvents 1.0, which is what a custom topic of fnctl's takes and delivers. A `type` in the data is the event's own."""
    said = _json(data)
    type_ = str(said.get("type") or "fnctl.test") if isinstance(said, dict) else "fnctl.test"
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "type": type_,
        "source": f"/{service}/{kind}",
        "time": _now(),
        "datacontenttype": "application/json",
        "data": said if said is not None else data,
    }


def _is_event(data: str) -> bool:
    said = _json(data)
    return isinstance(said, dict) and ("specversion" in said or "eventType" in said)


def _json(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def logs(client: Client, component: str, functions: Mapping[str, State], query: LogQuery) -> Iterator[LogLine]:
    """Yield the lines of the named functions in order of time, as Application Insights has them.

    What code prints is the app's, and belongs to no call: it is shown under the function that the line names itself, or under the app's only one, or
    under the app. Following looks again every other second, some minutes into the past, because lines arrive late; nothing is shown twice.
    """
    sources = Sources({name: _doors(state) for name, state in functions.items()}, _apps(functions))
    shown: OrderedDict[str, None] = OrderedDict()
    since = query.since
    while True:
        for line, key in _read(client, component, sources, since, query.text):
            if key not in shown:
                shown[key] = None
                yield line
        while len(shown) > REMEMBERED:
            shown.popitem(last=False)
        if not query.follow or not rest(query, POLL):
            return
        since = max(query.since, time.time() - LATE)


@dataclass(frozen=True)
class Sources:
    """Whose lines are asked for: the doors of each function, and the functions of each app."""

    doors: Mapping[str, Sequence[str]]
    apps: Mapping[str, Sequence[str]]

    def of(self, operation: str, app: str, message: str) -> str | None:
        """Return whose line it is; None for one that was not asked for."""
        if operation:
            return next((name for name, doors in self.doors.items() if operation in doors), None)
        members = self.apps.get(app, ())
        said = _json(message) if message.startswith("{") else None
        if isinstance(said, dict) and said.get("function"):
            return str(said["function"]) if said["function"] in self.doors else None
        return members[0] if len(members) == 1 else app


def _doors(state: State) -> list[str]:
    found = state.outputs.get("doors")
    return [str(name) for name in found] if isinstance(found, list) else [str(state.outputs["name"])]


def _apps(functions: Mapping[str, State]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, state in functions.items():
        found.setdefault(str(state.outputs["app"]).rpartition("/")[2], []).append(name)
    return found


def _read(client: Client, component: str, sources: Sources, since: float, text: str | None) -> Iterator[tuple[LogLine, str]]:
    try:
        told = client.arm("POST", f"{component}/query", QUERY, {"query": kql(sources, since, text)})
    except CloudError as error:
        if error.reason in ("ResourceNotFound", "404"):  # monitoring that somebody has removed
            return
        raise
    for table in told.get("tables") or ():
        columns = [str(column["name"]) for column in table["columns"]]
        for row in table["rows"]:
            values = dict(zip(columns, row, strict=True))
            message = str(values["message"] or "").rstrip("\n")
            name = sources.of(str(values["operation_Name"] or ""), str(values["cloud_RoleName"] or ""), message)
            if name is not None:
                when = datetime.fromisoformat(str(values["timestamp"]).replace("Z", "+00:00")).timestamp()
                yield LogLine(name, when, message), str(values.get("itemId") or f"{values['timestamp']}/{message}")


def kql(sources: Sources, since: float, text: str | None) -> str:
    """Return the query: what the functions printed and logged, and the exceptions that they raised."""
    names = ", ".join(_quoted(door) for doors in sources.doors.values() for door in doors)
    apps = ", ".join(_quoted(app) for app in sources.apps)
    after = datetime.fromtimestamp(since, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    parts = [
        "union traces, exceptions",
        f"where timestamp >= datetime({after})",
        f"where operation_Name in ({names}) or (isempty(operation_Name) and cloud_RoleName in ({apps}) and customDimensions.Category == {CONSOLE})",
        "extend message = iff(itemType == 'exception', strcat(type, ': ', innermostMessage), message)",
        *([f"where message contains_cs {_quoted(text)}"] if text else []),
        "project timestamp, itemId, operation_Name, cloud_RoleName, message",
        "order by timestamp asc",
        f"take {PAGE}",
    ]
    return " | ".join(parts)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ") + "'"

"""A live deployment at work: call a function as its trigger would, and read what is logged."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any
from urllib.parse import quote

from fnctl.adapter import Call, Cancel, LogLine, LogQuery, Reply
from fnctl.errors import CredentialsError, FnctlError
from fnctl.graph import Json, Node, State
from fnctl_vercel import deployments, smoke, variables
from fnctl_vercel.client import Client
from fnctl_vercel.names import CRON_SECRET

QUEUES = "https://{region}.vercel-queue.com"
LONGEST = 1860.0
"""Seconds that a call may take: functions have half an hour at most."""
SILENCE = 3.0
"""Seconds without a line after which the stream is asked for anew, and a Ctrl-C is noticed."""
PAGE = 100
SELECT = ["deploymentId", "requestPath", "requestMethod", "source", "level", "message", "stream", "requestId"]
SOURCES = frozenset({"serverless", "lambda", "edge-function", "function"})


@dataclass(frozen=True)
class Site:
    """Where a service's stage is to be found: its project and environment, and the variables of the run."""

    client: Client
    project: str
    environment: str
    service: str
    stage: str
    environ: Mapping[str, str]

    def live(self) -> dict[str, Any]:
        """Return the deployment that has the traffic."""
        found = deployments.live(self.client, self.project, self.environment, self.service, self.stage)
        if found is None:
            message = f"the project {self.project} has no deployment that is live"
            raise FnctlError(message, code="FN946", help="put it back:\nfnctl deploy")
        return found

    def address(self, found: Mapping[str, Any]) -> str:
        """Return the URL that people use."""
        return deployments.address(self.client, found, self.environment)


def invoke(site: Site, node: Node, call: Call) -> Reply:
    """Call a function: a request to its route, a cron as Vercel starts it, a message to its queue, or its own door."""
    if call.event in ("queue", "topic"):
        return _send(site, node, call)
    if call.event == "schedule":
        path = next(iter(_map(node, "crons")), None)
        return _shown(site, "GET", path, b"") if path else _no(node, "has no cron")
    if call.event:
        return _no(node, f"is started by no `{call.event}` here")
    door = str(node.props.get("door") or "")
    if call.method is None and call.path is None and door:
        return _shown(site, "POST", door, call.data or b"{}")
    if not node.props.get("paths"):
        return _no(node, "has no address: only the platform starts it")
    return _http(site, call)


def _map(node: Node, name: str) -> Mapping[str, Any]:
    found = node.props.get(name)
    return found if isinstance(found, Mapping) else {}


def _no(node: Node, why: str) -> Reply:
    message = f"the function '{node.name}' {why}"
    raise FnctlError(message, code="VC601", help="call it with --method and --path, or with --event and one of its triggers")


def _http(site: Site, call: Call) -> Reply:
    headers = {"content-type": "application/json"} if call.data else {}
    method = (call.method or ("POST" if call.data else "GET")).upper()
    return _ask(site, method, call.path or "/", headers, call.data)


def _shown(site: Site, method: str, path: str, body: bytes) -> Reply:
    """Call with the project's secret, which only the project knows."""
    found = [one for one in variables.listed(site.client, site.project) or () if one["key"] == CRON_SECRET]
    readable = next((one for one in found if one.get("type") != "sensitive"), None)
    if readable is None:
        message = f"the project's {CRON_SECRET} cannot be read" if found else f"the project has no {CRON_SECRET}"
        raise FnctlError(message, code="VC602", help="call it over http, or send a message to its queue")
    secret = variables.value(site.client, site.project, readable)
    return _ask(site, method, path, {"authorization": f"Bearer {secret}", "content-type": "application/json"}, body)


def _ask(site: Site, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    url = site.address(site.live()) + path
    begun = time.monotonic()
    status, said, answer = site.client.ask(url, method, headers, body, timeout=LONGEST)
    if smoke.wants_login(status, said) and (more := smoke.bypass(site.client, site.project, None)):
        status, said, answer = site.client.ask(url, method, {**headers, **more}, body, timeout=LONGEST)
    trouble = said.get("x-vercel-error", "")
    error = f"the function answered {status}{f' ({trouble})' if trouble else ''}" if status >= 500 else None
    return Reply(error is None, answer, status, error, (), round(time.monotonic() - begun, 3))


def _send(site: Site, node: Node, call: Call) -> Reply:
    """Send a message to the topic that starts the function; the answer is that Queues have taken it."""
    topic = next((str(topic) for key, topic in _map(node, "topics").items() if key.startswith(f"{call.event}/")), None)
    if topic is None:
        return _no(node, f"listens to no {call.event}")
    found = site.live()
    token = _token(site, found)
    region = next(iter(found.get("regions") or ()), "iad1")
    base = site.environ.get("VERCEL_QUEUE_BASE_URL") or site.client.place.endpoint or QUEUES.format(region=region)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "vqs-idempotency-key": str(uuid.uuid4())}
    headers["vqs-deployment-id"] = deployments.id_of(found)
    status, _, answer = site.client.ask(f"{base.rstrip('/')}/api/v3/topic/{quote(topic, safe='')}", "POST", headers, call.data or b"{}")
    return Reply(status < 300, answer, status, None if status < 300 else f"Queues answered {status}")


def _token(site: Site, found: Mapping[str, Any]) -> str:
    """Return a token of the project's own, which is what Queues ask for: the environment's, or the one that `vercel env pull` gets."""
    given = site.environ.get("VERCEL_QUEUE_TOKEN") or site.environ.get("VERCEL_OIDC_TOKEN")
    pulled = given or (site.client.find(f"/v3/env/pull/{found.get('projectId')}/development") or {}).get("env", {}).get("VERCEL_OIDC_TOKEN")
    if not pulled:
        message = "Queues take messages from whoever has a token of the project, and Vercel gives none"
        raise CredentialsError(message, help="switch on OIDC in the project's settings, or set VERCEL_OIDC_TOKEN; or send from a function")
    return str(pulled)


def logs(site: Site, nodes: Mapping[str, State], query: LogQuery) -> Iterator[LogLine]:
    """Yield lines of the live deployment's functions: what is stored since then, and with `follow` what comes."""
    found = site.live()
    shown: set[str] = set()
    for record in chain(_stored(site, found, query.since), _coming(site, found, query) if query.follow else ()):
        line, key = _line(record, nodes), str(record.get("rowId") or f"{record.get('timestampInMs')} {record.get('message')}")
        if line is not None and key not in shown and line.time >= query.since and (query.text is None or query.text in line.message):
            shown.add(key)
            yield line


def _stored(site: Site, found: Mapping[str, Any], since: float) -> list[Mapping[str, Any]]:
    """Read what Vercel has kept, oldest first, as its own command line 64.0.2 asks for it: no description of this call is public."""
    name, end = deployments.id_of(found), time.time()
    body: dict[str, Json] = {
        "event": "vercel.log",
        "scope": {"ownerId": str(found.get("ownerId") or site.client.place.team), "projectIds": [str(found.get("projectId"))]},
        "select": SELECT,
        "filter": f'(deploymentId:"{name}")',
        "order": "desc",
        "limit": PAGE,
    }
    records: list[Mapping[str, Any]] = []
    while end > since:
        body["timeRange"] = {"start": _stamp(since), "end": _stamp(end)}
        said = site.client.post("/v1/observability/events", body)
        page = [one for one in (said.get("events") if isinstance(said, Mapping) else said) or () if isinstance(one, Mapping)]
        records += page
        oldest = min((_time(one) for one in page), default=since)
        if len(page) < PAGE or oldest >= end:
            break
        end = oldest
    return records[::-1]


def _coming(site: Site, found: Mapping[str, Any], query: LogQuery) -> Iterator[Mapping[str, Any]]:
    """Follow the live stream, which begins anew each time that it was silent, until the run is told to stop."""
    path = f"/v1/projects/{found.get('projectId') or site.project}/deployments/{deployments.id_of(found)}/runtime-logs"
    while query.cancel() is Cancel.NO:
        for record in site.client.lines(path, idle=SILENCE, format="lines"):
            yield record
            if query.cancel() is not Cancel.NO:
                return


def _time(record: Mapping[str, Any]) -> float:
    """Return when a line was written, in Unix seconds."""
    said = record.get("timestampInMs") or record.get("timestamp")
    return float(said) / 1000 if isinstance(said, int | float) else time.time()


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(record: Mapping[str, Any], nodes: Mapping[str, State]) -> LogLine | None:
    """Read one record; whose it is says our own line, else the path that was asked for."""
    message = str(record.get("message") or "").rstrip("\n")
    if record.get("source") not in SOURCES or not message:
        return None
    name = _named(message) or _routed(str(record.get("requestPath") or ""), nodes)
    if name not in nodes:
        return None
    return LogLine(name, _time(record), message)


def _named(message: str) -> str:
    if not message.startswith("{"):
        return ""
    try:
        found = json.loads(message)
    except ValueError:
        return ""
    return str(found.get("function") or "") if isinstance(found, dict) else ""


def _routed(path: str, nodes: Mapping[str, State]) -> str:
    path = path.partition("?")[0]
    for name, state in nodes.items():
        patterns = state.props.get("paths")
        listed = patterns if isinstance(patterns, list | tuple) else ()
        if path.startswith((f"/_fnctl/{name}/", f"/{name}")) or path == f"/_fnctl/{name}" or any(re.match(str(one), path) for one in listed):
            return name
    return ""

"""A live deployment at work: call a function as its trigger would, and read what is logged."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fnctl.adapter import Call, Cancel, LogLine, LogQuery, Reply
from fnctl.errors import CredentialsError, FnctlError
from fnctl.graph import Node, State
from fnctl_vercel import deployments, smoke, variables
from fnctl_vercel.client import Client
from fnctl_vercel.names import CRON_SECRET

QUEUES = "https://{region}.vercel-queue.com"
LONGEST = 1860.0
"""Seconds that a call may take: functions have half an hour at most."""
SILENCE = 3.0
"""Seconds without a line after which a look at the logs has seen all; the stream itself never ends."""
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
    raise FnctlError(message, code="FN942", help="call it with --method and --path, or with --event and one of its triggers")


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
        raise FnctlError(message, code="FN946", help="call it over http, or send a message to its queue")
    secret = variables.value(site.client, site.project, readable)
    return _ask(site, method, path, {"authorization": f"Bearer {secret}", "content-type": "application/json"}, body)


def _ask(site: Site, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
    url = site.address(site.live()) + path
    begun = time.monotonic()
    status, said, answer = site.client.ask(url, method, headers, body, timeout=LONGEST)
    if status in smoke.WANTS_LOGIN and (more := smoke.bypass(site.client, site.project, None)):
        status, said, answer = site.client.ask(url, method, {**headers, **more}, body, timeout=LONGEST)
    trouble = said.get("x-vercel-error", "")
    error = f"the function answered {status}{f' ({trouble})' if trouble else ''}" if status >= 500 else None
    return Reply(error is None, answer, status, error, (), round(time.monotonic() - begun, 3))


def _send(site: Site, node: Node, call: Call) -> Reply:
    """Send a message to the topic that starts the function; the answer is that Queues have taken it."""
    topic = next((str(topic) for key, topic in _map(node, "topics").items() if key.startswith(f"{call.event}/")), None)
    if topic is None:
        return _no(node, f"listens to no {call.event}")
    token = site.environ.get("VERCEL_QUEUE_TOKEN") or site.environ.get("VERCEL_OIDC_TOKEN")
    if not token:
        message = "Queues take messages from whoever has a token of the project, and there is none here"
        raise CredentialsError(message, help="vercel env pull writes VERCEL_OIDC_TOKEN into .env.local: set it; or send from a function")
    found = site.live()
    region = next(iter(found.get("regions") or ()), "iad1")
    base = site.environ.get("VERCEL_QUEUE_BASE_URL", QUEUES).format(region=region)
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "vqs-idempotency-key": str(uuid.uuid4())}
    headers["vqs-deployment-id"] = deployments.id_of(found)
    status, _, answer = site.client.ask(f"{base.rstrip('/')}/api/v3/topic/{quote(topic, safe='')}", "POST", headers, call.data or b"{}")
    return Reply(status < 300, answer, status, None if status < 300 else f"Queues answered {status}")


def logs(site: Site, nodes: Mapping[str, State], query: LogQuery) -> Iterator[LogLine]:
    """Yield lines of the live deployment's functions as they come; without `follow` until the stream has been silent for a while."""
    found = site.live()
    path = f"/v1/projects/{found.get('projectId') or site.project}/deployments/{deployments.id_of(found)}/runtime-logs"
    shown: set[str] = set()
    while True:
        for record in site.client.lines(path, idle=SILENCE, format="lines"):
            line = _line(record, nodes)
            key = str(record.get("rowId") or f"{line and line.time}{record.get('message')}")
            if line is not None and key not in shown and line.time >= query.since and (query.text is None or query.text in line.message):
                shown.add(key)
                yield line
            if query.cancel() is not Cancel.NO:
                return
        if not query.follow or query.cancel() is not Cancel.NO:
            return


def _line(record: Mapping[str, Any], nodes: Mapping[str, State]) -> LogLine | None:
    """Read one record; whose it is says our own line, else the path that was asked for."""
    message = str(record.get("message") or "").rstrip("\n")
    if record.get("source") not in SOURCES or not message:
        return None
    name = _named(message) or _routed(str(record.get("requestPath") or ""), nodes)
    if name not in nodes:
        return None
    return LogLine(name, float(record.get("timestampInMs") or time.time() * 1000) / 1000, message)


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

"""A deployed function at work: call it as its trigger would, and read what it logs."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fnctl.adapter import Call, LogLine, LogQuery, Reply
from fnctl.errors import CloudError
from fnctl.reaching import rest
from fnctl_aws.client import Client
from fnctl_aws.names import LIVE, SERVICE_TAG, STAGE_TAG
from fnctl_aws.payloads import Setting, best_route, http_event, trigger_event

POLL = 1.0
"""Seconds between two looks with `--follow`: five groups stay within what FilterLogEvents allows."""
LATE = 30.0
"""Seconds that a line may take from its own time until CloudWatch shows it."""
REMEMBERED = 10_000
"""Lines already shown that are remembered while following."""
REPORT = re.compile(r"([A-Z]\w*(?: [A-Z]\w*)*): (\S+)")
"""`Key: value` pairs of a REPORT line, in whatever order and with whatever space between them."""


def invoke(client: Client, service: str, stage: str, name: str, call: Call) -> Reply:
    """Call a function's live alias and wait for its answer."""
    payload = _payload(client, service, stage, name, call)
    answer = client.call("lambda", "invoke", FunctionName=name, Qualifier=LIVE, InvocationType="RequestResponse", LogType="Tail", Payload=payload)
    tail = base64.b64decode(answer.get("LogResult") or "").decode(errors="replace")
    lines = tuple(line.rstrip() for line in tail.splitlines() if line.strip())
    body: bytes = answer.get("Payload") or b""
    seconds = report_seconds(lines)
    if answer.get("FunctionError"):
        return Reply(False, body, error=failure(body), logs=lines, seconds=seconds)
    if call.method or call.path:
        return _http_reply(body, lines, seconds)
    refused = _refused(body) if call.event else None
    return Reply(refused is None, body, error=refused, logs=lines, seconds=seconds)


def _payload(client: Client, service: str, stage: str, name: str, call: Call) -> bytes:
    setting = Setting(service, stage, client.region, client.account, client.partition, str(uuid.uuid4()), time.time())
    if call.method or call.path:
        method, path = (call.method or "GET").upper(), call.path or "/"
        route = best_route(_routes(client, service, stage, name), method, path)
        return json.dumps(http_event(method, path, call.data, route, setting)).encode()
    if call.event:
        return json.dumps(trigger_event(call.event, call.data, setting)).encode()
    return call.data or b"{}"


def _routes(client: Client, service: str, stage: str, name: str) -> Iterator[str]:
    """Yield the routes of the service's HTTP API that lead to a function; none where it has its own URL."""
    for api in client.pages("apigatewayv2", "get_apis", "Items"):
        tags = api.get("Tags") or {}
        if (tags.get(SERVICE_TAG), tags.get(STAGE_TAG)) != (service, stage):
            continue
        ends = (f":function:{name}:{LIVE}", f":function:{name}:{LIVE}/invocations")
        found = client.pages("apigatewayv2", "get_integrations", "Items", ApiId=api["ApiId"])
        targets = {f"integrations/{item['IntegrationId']}" for item in found if str(item.get("IntegrationUri")).endswith(ends)}
        routes = client.pages("apigatewayv2", "get_routes", "Items", ApiId=api["ApiId"])
        yield from (item["RouteKey"] for item in routes if item.get("Target") in targets)


def _refused(body: bytes) -> str | None:
    """Say that messages failed: a batch handler answers so instead of raising, and Lambda would deliver them again."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    failed = told.get("batchItemFailures") if isinstance(told, dict) else None
    return f"the function could not handle {len(failed)} of the messages; its logs say why" if failed else None


def _http_reply(body: bytes, lines: tuple[str, ...], seconds: float | None) -> Reply:
    """Read an answer as API Gateway does: an object with `statusCode`, or any other JSON as the body of a 200."""
    try:
        answer = json.loads(body)
    except ValueError:
        return Reply(True, body, 200, logs=lines, seconds=seconds)
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Reply(True, body, 200, logs=lines, seconds=seconds)
    content = str(answer.get("body") or "")
    raw = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
    status = int(answer["statusCode"])
    error = f"the function answered {status}" if status >= 500 else None
    return Reply(status < 500, raw, status, error, lines, seconds)


def failure(body: bytes) -> str:
    """Put a function's error into words: its type, its message, its stack."""
    try:
        told = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
    if not isinstance(told, dict):
        return str(told)
    head = ": ".join(str(told[key]) for key in ("errorType", "errorMessage") if told.get(key)) or "the function failed"
    stack = told.get("stackTrace") or told.get("trace") or []
    return "\n".join([head, *(str(line).rstrip() for line in (stack if isinstance(stack, list) else [stack]))])


def report_seconds(lines: Iterable[str]) -> float | None:
    """Read Lambda's own figure: `Duration` of the REPORT line, or of the `platform.report` record in JSON logs."""
    for line in lines:
        if line.startswith("REPORT "):
            duration = dict(REPORT.findall(line.removeprefix("REPORT "))).get("Duration")
            return float(duration) / 1000 if duration else None
        if '"platform.report"' in line:
            return _json_seconds(line)
    return None


def _json_seconds(line: str) -> float | None:
    try:
        return float(json.loads(line)["record"]["metrics"]["durationMs"]) / 1000
    except (ValueError, KeyError, TypeError):
        return None


def logs(client: Client, groups: Mapping[str, str], query: LogQuery) -> Iterator[LogLine]:
    """Yield the lines of several log groups in order of time; `groups` maps the function's name to its group.

    Following looks again every second, a little into the past, because lines do not arrive in order; nothing is shown twice.
    """
    shown: OrderedDict[str, None] = OrderedDict()
    since = query.since
    while True:
        fresh = [(line, key) for line, key in _read(client, groups, since, query.text) if key not in shown]
        for line, key in sorted(fresh, key=lambda pair: pair[0].time):
            shown[key] = None
            yield line
        while len(shown) > REMEMBERED:
            shown.popitem(last=False)
        if not query.follow or not rest(query, POLL):
            return
        since = max(since, time.time() - LATE)


def _read(client: Client, groups: Mapping[str, str], since: float, text: str | None) -> Iterator[tuple[LogLine, str]]:
    for function, group in groups.items():
        asked: dict[str, Any] = {"logGroupName": group, "startTime": int(since * 1000)}
        unnamed: Counter[str] = Counter()
        try:
            for event in client.pages("logs", "filter_log_events", "events", **asked):
                message = str(event["message"]).rstrip("\n")
                if text is None or text in message:
                    yield LogLine(function, event["timestamp"] / 1000, message), f"{group}/{event.get('eventId') or _key(event, unnamed)}"
        except CloudError as error:
            if error.reason != "ResourceNotFoundException":  # a function that never ran has no group yet
                raise


def _key(event: Mapping[str, Any], seen: Counter[str]) -> str:
    """Name an event of a stand-in that gives no ids: the same words at the same time are counted."""
    key = f"{event.get('logStreamName')}/{event['timestamp']}/{event['message']}"
    seen[key] += 1
    return f"{key}/{seen[key]}"

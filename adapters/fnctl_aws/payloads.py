"""Events as AWS itself would hand them to a function, for `fnctl invoke`. Pure: what is new in each of them comes in as an argument."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from fnctl.errors import UsageError

PARAMETER = re.compile(r"\{([^{}+]+)(\+?)\}")


@dataclass(frozen=True)
class Setting:
    """What an event tells about where and when it happened. `id` is a new UUID."""

    service: str
    stage: str
    region: str
    account: str
    partition: str
    id: str
    now: float

    @property
    def time(self) -> str:
        """RFC 3339 in UTC, whole seconds."""
        return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def arn(self, service: str, name: str) -> str:
        """An ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{name}"


def http_event(method: str, path: str, body: bytes, route: str, setting: Setting) -> dict[str, Any]:
    """Build a payload of format 2.0, as the route `GET /orders/{id}` (or `$default`) would send it. Absent keys are left out."""
    parts, text = urlsplit(path), _text(body)
    raw = parts.path if parts.path.startswith("/") else f"/{parts.path}"
    headers = {"host": "fnctl.invoke", "user-agent": "fnctl", "x-forwarded-proto": "https", "accept": "*/*"}
    if body:
        headers |= {"content-length": str(len(body)), "content-type": "application/json" if _json(body) else "application/octet-stream"}
    event: dict[str, Any] = {"version": "2.0", "routeKey": route, "rawPath": quote(raw, safe="/%:@!$&'()*+,;=~"), "rawQueryString": parts.query}
    event |= {"headers": headers, "requestContext": _context(method, raw, route, setting), "isBase64Encoded": text is None}
    if query := _joined(parse_qsl(parts.query, keep_blank_values=True)):
        event["queryStringParameters"] = query
    if found := route_parameters(route, raw):
        event["pathParameters"] = found
    if body:
        event["body"] = base64.b64encode(body).decode() if text is None else text
    return event


def _context(method: str, path: str, route: str, setting: Setting) -> dict[str, Any]:
    return {
        "accountId": setting.account,
        "apiId": "fnctl",
        "domainName": "fnctl.invoke",
        "domainPrefix": "fnctl",
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "fnctl"},
        "requestId": setting.id,
        "routeKey": route,
        "stage": "$default",
        "time": datetime.fromtimestamp(setting.now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(setting.now * 1000),
    }


def best_route(routes: Iterable[str], method: str, path: str) -> str:
    """Choose as API Gateway does: a full match before `{proxy+}`, the method before ANY, `$default` last."""

    def rank(route: str) -> tuple[bool, int, bool]:
        verb, _, template = route.partition(" ")
        return ("+}" in template, -len(PARAMETER.sub("", template)), verb == "ANY")

    matching = [route for route in routes if route.partition(" ")[0] in (method, "ANY") and _match(route, path) is not None]
    return min(matching, key=rank, default="$default")


def route_parameters(route: str, path: str) -> dict[str, str]:
    """Return the values of a route's `{name}` and `{name+}` parts in a path."""
    found = _match(route, path)
    return {name: unquote(value) for name, value in (found or {}).items()}


def _match(route: str, path: str) -> dict[str, str] | None:
    names: list[str] = []

    def part(found: re.Match[str]) -> str:
        names.append(found[1])
        return "(.+)" if found[2] else "([^/]+)"

    template = route.partition(" ")[2]
    pieces, at = "", 0
    for found in PARAMETER.finditer(template):
        pieces += re.escape(template[at : found.start()]) + part(found)
        at = found.end()
    matched = re.fullmatch(pieces + re.escape(template[at:]), urlsplit(path).path) if template else None
    return dict(zip(names, matched.groups(), strict=True)) if matched else None


def trigger_event(kind: str, data: bytes, setting: Setting) -> dict[str, Any]:
    """Wrap data as the platform's event of a trigger kind. Data that already is such an event is passed as it is.

    Raises:
        UsageError: there is no such kind.
    """
    own = _json(data)
    if isinstance(own, dict) and isinstance(own.get("Records"), list):
        return own
    if kind not in SHAPES:
        message = f"no trigger kind is called '{kind}'"
        raise UsageError(message, help=f"one of {', '.join(sorted(SHAPES))}; an HTTP request is --method and --path")
    return SHAPES[kind](data, setting)


def _queue(data: bytes, setting: Setting) -> dict[str, Any]:
    millis, body = str(int(setting.now * 1000)), data.decode(errors="replace")
    record: dict[str, Any] = {
        "messageId": setting.id,
        "receiptHandle": setting.id,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": millis,
            "SenderId": setting.account,
            "ApproximateFirstReceiveTimestamp": millis,
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": setting.arn("sqs", "fnctl-invoke"),
        "awsRegion": setting.region,
    }
    return {"Records": [record]}


def _schedule(data: bytes, setting: Setting) -> dict[str, Any]:
    facts: dict[str, Any] = {"schedule": "invoke", "time": setting.time, "id": setting.id}
    return {"fnctl": {**facts, "input": _json(data)} if data else facts}


def _topic(data: bytes, setting: Setting) -> dict[str, Any]:
    arn = setting.arn("sns", "fnctl-invoke")
    message = {"Type": "Notification", "MessageId": setting.id, "TopicArn": arn, "Message": data.decode(errors="replace"), "Timestamp": setting.time}
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{arn}:{setting.id}", "Sns": message}]}


def _bucket(data: bytes, setting: Setting) -> dict[str, Any]:
    said = _json(data)
    facts: Mapping[str, Any] = said if isinstance(said, dict) else {"key": data.decode(errors="replace")}
    bucket = str(facts.get("bucket", "fnctl-invoke"))
    item = {"key": quote_plus(str(facts.get("key", ""))), "size": facts.get("size", 0), "eTag": "", "sequencer": setting.id.replace("-", "")[:16]}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": setting.region,
        "eventTime": setting.time,
        "eventName": str(facts.get("event", "ObjectCreated:Put")),
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": f"arn:{setting.partition}:s3:::{bucket}"}, "object": item},
    }
    return {"Records": [record]}


def _table(data: bytes, setting: Setting) -> dict[str, Any]:
    change = {"SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": int(setting.now), "NewImage": _json(data)}
    record = {
        "eventID": setting.id,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": setting.region,
        "eventSourceARN": setting.arn("dynamodb", "table/fnctl-invoke/stream/0"),
        "dynamodb": change,
    }
    return {"Records": [record]}


def _stream(data: bytes, setting: Setting) -> dict[str, Any]:
    record = {
        "kinesis": {
            "partitionKey": "invoke",
            "sequenceNumber": "1",
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": setting.now,
            "kinesisSchemaVersion": "1.0",
        },
        "eventSource": "aws:kinesis",
        "eventID": f"shardId-000000000000:{setting.id}",
        "eventName": "aws:kinesis:record",
        "awsRegion": setting.region,
        "eventSourceARN": setting.arn("kinesis", "stream/fnctl-invoke"),
    }
    return {"Records": [record]}


def _bus(data: bytes, setting: Setting) -> dict[str, Any]:
    detail = _json(data)
    return {
        "version": "0",
        "id": setting.id,
        "detail-type": "fnctl.invoke",
        "source": f"fnctl/{setting.service}",
        "account": setting.account,
        "time": setting.time,
        "region": setting.region,
        "resources": [],
        "detail": detail if isinstance(detail, dict) else {"data": detail},
    }


SHAPES: Mapping[str, Callable[[bytes, Setting], dict[str, Any]]] = {
    "queue": _queue,
    "schedule": _schedule,
    "topic": _topic,
    "bucket": _bucket,
    "table": _table,
    "stream": _stream,
    "bus": _bus,
}


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined

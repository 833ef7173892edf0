from __future__ import annotations

import json
from typing import Any

import pytest

from fnctl.errors import UsageError
from fnctl_aws.payloads import Setting, best_route, http_event, route_parameters, trigger_event

SETTING = Setting("orders", "dev", "eu-west-1", "123456789012", "aws", "0f0e0d0c-0000-4000-8000-000000000001", 1_795_478_666.5)
ROUTES = ["GET /orders", "GET /orders/{id}", "ANY /orders/{id}", "POST /orders", "ANY /{proxy+}", "GET /orders/new"]


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/orders", "GET /orders"),
        ("GET", "/orders?page=2", "GET /orders"),
        ("GET", "/orders/7", "GET /orders/{id}"),
        ("DELETE", "/orders/7", "ANY /orders/{id}"),
        ("GET", "/orders/new", "GET /orders/new"),
        ("GET", "/orders/7/lines", "ANY /{proxy+}"),
        ("DELETE", "/", "$default"),
    ],
)
def test_the_route_that_api_gateway_would_take(method: str, path: str, route: str) -> None:
    assert best_route(ROUTES, method, path) == route


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        ("GET /orders/{id}", "/orders/a%20b", {"id": "a b"}),
        ("ANY /{proxy+}", "/a/b", {"proxy": "a/b"}),
        ("GET /a.b/{x}/c/{y}", "/a.b/1/c/2", {"x": "1", "y": "2"}),
        ("GET /a.b/{x}", "/aXb/1", {}),
        ("$default", "/anything", {}),
    ],
)
def test_the_values_of_a_route(route: str, path: str, values: dict[str, str]) -> None:
    assert route_parameters(route, path) == values


def test_an_http_request_in_format_2() -> None:
    event = http_event("POST", "/orders/7?x=1&x=2&y=", b'{"a": 1}', "POST /orders/{id}", SETTING)
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "POST /orders/{id}"
    assert (event["rawPath"], event["rawQueryString"]) == ("/orders/7", "x=1&x=2&y=")
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert event["pathParameters"] == {"id": "7"}
    assert (event["body"], event["isBase64Encoded"]) == ('{"a": 1}', False)
    assert event["headers"]["content-type"] == "application/json"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["time"] == "24/Nov/2026:00:04:26 +0000"


def test_what_is_absent_is_left_out_and_bytes_are_base64() -> None:
    empty = http_event("GET", "orders", b"", "$default", SETTING)
    assert not {"queryStringParameters", "pathParameters", "body"} & set(empty)
    assert empty["rawPath"] == "/orders"
    binary = http_event("POST", "/", b"\xff\x00", "$default", SETTING)
    assert (binary["body"], binary["isBase64Encoded"]) == ("/wA=", True)


@pytest.mark.parametrize("kind", ["queue", "topic", "bucket", "table", "stream"])
def test_records_say_where_they_come_from(kind: str) -> None:
    records = trigger_event(kind, b'{"a": 1}', SETTING)["Records"]
    sources = {"queue": "aws:sqs", "topic": "aws:sns", "bucket": "aws:s3", "table": "aws:dynamodb", "stream": "aws:kinesis"}
    assert len(records) == 1
    assert (records[0].get("eventSource") or records[0].get("EventSource")) == sources[kind]


def test_a_queue_message_is_the_text_as_it_came() -> None:
    record = trigger_event("queue", b'{"a": 1}', SETTING)["Records"][0]
    assert record["body"] == '{"a": 1}'
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:123456789012:fnctl-invoke"
    assert set(record["attributes"].values()) >= {"1", "1795478666500"}, "attribute values are strings"


def test_a_schedule_looks_like_the_one_that_is_deployed() -> None:
    from fnctl.manifest.model import Trigger
    from fnctl_aws.translate.schedule import payload

    deployed: dict[str, Any] = json.loads(payload(Trigger("schedule", "0123abcd", None, {"input": {"a": 1}}, ())))
    called = trigger_event("schedule", b'{"a": 1}', SETTING)
    assert called["fnctl"].keys() == deployed["fnctl"].keys()
    assert called["fnctl"]["input"] == deployed["fnctl"]["input"]


@pytest.mark.parametrize(("data", "key"), [(b'{"bucket": "b", "key": "a b/c.jpg"}', "a+b%2Fc.jpg"), (b"plain.txt", "plain.txt")])
def test_object_keys_are_quoted_as_s3_does(data: bytes, key: str) -> None:
    assert trigger_event("bucket", data, SETTING)["Records"][0]["s3"]["object"]["key"] == key


def test_an_event_that_is_one_already_is_passed_on() -> None:
    own = {"Records": [{"messageId": "1"}]}
    assert trigger_event("queue", json.dumps(own).encode(), SETTING) == own


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="'nope'") as caught:
        trigger_event("nope", b"", SETTING)
    assert "queue" in str(caught.value.diagnostics[0].help)

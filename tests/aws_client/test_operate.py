from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable

import pytest

from aws_client.stub import IDENTITY, Answer, Request, refusal, running, script
from fnctl.adapter import Call, Cancel, LogQuery, Reply
from fnctl_aws import operate
from fnctl_aws.client import Client

Open = Callable[..., Client]
REPORT = (
    "REPORT RequestId: 0f0e0d0c-0000-4000-8000-000000000001\tDuration: 757.75 ms\tBilled Duration: 1779 ms\tMemory Size: 512 MB\t"
    "Max Memory Used: 90 MB\tInit Duration: 1021.17 ms\tXRAY TraceId: 1-2\tSegmentId: 3\tSampled: true\t"
)


def called(payload: bytes, *, error: str | None = None, tail: str = "") -> Answer:
    headers = {"X-Amz-Log-Result": base64.b64encode(tail.encode()).decode()} | ({"X-Amz-Function-Error": error} if error else {})
    return Answer(body=payload, headers=headers)


def invoke(open_client: Open, answer: Answer, call: Call) -> tuple[Reply, Request]:
    def serve(request: Request) -> Answer:
        if b"GetCallerIdentity" in request.body:
            return IDENTITY
        return Answer(body=b'{"Items": []}') if request.path.startswith("/v2/apis") else answer

    with running(serve) as stub:
        reply = operate.invoke(open_client(stub.url), "orders", "dev", "orders-dev-api", call)
    return reply, stub.seen[-1]


def test_data_goes_to_the_live_alias_as_it_is(open_client: Open) -> None:
    reply, sent = invoke(open_client, called(b'{"b": 2}', tail=f"START\nhello\nEND\n{REPORT}\n"), Call("api", b'{"a": 1}'))
    assert reply == Reply(True, b'{"b": 2}', logs=("START", "hello", "END", REPORT.rstrip()), seconds=0.75775)
    assert sent.path == "/2015-03-31/functions/orders-dev-api/invocations?Qualifier=live"
    assert sent.body == b'{"a": 1}'
    assert sent.headers["x-amz-log-type"] == "Tail"


def test_a_failed_function_says_type_message_and_stack(open_client: Open) -> None:
    told = {"errorType": "ValueError", "errorMessage": "bad thing", "requestId": "r", "stackTrace": ["  File a, line 1\n    boom\n"]}
    reply, _ = invoke(open_client, called(json.dumps(told).encode(), error="Unhandled"), Call("api"))
    assert (reply.ok, reply.error) == (False, "ValueError: bad thing\n  File a, line 1\n    boom")


@pytest.mark.parametrize(
    ("payload", "status", "body", "ok"),
    [
        (b'{"statusCode": 201, "body": "hi"}', 201, b"hi", True),
        (b'{"statusCode": 200, "body": "/wA=", "isBase64Encoded": true}', 200, b"\xff\x00", True),
        (b'{"statusCode": 503, "body": "no"}', 503, b"no", False),
        (b'{"any": "thing"}', 200, b'{"any": "thing"}', True),
        (b'"text"', 200, b'"text"', True),
    ],
)
def test_http_answers_as_api_gateway_reads_them(open_client: Open, payload: bytes, status: int, body: bytes, ok: bool) -> None:
    reply, sent = invoke(open_client, called(payload), Call("api", path="/orders/7", method="get"))
    assert (reply.status, reply.body, reply.ok) == (status, body, ok)
    event = json.loads(sent.body)
    assert (event["requestContext"]["http"]["method"], event["rawPath"], event["routeKey"]) == ("GET", "/orders/7", "$default")


def test_a_refused_message_is_a_failure(open_client: Open) -> None:
    kept = called(b'{"batchItemFailures": []}')
    assert invoke(open_client, kept, Call("api", b"{}", event="queue"))[0].ok
    refused = called(b'{"batchItemFailures": [{"itemIdentifier": "m-1"}]}')
    reply, _ = invoke(open_client, refused, Call("api", b"{}", event="queue"))
    assert (reply.ok, reply.error) == (False, "the function could not handle 1 of the messages; its logs say why")


def test_an_event_is_wrapped(open_client: Open) -> None:
    _, sent = invoke(open_client, called(b"null"), Call("api", b"hey", event="queue"))
    assert json.loads(sent.body)["Records"][0]["body"] == "hey"


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([REPORT], 0.75775),
        (["REPORT RequestId: x  Duration: 3.5 ms  Billed Duration: 4 ms  Memory Size: 128 MB"], 0.0035),
        (["REPORT Status: timeout\tMemory Size: 128 MB\tBilled Duration: 4 ms\tDuration: 3.5 ms\tRequestId: x"], 0.0035),
        (['{"time":"t","type":"platform.report","record":{"requestId":"x","metrics":{"durationMs":147.156,"billedDurationMs":201}}}'], 0.147156),
        (["START", "REPORT nothing here"], None),
        ([], None),
    ],
)
def test_the_platforms_own_duration(lines: list[str], seconds: float | None) -> None:
    found = operate.report_seconds(lines)
    assert found == (pytest.approx(seconds) if seconds is not None else None)


def event(number: int, message: str, *, named: bool = True) -> dict[str, object]:
    ids = {"eventId": f"e{number}"} if named else {}
    return {"timestamp": 1_000_000 + number, "message": f"{message}\n", "logStreamName": "s", **ids}


def page(*events: dict[str, object], token: str | None = None) -> bytes:
    return json.dumps({"events": events, **({"nextToken": token} if token else {})}).encode()


def test_groups_are_merged_by_time_over_all_pages(open_client: Open) -> None:
    pages = {
        ("/aws/lambda/a", None): page(event(1, "one"), event(4, "four"), token="t"),
        ("/aws/lambda/a", "t"): page(event(6, "six")),
        ("/aws/lambda/b", None): page(event(3, "three"), event(5, "five")),
    }

    def serve(request: Request) -> Answer:
        asked = json.loads(request.body)
        if asked["logGroupName"] == "/aws/lambda/never-ran":
            return refusal("ResourceNotFoundException", "The specified log group does not exist.")
        return Answer(body=pages[asked["logGroupName"], asked.get("nextToken")])

    groups = {"a": "/aws/lambda/a", "b": "/aws/lambda/b", "c": "/aws/lambda/never-ran"}
    with running(serve) as stub:
        client = open_client(stub.url)
        lines = list(operate.logs(client, groups, LogQuery(since=1000.0)))
        only = list(operate.logs(client, groups, LogQuery(since=1000.0, text="i")))
    assert [(line.function, line.message) for line in lines] == [("a", "one"), ("b", "three"), ("a", "four"), ("b", "five"), ("a", "six")]
    assert [line.message for line in only] == ["five", "six"]
    assert lines[0].time == 1000.001


@pytest.mark.parametrize("named", [True, False])
def test_following_shows_late_lines_and_nothing_twice(open_client: Open, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    monkeypatch.setattr(operate, "POLL", 0.1)
    looks = [page(event(2, "same", named=named)), page(event(1, "late", named=named), event(2, "same", named=named))]
    looks.append(page(event(1, "late", named=named), event(2, "same", named=named), event(3, "new", named=named)))
    with running(script(*(Answer(body=body) for body in looks))) as stub:
        late = time.monotonic() + 30
        enough = lambda: Cancel.FINISH if len(stub.seen) > 3 or time.monotonic() > late else Cancel.NO  # noqa: E731  # shorter than a function
        query = LogQuery(since=1.0, follow=True, cancel=enough)
        lines = [line.message for line in operate.logs(open_client(stub.url), {"a": "g"}, query)]
    assert lines == ["same", "late", "new"]
    assert len(stub.seen) > 3

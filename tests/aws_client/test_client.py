from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from aws_client.stub import IDENTITY, RESET, SILENCE, Answer, most_in_a_window, refusal, running, script, strict_door, xml_refusal
from fnctl.adapter import Cancel, Run
from fnctl.errors import CloudError, CredentialsError, Exit, FnctlError, Unreachable
from fnctl.events import Event
from fnctl_aws.client import Client
from fnctl_aws.pace import Pace

Open = Callable[..., Client]
FINE = Answer(body=b'{"FunctionName": "f"}')
CREATE: dict[str, Any] = {
    "FunctionName": "f",
    "Runtime": "python3.13",
    "Role": "arn:aws:iam::123456789012:role/r",
    "Handler": "h.h",
    "Code": {"ZipFile": b"x"},
}
ROLE = refusal("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")


JITTERED = 0.8
"""Seconds of the door's window: calls that leave 67 ms apart arrive unevenly when the machine is busy; an unpaced client is refused all the same."""


def test_sixteen_threads_never_meet_lambdas_quota(open_client: Open) -> None:
    with running(strict_door(15, JITTERED)) as stub, ThreadPoolExecutor(16) as threads:
        client = open_client(stub.url)
        client.find("lambda", "get_function", FunctionName="warm")  # a bucket of its own
        time.sleep(1.0)
        stub.seen.clear()
        for made in [threads.submit(client.call, "lambda", "create_function", **CREATE) for _ in range(50)]:
            made.result()
    assert len(stub.seen) == 50, "a throttled call would have been sent again"
    assert most_in_a_window([request.at for request in stub.seen], JITTERED) <= 15


def test_one_throttle_is_waited_out_and_slows_the_pace(open_client: Open) -> None:
    with running(script(refusal("TooManyRequestsException", "Rate exceeded", 429), FINE)) as stub:
        pace = Pace()
        open_client(stub.url, pace=pace).call("lambda", "get_policy", FunctionName="f")
        bucket = pace.bucket("lambda", "get_policy")
    assert len(stub.seen) == 2
    assert bucket is not None
    assert bucket.rate < bucket.full_rate


def test_a_role_that_is_not_there_yet_is_asked_for_again(open_client: Open, run: Run) -> None:
    with running(script(ROLE, ROLE, FINE)) as stub:
        assert open_client(stub.url).call("lambda", "create_function", run, **CREATE)["FunctionName"] == "f"
    gaps = [later.at - earlier.at for earlier, later in zip(stub.seen, stub.seen[1:], strict=False)]
    assert [gap >= least for gap, least in zip(gaps, (0.25, 0.5), strict=True)] == [True, True]


def test_long_waiting_is_told_once_and_ends_with_the_run(open_client: Open, told: list[Event], run: Run) -> None:
    from dataclasses import replace

    hurried = replace(run, deadline=time.monotonic() + 6)
    with running(script(ROLE)) as stub, pytest.raises(CloudError, match="cannot be assumed") as caught:
        open_client(stub.url).call("lambda", "create_function", hurried, **CREATE)
    assert caught.value.reason == "InvalidParameterValueException"
    assert [event.type for event in told] == ["log"]
    assert "cannot be assumed" in str(told[0].data["message"])


def test_stopping_ends_the_waiting(open_client: Open, run: Run) -> None:
    from dataclasses import replace

    stopped = replace(run, cancel=lambda: Cancel.NOW)
    with running(script(ROLE)) as stub, pytest.raises(CloudError):
        open_client(stub.url).call("lambda", "create_function", stopped, **CREATE)
    assert len(stub.seen) == 1


def test_closing_wakes_who_waits(open_client: Open) -> None:
    with running(script(refusal("OperationAbortedException", "busy"))) as stub:
        client = open_client(stub.url)
        threading.Timer(0.3, client.close).start()
        began = time.monotonic()
        with pytest.raises(CloudError):
            client.call("logs", "create_log_group", logGroupName="g")
        assert time.monotonic() - began < 3


def test_what_nobody_knows_fails_at_once_in_awss_words(open_client: Open) -> None:
    with running(script(refusal("InvalidParameterValueException", "Runtime nope is not supported."))) as stub, pytest.raises(CloudError) as caught:
        open_client(stub.url).call("lambda", "create_function", **CREATE)
    assert len(stub.seen) == 1
    assert str(caught.value) == "lambda:CreateFunction failed: Runtime nope is not supported"
    assert caught.value.reason == "InvalidParameterValueException"
    assert caught.value.unknown is False


def test_a_lost_connection_is_tried_again_where_that_is_safe(open_client: Open) -> None:
    with running(script(RESET, FINE)) as stub:
        assert open_client(stub.url).call("lambda", "create_function", **CREATE)["FunctionName"] == "f"
    assert len(stub.seen) == 2


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("apigatewayv2", "create_api", {"Name": "a", "ProtocolType": "HTTP"}),
        ("lambda", "publish_version", {"FunctionName": "f"}),
        ("lambda", "create_event_source_mapping", {"FunctionName": "f", "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q"}),
        ("lambda", "invoke", {"FunctionName": "f"}),
        ("s3", "put_object", {"Bucket": "some-bucket", "Key": "k", "Body": b"x", "IfNoneMatch": "*"}),
    ],
)
def test_a_lost_answer_is_unknown_where_a_repeat_could_do_it_twice(open_client: Open, service: str, operation: str, params: dict[str, Any]) -> None:
    with running(script(RESET)) as stub, pytest.raises(CloudError, match="was lost") as caught:
        open_client(stub.url).call(service, operation, **params)
    assert caught.value.unknown
    assert len(stub.seen) == 1


def test_an_internal_error_of_a_create_is_unknown_too(open_client: Open) -> None:
    with running(script(refusal("InternalFailure", "oops", 500))) as stub, pytest.raises(CloudError) as caught:
        open_client(stub.url).call("apigatewayv2", "create_api", Name="a", ProtocolType="HTTP")
    assert caught.value.unknown
    assert len(stub.seen) == 1


def test_silence_is_unknown(open_client: Open) -> None:
    with running(script(SILENCE)) as stub, pytest.raises(CloudError, match="was lost") as caught:
        open_client(stub.url, read_timeout=0.4).call("apigatewayv2", "create_api", Name="a", ProtocolType="HTTP")
    assert caught.value.unknown
    assert not isinstance(caught.value, Unreachable)


def test_nobody_at_the_endpoint_is_named(open_client: Open) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match=f"nothing answers at http://127.0.0.1:{port}") as caught:
        open_client(f"http://127.0.0.1:{port}").call("iam", "get_role", RoleName="r")
    assert not caught.value.unknown
    assert caught.value.diagnostics[0].help
    assert time.monotonic() - began < 30, "it is tried again for a moment, not for as long as a platform is waited for"


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"])
def test_bad_credentials_are_exit_8_and_say_how_to_log_in(open_client: Open, code: str) -> None:
    words = "The security token AKIATESTTESTTESTTEST included in the request is expired. The Canonical String for this request: very-secret-key"
    with running(script(refusal(code, words, 403))) as stub, pytest.raises(CredentialsError) as caught:
        open_client(stub.url).call("lambda", "get_function", FunctionName="f")
    assert caught.value.exit is Exit.CREDENTIALS
    assert "aws sso login" in str(caught.value.diagnostics[0].help)
    assert "AKIA" not in str(caught.value) + str(caught.value.diagnostics)
    assert "very-secret-key" not in str(caught.value) + str(caught.value.diagnostics)
    assert len(stub.seen) == 1


def test_one_denied_action_is_named_and_is_not_about_credentials(open_client: Open) -> None:
    answer = xml_refusal("AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: iam:CreateRole", 403)
    with running(script(answer)) as stub, pytest.raises(CloudError, match="iam:CreateRole is not allowed") as caught:
        open_client(stub.url).call("iam", "create_role", RoleName="r", AssumeRolePolicyDocument="{}")
    assert caught.value.exit is Exit.FINDINGS


def test_what_is_not_there_is_none_for_find_only(open_client: Open) -> None:
    with running(script(refusal("ResourceNotFoundException", "no", 404))) as stub:
        client = open_client(stub.url)
        assert client.find("lambda", "get_function", FunctionName="f") is None
        with pytest.raises(CloudError) as caught:
            client.call("lambda", "get_function", FunctionName="f")
    assert caught.value.reason == "ResourceNotFoundException"


def test_every_page_is_read_and_a_refused_one_is_tried_again(open_client: Open) -> None:
    first = Answer(body=b'{"Functions": [{"FunctionName": "a"}], "NextMarker": "m"}')
    second = Answer(body=b'{"Functions": [{"FunctionName": "b"}]}')
    with running(script(first, refusal("TooManyRequestsException", "Rate exceeded", 429), second)) as stub:
        names = [item["FunctionName"] for item in open_client(stub.url).pages("lambda", "list_functions", "Functions")]
    assert names == ["a", "b"]
    assert "Marker=m" in stub.seen[-1].path


def test_a_secret_in_awss_words_is_hidden(open_client: Open) -> None:
    answer = refusal("ValidationException", "1 validation error detected: Value 'hunter2!' at 'value' failed to satisfy constraint")
    with running(script(answer)) as stub, pytest.raises(CloudError) as caught:
        open_client(stub.url).call("ssm", "put_parameter", Name="/a", Value="hunter2!", Type="SecureString")
    assert "hunter2" not in str(caught.value) + str(caught.value.diagnostics)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_parameters_that_the_sdk_refuses_are_an_error_of_ours(open_client: Open) -> None:
    with running(script(FINE)) as stub, pytest.raises(CloudError, match="could not be sent"):
        open_client(stub.url).call("lambda", "create_function", FunctionName=3)
    assert stub.seen == []


def test_an_endpoint_that_is_not_aws_is_said(open_client: Open) -> None:
    page = Answer(body=b"<html><p>hello</html>", headers={"content-type": "text/html"})
    with running(script(page)) as stub, pytest.raises(FnctlError, match="not AWS's protocol"):
        open_client(stub.url).call("iam", "get_role", RoleName="r")


def test_a_file_is_sent_from_its_start_at_every_try(open_client: Open) -> None:
    with running(script(RESET, Answer(body=b"", headers={"ETag": '"e"'}))) as stub:
        open_client(stub.url).call("s3", "put_object", Bucket="some-bucket", Key="k", Body=io.BytesIO(b"all of it"))
    assert [b"all of it" in request.body for request in stub.seen] == [True, True]


def test_one_client_a_service_is_shared_by_all_threads(open_client: Open) -> None:
    with running(script(FINE)) as stub, ThreadPoolExecutor(8) as threads:
        client = open_client(stub.url)
        found = set(threads.map(lambda _: id(client._client("lambda", "get_function")), range(16)))  # pyright: ignore[reportPrivateUsage]
    assert len(found) == 1


def test_the_account_is_asked_once(open_client: Open) -> None:
    with running(script(IDENTITY)) as stub, ThreadPoolExecutor(4) as threads:
        client = open_client(stub.url)
        assert set(threads.map(lambda _: client.account, range(8))) == {"123456789012"}
    assert len(stub.seen) == 1


def test_wait_polls_densely_and_tells_after_three_seconds(open_client: Open, run: Run, told: list[Event]) -> None:
    asked: list[float] = []

    def done() -> str | None:
        asked.append(time.monotonic())
        return "ready" if asked[-1] - asked[0] > 3.5 else None

    client = open_client("http://127.0.0.1:9")
    assert client.wait("the table", done, run) == "ready"
    assert [event.data["message"] for event in told] == ["waiting for the table"]
    assert asked[1] - asked[0] < 0.5


@pytest.mark.parametrize(("limit", "reason"), [(0.6, "Timeout"), (60.0, "Interrupted")])
def test_wait_ends(open_client: Open, run: Run, limit: float, reason: str) -> None:
    from dataclasses import replace

    stops = replace(run, cancel=lambda: Cancel.NOW if reason == "Interrupted" else Cancel.NO)
    with pytest.raises(CloudError, match="the table") as caught:
        open_client("http://127.0.0.1:9").wait("the table", lambda: None, stops, limit=limit)
    assert caught.value.reason == reason

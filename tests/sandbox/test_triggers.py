"""What calls functions: queues, schedules, HTTP APIs and function URLs, on addresses that this machine resolves."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sandbox.account import Account, until

WEB = """
import base64, json
def handler(event, context):
    http, headers = event["requestContext"]["http"], event["headers"]
    if event["rawPath"] == "/moved":
        return {"statusCode": 302, "headers": {"location": f"{headers['x-forwarded-proto']}://{headers['host']}/here"}, "cookies": ["a=1", "b=2"]}
    body = event.get("body") or ""
    return {"statusCode": 201, "headers": {"content-type": "application/json", "x-own": "1"}, "body": json.dumps({
        "method": http["method"], "path": event["rawPath"], "query": event["rawQueryString"], "host": headers["host"], "headers": headers,
        "body": base64.b64decode(body).decode("latin-1") if event["isBase64Encoded"] else body})}
"""


def front(account: Account, name: str, host: str) -> str:
    answer = httpx.put(f"{account.environ['FNCTL_SANDBOX_FRONT']}/fronts/{name}", json={"host": host})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def http_api(account: Account, function: str) -> str:
    apis = account.client("apigatewayv2")
    api = str(apis.create_api(Name=function, ProtocolType="HTTP")["ApiId"])
    target = apis.create_integration(ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0")
    apis.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{target['IntegrationId']}")
    apis.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api


def check_front(url: str) -> None:
    """An app behind the front cannot tell it from an address of its own."""
    answer = httpx.put(f"{url}/a/b%20c/?q=1&q=2&e=", content=b"\x00\xff", headers={"x-mine": "yes", "content-type": "application/octet-stream"})
    assert (answer.status_code, answer.headers["x-own"]) == (201, "1")
    seen = answer.json()
    assert (seen["method"], seen["path"]) == ("PUT", "/a/b c/")
    assert seen["query"] in ("q=1&q=2&e=", "q=1,2&e=")
    assert seen["body"] == "\x00\xff"
    assert seen["headers"]["x-mine"] == "yes"
    assert f"http://{seen['host']}" == url
    assert seen["headers"]["x-forwarded-proto"] == "http"
    moved = httpx.get(f"{url}/moved")
    assert (moved.status_code, moved.headers.get_list("set-cookie")) == (302, ["a=1", "b=2"])
    assert moved.headers["location"] == f"{url}/here"
    assert httpx.get(moved.headers["location"]).json()["path"] == "/here"
    assert httpx.head(url).status_code == 201
    assert httpx.get(f"{url}/_ministack/health").json()["path"] == "/_ministack/health", "no page of the emulator's own"
    streamed = httpx.post(url, content=iter([b"one ", b"two"]), headers={"content-type": "text/plain"})
    assert streamed.json()["body"] == "one two"


def test_an_http_api_answers_on_a_plain_loopback_url(account: Account) -> None:
    api = http_api(account, account.deploy("web", {"main.py": WEB}))
    url = front(account, "web-dev", f"{api}.execute-api.localhost:1")
    check_front(url)
    account.client("apigatewayv2").delete_api(ApiId=api)
    gone = httpx.get(url)
    assert gone.status_code == 503
    assert f"{api}.execute-api.localhost" in gone.text
    again = http_api(account, account.lambdas.get_function(FunctionName="web")["Configuration"]["FunctionArn"])
    assert front(account, "web-dev", f"{again}.execute-api.localhost") == url, "its address outlives the API"
    assert httpx.get(url).status_code == 201
    control = f"{account.environ['FNCTL_SANDBOX_FRONT']}/fronts"
    assert httpx.get(control).json()["web-dev"]["url"] == url
    assert httpx.delete(f"{control}/web-dev").status_code == 204
    assert httpx.get(url).status_code == 503


def test_a_function_url_answers_on_a_plain_loopback_url(account: Account) -> None:
    account.deploy("url", {"main.py": WEB})
    made = account.lambdas.create_function_url_config(FunctionName="url", AuthType="NONE")["FunctionUrl"]
    check_front(front(account, "url-dev", str(httpx.URL(made).host)))


def test_http_goes_to_the_version_behind_the_alias(account: Account) -> None:
    arn = account.deploy("aliased", {"main.py": "import os\ndef handler(e, c): return os.environ['AWS_LAMBDA_FUNCTION_VERSION']\n"})
    one = account.lambdas.publish_version(FunctionName="aliased")["Version"]
    account.lambdas.create_alias(FunctionName="aliased", Name="live", FunctionVersion=one)
    url = front(account, "aliased-dev", f"{http_api(account, arn + ':live')}.execute-api.localhost")
    assert httpx.get(url).text == "1"
    made = account.lambdas.create_function_url_config(FunctionName="aliased", Qualifier="live", AuthType="NONE")["FunctionUrl"]
    assert httpx.get(front(account, "aliased-url", str(httpx.URL(made).host))).text == "1"


def test_a_failed_function_tells_callers_nothing(account: Account) -> None:
    arn = account.deploy("secretive", {"main.py": "def handler(e, c): raise ValueError('my secret')\n"})
    answer = httpx.get(front(account, "secretive-dev", f"{http_api(account, arn)}.execute-api.localhost"))
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    made = account.lambdas.create_function_url_config(FunctionName="secretive", AuthType="NONE")["FunctionUrl"]
    answer = httpx.get(front(account, "secretive-url", str(httpx.URL(made).host)))
    assert answer.status_code == 502
    assert "secret" not in answer.text


STREAMS = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 203, headers: { "content-type": "text/plain" } });
  stream.write("one "); await new Promise((r) => setTimeout(r, 20)); stream.write("two"); stream.end();
});
"""


def test_a_streaming_function_arrives_whole(account: Account) -> None:
    account.deploy("streams", {"main.mjs": STREAMS}, "nodejs20.x")
    made = account.lambdas.create_function_url_config(FunctionName="streams", AuthType="NONE", InvokeMode="RESPONSE_STREAM")["FunctionUrl"]
    answer = httpx.get(front(account, "streams-url", str(httpx.URL(made).host)))
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (203, "text/plain", "one two")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"host": 1}'])
def test_a_front_without_a_host_is_refused(account: Account, body: bytes) -> None:
    assert httpx.put(f"{account.environ['FNCTL_SANDBOX_FRONT']}/fronts/x", content=body).status_code == 400


PICKY = """
import json
def handler(event, context):
    failed = [r["messageId"] for r in event["Records"] if json.loads(r["body"])["bad"]]
    for r in event["Records"]: print("saw", r["body"])
    return {"batchItemFailures": [{"itemIdentifier": i} for i in failed]}
"""


def test_a_queue_retries_only_what_failed_and_gives_up_into_its_dead_letters(account: Account) -> None:
    sqs = account.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    queue = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "1"})["QueueUrl"]
    account.deploy("picky", {"main.py": PICKY}, Timeout=1)
    version = account.lambdas.publish_version(FunctionName="picky")["Version"]
    account.lambdas.create_alias(FunctionName="picky", Name="live", FunctionVersion=version)
    account.lambdas.create_event_source_mapping(
        EventSourceArn=arn.replace(":dead", ":work"), FunctionName="picky:live", FunctionResponseTypes=["ReportBatchItemFailures"], BatchSize=10
    )
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": json.dumps({"bad": n == 1, "n": n})} for n in range(3)])
    letters = until(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"), 20)
    assert [json.loads(m["Body"]) for m in letters] == [{"bad": True, "n": 1}]
    seen = [json.loads(m[4:])["n"] for m in account.events("/aws/lambda/picky") if m.startswith("saw ")]
    assert sorted(seen) == [0, 1, 1, 2]
    assert any(m.startswith("START RequestId: ") and m.endswith(f"Version: {version}") for m in account.events("/aws/lambda/picky"))


def test_a_schedule_fires(account: Account) -> None:
    word = uuid.uuid4().hex
    arn = account.deploy("timed", {"main.py": "def handler(e, c): print('got', e)\n"})
    at = (datetime.now(UTC) + timedelta(seconds=1)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    target = {"Arn": arn, "RoleArn": account.role(), "Input": json.dumps({"word": word})}
    account.client("scheduler").create_schedule(Name="soon", ScheduleExpression=at, FlexibleTimeWindow={"Mode": "OFF"}, Target=target)
    until(lambda: any(word in m for m in account.events("/aws/lambda/timed")), 40)


def test_an_async_call_is_tried_three_times_and_then_sent_to_its_destination(account: Account) -> None:
    sqs = account.client("sqs")
    failed = sqs.create_queue(QueueName="failed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=failed, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.deploy("async", {"main.py": "def handler(e, c): raise ValueError('always')\n"})
    account.lambdas.publish_version(FunctionName="async")
    account.lambdas.create_alias(FunctionName="async", Name="live", FunctionVersion="1")
    destination = {"OnFailure": {"Destination": arn}}
    account.lambdas.put_function_event_invoke_config(FunctionName="async", Qualifier="live", MaximumRetryAttempts=1, DestinationConfig=destination)
    account.lambdas.invoke(FunctionName="async", Qualifier="live", InvocationType="Event", Payload=b'"lost"')
    (letter,) = until(lambda: sqs.receive_message(QueueUrl=failed).get("Messages"))
    assert json.loads(letter["Body"])["requestPayload"] == "lost"
    assert sum(m.startswith("START") for m in account.events("/aws/lambda/async")) == 2

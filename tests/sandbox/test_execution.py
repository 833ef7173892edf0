"""Functions that really run: what they see, how they fail, what their logs say."""

from __future__ import annotations

import concurrent.futures
import json
import re
import time
from pathlib import Path

import pytest

from fnctl_aws.sandbox import AwsSandbox
from sandbox.account import Account, archive, until

SEES = """
import os, pathlib, sys
def handler(event, context):
    return {"environ": dict(os.environ), "cwd": os.getcwd(), "path": sys.path, "home": os.listdir(pathlib.Path.home()),
            "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis()}
"""


def test_a_function_sees_the_sandbox_and_nothing_of_this_machine(account: Account, running: AwsSandbox) -> None:
    account.deploy("sees", {"main.py": SEES}, Environment={"Variables": {"OWN": "1", "AWS_ENDPOINT_URL": "https://lambda.amazonaws.com"}})
    seen = account.call("sees").value
    environ = seen["environ"]
    assert environ["AWS_ENDPOINT_URL"] == account.environ["AWS_ENDPOINT_URL"]
    assert (environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ["AWS_SESSION_TOKEN"]) == ("test", "test", "test")
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert environ["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environ["OWN"] == "1"
    assert environ["TZ"] == ":UTC"
    assert (environ["AWS_LAMBDA_FUNCTION_NAME"], environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], environ["_HANDLER"]) == ("sees", "128", "main.handler")
    assert seen["cwd"] == environ["LAMBDA_TASK_ROOT"]
    assert seen["home"] == []
    assert seen["arn"].startswith("arn:aws:lambda:eu-west-1:123456789012:function:sees")
    assert 0 < seen["left"] <= 10_000
    assert not any(word in json.dumps(environ) for word in ("canary-7f3a", "AKIAREAL", "real-secret"))
    assert not {"AWS_PROFILE", "FNCTL_CANARY", "VIRTUAL_ENV", "PIP_FIND_LINKS"} & set(environ)


def test_a_function_talks_to_the_sandbox_in_its_own_region(running: AwsSandbox) -> None:
    far = Account(running.start(lambda _sentence: None), "us-west-2")
    code = "import boto3\ndef handler(e, c):\n    return boto3.client('sqs').create_queue(QueueName='made-inside')['QueueUrl']\n"
    far.deploy("region", {"main.py": code})
    assert far.call("region").value in far.client("sqs").list_queues()["QueueUrls"]


NODE = """
export const handler = async (event, context) => {
  console.log("in node");
  return { got: event.x, id: context.awsRequestId, v: process.version };
};
"""


def test_node_runs_esm_with_aws_own_client(account: Account) -> None:
    account.deploy("node", {"main.mjs": NODE}, "nodejs20.x")
    reply = account.call("node", {"x": "ü"})
    assert reply.error is None
    assert reply.value["got"] == "ü"
    assert reply.value["v"].startswith("v")
    assert "in node" in reply.log
    assert f"START RequestId: {reply.value['id']} Version: $LATEST" in reply.log


NODE_FAILS = """
class Mine extends Error { constructor(m) { super(m); this.name = "Mine"; } }
export const handler = async (event) => {
  if (event === "crash") setTimeout(() => { throw new Mine("late"); }, 0), await new Promise((r) => setTimeout(r, 500));
  throw new Mine("mine");
};
"""


def test_node_errors_keep_their_type_and_the_next_call_works(account: Account) -> None:
    account.deploy("node-fails", {"main.mjs": NODE_FAILS}, "nodejs20.x")
    reply = account.call("node-fails", "throw")
    assert (reply.error, reply.value["errorType"], reply.value["errorMessage"]) == ("Unhandled", "Mine", "mine")
    assert "mine" in reply.log
    reply = account.call("node-fails", "crash")
    assert (reply.error, reply.value["errorMessage"]) == ("Unhandled", "late")
    assert account.call("node-fails", "throw").value["errorType"] == "Mine"


FAILS = """
import os, subprocess, sys, time
class Mine(Exception): pass
N = [0]
def handler(event, context):
    N[0] += 1
    print("call", N[0], flush=True)
    if event == "raise": raise Mine("no\\nway")
    if event == "sleep": subprocess.Popen(["sleep", "31.4159"]); time.sleep(30)
    if event == "exit": os._exit(7)
    if event == "big": return "x" * (6 * 1024 * 1024 + 200)
    return N[0]
"""


def test_errors_timeouts_and_crashes_are_lambdas(account: Account) -> None:
    account.deploy("fails", {"main.py": FAILS}, Timeout=1)
    raised = account.call("fails", "raise")
    assert (raised.error, raised.value["errorType"], raised.value["errorMessage"]) == ("Unhandled", "Mine", "no\nway")
    assert raised.value["stackTrace"]
    assert "[ERROR] Mine: no" in raised.log
    assert account.call("fails", "ok").value == 2, "an exception leaves the environment as it is"
    began = time.monotonic()
    late = account.call("fails", "sleep")
    assert 1 <= time.monotonic() - began < 5
    assert late.value["errorType"] == "Sandbox.Timedout"
    assert late.value["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert re.search(r"Task timed out after 1\.00 seconds", late.log)
    assert not _commands("31.4159"), "what it started went with it"
    assert account.call("fails", "ok").value == 1, "a fresh environment"
    crashed = account.call("fails", "exit")
    assert crashed.value["errorType"] == "Runtime.ExitError"
    assert crashed.value["errorMessage"].endswith("Runtime exited with error: exit status 7")
    assert account.call("fails", "ok").value == 1
    assert account.call("fails", "big").value["errorType"] == "Function.ResponseSizeTooLarge"


def _commands(word: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return [line for line in found if f"sleep {word}" in line]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"other.py": ""}, "Runtime.ImportModuleError"),
        ({"main.py": "x = 1"}, "Runtime.HandlerNotFound"),
        ({"main.py": "1 +"}, "Runtime.UserCodeSyntaxError"),
    ],
)
def test_a_handler_that_cannot_be_loaded_says_why(account: Account, files: dict[str, str], kind: str) -> None:
    name = f"unloadable-{kind.rpartition('.')[2]}"
    account.deploy(name, files)
    reply = account.call(name)
    assert (reply.error, reply.value["errorType"]) == ("Unhandled", kind)
    assert kind in reply.log


def test_logs_reach_cloudwatch_in_order_and_in_the_named_group(account: Account) -> None:
    code = "import logging\ndef handler(e, c):\n    print('first'); logging.getLogger().warning('second')\n"
    account.client("logs").create_log_group(logGroupName="/mine/api")
    account.deploy("logs", {"main.py": code}, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/mine/api"})
    account.deploy("plain", {"main.py": code})
    account.call("logs")
    account.call("plain")
    lines = account.events("/mine/api")
    kinds = [json.loads(line).get("type", json.loads(line).get("message")) for line in lines if line.startswith("{")]
    assert kinds == ["platform.start", "second", "platform.report"]
    assert "first" in lines
    text = account.events("/aws/lambda/plain")
    assert [t.split()[0] for t in text] == ["START", "first", "[WARNING]", "END", "REPORT"]
    assert re.search(
        r"Duration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms", text[-1]
    )


VERSIONED = """
import os
SEEN = []
def handler(event, context):
    SEEN.append(1)
    return ["%s", os.environ["V"], os.environ["AWS_LAMBDA_FUNCTION_VERSION"], len(SEEN)]
"""


def test_versions_and_aliases_keep_their_own_code_and_environment(account: Account) -> None:
    lambdas = account.lambdas
    account.deploy("versions", {"main.py": VERSIONED % "old"}, Environment={"Variables": {"V": "1"}})
    one = lambdas.publish_version(FunctionName="versions")["Version"]
    lambdas.create_alias(FunctionName="versions", Name="live", FunctionVersion=one)
    assert account.call("versions", qualifier="live").value == ["old", "1", "1", 1]
    lambdas.update_function_code(FunctionName="versions", ZipFile=archive({"main.py": VERSIONED % "new"}))
    with pytest.raises(lambdas.exceptions.ResourceConflictException, match="update is in progress"):
        lambdas.update_function_configuration(FunctionName="versions", Environment={"Variables": {"V": "2"}})
    account.settle("versions")
    lambdas.update_function_configuration(FunctionName="versions", Environment={"Variables": {"V": "2"}})
    account.settle("versions")
    two = lambdas.publish_version(FunctionName="versions")["Version"]
    assert account.call("versions").value == ["new", "2", "$LATEST", 1]
    assert account.call("versions", qualifier="live").value == ["old", "1", "1", 2], "the old environment is still warm"
    lambdas.update_alias(FunctionName="versions", Name="live", FunctionVersion=two)
    assert account.call("versions", qualifier="live").value == ["new", "2", "2", 1]


def test_layers_lie_over_one_another(account: Account) -> None:
    arns = [
        account.lambdas.publish_layer_version(LayerName=name, Content={"ZipFile": archive({f"python/{file}.py": f"FROM = '{name}'"})})[
            "LayerVersionArn"
        ]
        for name, file in (("lower", "shared"), ("upper", "shared"), ("other", "alone"))
    ]
    code = "import shared, alone\ndef handler(e, c): return [shared.FROM, alone.FROM]\n"
    account.deploy("layers", {"main.py": code}, Layers=arns)
    assert account.call("layers").value == ["upper", "other"]


def test_calls_run_side_by_side_up_to_the_reserved_number(account: Account) -> None:
    code = "import os, time\ndef handler(e, c):\n    time.sleep(0.4)\n    return os.getpid()\n"
    account.deploy("parallel", {"main.py": code})
    account.lambdas.publish_version(FunctionName="parallel")
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        pids = {r.value for r in threads.map(lambda _: account.call("parallel"), range(3))}
        assert len(pids) == 3
        assert account.call("parallel").value in pids
        account.lambdas.put_function_concurrency(FunctionName="parallel", ReservedConcurrentExecutions=1)
        calls = [threads.submit(account.call, "parallel", None, "1") for _ in range(2)]
        errors = [e for c in calls if (e := c.exception()) is not None]
    assert len(errors) == 1
    assert isinstance(errors[0], account.lambdas.exceptions.TooManyRequestsException)


LOOP = """
import boto3, json
CLIENT = boto3.client("lambda")
def handler(event, context):
    CLIENT.invoke(FunctionName="loop", InvocationType="Event", Payload=json.dumps(event + 1))
"""


def test_an_endless_loop_of_calls_is_stopped(account: Account) -> None:
    account.deploy("loop", {"main.py": LOOP})
    account.lambdas.put_function_event_invoke_config(FunctionName="loop", MaximumRetryAttempts=0)
    account.lambdas.invoke(FunctionName="loop", InvocationType="Event", Payload=b"0")
    until(lambda: any("RecursiveInvocationException" in m for m in account.events("/aws/lambda/loop")), 20)
    assert sum(m.startswith("START") for m in account.events("/aws/lambda/loop")) == 16


def test_a_role_that_is_not_there_is_refused(account: Account) -> None:
    with pytest.raises(account.lambdas.exceptions.InvalidParameterValueException, match="cannot be assumed by Lambda"):
        account.lambdas.create_function(
            FunctionName="nobody",
            Runtime="python3.11",
            Role="arn:aws:iam::123456789012:role/absent",
            Handler="main.handler",
            Code={"ZipFile": archive({"main.py": ""})},
        )

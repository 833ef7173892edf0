"""`idempotent` with real parts: AWS's own runtime clients, and the conditional writes of the sandbox's DynamoDB."""

from __future__ import annotations

import concurrent.futures
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fnctl.manifest.model import Resource
from runtime.lambdas import Lambda, node, python
from sandbox.account import Account, Reply, zipped

LANGUAGES = ("python", "node")
RUNTIMES = {"python": "python3.11", "node": "nodejs20.x"}
DONE = Resource("done", "table", {"key": "id", "ttl": "gone_at"})
PYTHON = """
import os, time

def handler(given, context=None):
    what = given.data if context is None else given
    print("RUN", what["order"], flush=True)
    if what.get("crash"):
        os._exit(3)
    if what.get("fail"):
        raise ValueError("on purpose")
    time.sleep(what.get("wait", 0))
    return {"order": what["order"], "at": time.time(), "run": context and context.key}
"""
NODE = """
import { writeSync } from "node:fs";
export async function handler(given, context) {
  const what = context.key ? given : given.data;
  writeSync(1, `RUN ${what.order}\\n`);
  if (what.crash) process.exit(3);
  if (what.fail) throw new Error("on purpose");
  await new Promise((resolve) => setTimeout(resolve, (what.wait ?? 0) * 1000));
  return { order: what.order, at: Date.now(), run: context.key ?? null };
}
"""


class Function:
    """One deployed function, and how often its handler ran."""

    def __init__(self, account: Account, name: str, made: Lambda, language: str) -> None:
        self.account, self.name, self.language = account, name, language
        variables = {"DONE_TABLE": "done"}
        settings: dict[str, Any] = {"Handler": made.shim.handler, "Timeout": 2, "Environment": {"Variables": variables}}
        account.create(name, zipped(made.folder), RUNTIMES[language], **settings)

    def call(self, event: object) -> Reply:
        return self.account.call(self.name, event)

    def step(self, order: str, **given: Any) -> Reply:
        """Call a task; the languages share a table, and keys must not meet."""
        order = f"{self.language}-{order}"
        about = {"run": "r", "step": "s", "key": order, "attempt": 0, "compensation": False}
        return self.call({"fnctl": about, "input": {"order": order, **given}})

    def runs(self, order: str) -> int:
        return sum(line.strip() == f"RUN {self.language}-{order}" for line in self.account.events(f"/aws/lambda/{self.name}"))


def made(language: str, folder: Path, interface: str, said: Mapping[str, Any]) -> Lambda:
    options: dict[str, Any] = {"idempotent": said, "triggers": (), "resources": {"done": DONE}, "timeout": 2}
    if language == "python":
        return python(folder, interface, {"src/app.py": PYTHON}, **options)
    return node(folder, interface, NODE, **options)


@pytest.fixture(scope="module")
def functions(account: Account, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Function]:
    attribute = {"AttributeName": "id", "AttributeType": "S"}
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    account.client("dynamodb").create_table(TableName="done", KeySchema=keys, AttributeDefinitions=[attribute], BillingMode="PAY_PER_REQUEST")
    said: dict[str, dict[str, Any]] = {"task": {"table": "done"}, "event": {"table": "done", "key": "= data.order", "ttl": 3}}
    return {
        (language, interface): Function(
            account, f"once-{language}-{interface}", made(language, tmp_path_factory.mktemp("built"), interface, words), language
        )
        for language in LANGUAGES
        for interface, words in said.items()
    }


def event(order: str, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"e-{time.time()}", "source": "/shop", "type": "t", "data": {"order": order, **data}}


def message(order: str, number: int, **data: Any) -> dict[str, Any]:
    body = json.dumps({"order": order, **data})
    return {"messageId": f"m-{number}", "body": body, "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:jobs"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_second_call_gets_the_first_answer(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "task"]
    first, second = (function.step("a") for _ in range(2))
    assert first.value["run"] == f"{language}-a"
    assert second.value == first.value
    assert function.runs("a") == 1
    assert function.step("b").value["at"] != first.value["at"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_calls_at_the_same_time_one_works_and_the_others_are_sent_away(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "task"]
    with concurrent.futures.ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda _: function.step("same", wait=1), range(6)))
    worked = [reply for reply in replies if reply.error is None]
    assert len(worked) >= 1
    assert all(reply.value["errorType"] == "InProgress" for reply in replies if reply.error)
    assert all(reply.value == worked[0].value for reply in worked)
    assert function.runs("same") == 1
    assert function.step("same").value == worked[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_failure_gives_the_claim_back(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "task"]
    failed = function.step("f", fail=True)
    assert failed.value["errorMessage"] == "on purpose"
    assert function.step("f").error is None
    assert function.runs("f") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crash_leaves_a_claim_that_runs_out(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "task"]
    began = time.monotonic()
    assert function.step("c", crash=True).value["errorType"] == "Runtime.ExitError"
    assert function.step("c").value["errorType"] == "InProgress"
    time.sleep(max(0.0, 3.3 - (time.monotonic() - began)))  # the timeout of two seconds, and one for clocks that differ
    assert function.step("c").error is None
    assert function.runs("c") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_may_be_in_the_data_and_is_forgotten_in_time(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "event"]
    began = time.monotonic()
    assert [function.call(event(f"{language}-d")).error for _ in range(2)] == [None, None]
    assert function.runs("d") == 1
    time.sleep(max(0.0, 4.2 - (time.monotonic() - began)))
    function.call(event(f"{language}-d"))
    assert function.runs("d") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_a_batch_what_was_done_is_done_and_what_has_no_key_fails_alone(functions: dict[tuple[str, str], Function], language: str) -> None:
    function = functions[language, "event"]
    lost = {**message("-", 4), "body": '{"other": 1}'}
    reply = function.call({"Records": [message(f"{language}-x", 1), message(f"{language}-x", 2), message(f"{language}-y", 3, fail=True), lost]})
    assert reply.value == {"batchItemFailures": [{"itemIdentifier": "m-3"}, {"itemIdentifier": "m-4"}]}
    assert (function.runs("x"), function.runs("y")) == (1, 1)
    assert "idempotent.key: there is no data.order in the event m-4" in reply.log


def test_the_items_expire_by_the_tables_own_attribute(functions: dict[tuple[str, str], Function], account: Account) -> None:
    functions["python", "task"].step("e")
    item = account.client("dynamodb").get_item(TableName="done", Key={"id": {"S": "orders/dev/sink#python-e"}})["Item"]
    assert set(item) == {"id", "owner", "answer", "gone_at"}
    assert 86_000 < int(item["gone_at"]["N"]) - time.time() < 86_401

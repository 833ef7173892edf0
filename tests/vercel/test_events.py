"""Messages, crons and steps on Vercel: who may start a function, what the platform is told, and where a message ends that nobody can take."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from vercel.conftest import Deploy, push
from vercel.output import Output
from vercel.queues import Queues

PYTHON = """
import logging, time

def handler(event):
    data = event.data if isinstance(event.data, dict) else {}
    logging.info("met", extra={"event": event.to_dict(), "attempt": event.attempt, "native": sorted(event.native)})
    time.sleep(data.get("sleep", 0))
    if data.get("poison"):
        raise ValueError("not this one")
    return {"echo": event.data}
"""
NODE = """
export async function handler(event) {
  console.info("met", { event, attempt: event.attempt, native: Object.keys(event.native).sort() });
  await new Promise((done) => setTimeout(done, (event.data?.sleep ?? 0) * 1000));
  if (event.data?.poison) throw new RangeError("not this one");
  return { echo: event.data };
}
"""
MANIFEST = """
resources:
  jobs: {{ type: queue, max_receives: 2 }}
  kept: {{ type: queue, dead_letter: false }}
  failed: {{ type: queue }}
  alerts: {{ type: topic }}
functions:
  worker:
    handler: {file}:handler
    runtime: {runtime}
    triggers:
      - queue: jobs
      - queue: kept
      - topic: alerts
      - schedule: {{ cron: "0 3 * * *", name: nightly }}
      - schedule: {{ cron: "0 3 * * *", name: berlin, timezone: Europe/Berlin }}
    retry: {{ max: 1 }}
    dead_letter: failed
"""
LANGUAGES = pytest.mark.parametrize("language", ["python", "node"])
SECRET = "correct-horse-battery"
CRON, DUE = "/_fnctl/worker/schedule/nightly", 1767409245  # 2026-01-03T03:00:45Z
BEARER = ("authorization", f"Bearer {SECRET}")


def served(deploy: Deploy, language: str, broker: Queues | None = None, **env: str) -> Output:
    runtime, file, text = ("python3.13", "src/worker.py", PYTHON) if language == "python" else ("nodejs22", "src/worker.ts", NODE)
    more = {**(broker.env if broker else {}), **env}
    return deploy(MANIFEST.format(runtime=runtime, file=file), {file: text}, more, None if "sleep" in more.pop("CLOCK", "") else DUE)


def met(output: Output, place: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait for the events that a handler met; fewer come back where fewer were met."""
    server, until = output.server(place), time.monotonic() + 1
    while time.monotonic() < until and sum(line["msg"] == "met" for line in server.logs()) < count:
        time.sleep(0.01)
    return [{**line["event"], "attempt": line["attempt"], "native": line["native"]} for line in server.logs() if line["msg"] == "met"]


def asked(broker: Queues) -> list[str]:
    return [f"{one.method} {one.path.removeprefix('/api/v3/topic/')}" for one in broker.asked]


def messages(output: Output, place: str) -> list[str]:
    """Wait for lines, the last of which may still be on their way."""
    server, until = output.server(place), time.monotonic() + 5
    while time.monotonic() < until and not server.logs():
        time.sleep(0.01)
    time.sleep(0.1)
    return [line["msg"] for line in server.logs()]


@LANGUAGES
def test_a_message_is_settled_when_it_is_done(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ce-correlationid": "c-9"}
    message = push(b'{"n": 1}', count=2, more=trace)
    assert output.send(**message).status == 200
    (event,) = met(output, message["function"])
    identity = "0b7c1d2e-0001-7aaa-8bbb-1c2d3e4f5a6b"
    wanted = {"id": identity, "source": "/shop/queue/jobs", "type": "fnctl.queue.message", "time": "2026-01-01T00:00:00.000Z", "data": {"n": 1}}
    assert event.items() >= {**wanted, "attempt": 2, "native": ["body", "headers"], "correlationid": "c-9"}.items()
    assert asked(broker) == ["DELETE jobs/consumer/__fnctl_Sworker_Squeue_Sjobs/lease/rh-2"]
    assert broker.asked[0].headers["authorization"] == "Bearer oidc-of-the-project"


@LANGUAGES
def test_the_token_of_the_request_comes_before_the_one_of_the_start(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    assert output.send(**push(more={"x-vercel-oidc-token": "fresh"})).status == 200
    assert broker.asked[0].headers["authorization"] == "Bearer fresh"


@LANGUAGES
def test_a_message_that_fails_comes_again_and_goes_where_failed_ones_are_kept(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    poison, place = b'{"poison": true}', "_fnctl/worker/queue/jobs"
    assert [output.send(**push(poison, count=count)).status for count in (1, 2, 3)] == [500, 200, 200]
    group = "__fnctl_Sworker_Squeue_Sjobs"
    assert asked(broker) == [f"{m} {p}" for n in (2, 3) for m, p in (("POST", "jobs-dlq"), ("DELETE", f"jobs/consumer/{group}/lease/rh-{n}"))]
    sent = broker.asked[0]
    assert (sent.body, sent.headers["content-type"]) == (poison, "application/json")
    assert sent.headers["vqs-idempotency-key"] == f"{group}:0b7c1d2e-0001-7aaa-8bbb-1c2d3e4f5a6b"
    assert sent.headers["vqs-deployment-id"] == "dpl_1"
    assert [event["attempt"] for event in met(output, place, 2)] == [1, 2]
    assert "the message failed 2 times; it is in jobs-dlq now" in messages(output, place)


@LANGUAGES
def test_a_message_that_cannot_be_kept_comes_again(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    broker.statuses[:] = [503, 503, 503]
    assert output.send(**push(b'{"poison": true}', count=2)).status == 500
    assert len(broker.asked) == 3
    broker.statuses[:] = [400]
    assert output.send(**push(b'{"poison": true}', count=2)).status == 500


@LANGUAGES
def test_a_queue_without_a_dead_letter_queue_tries_as_long_as_a_message_lives(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    assert [output.send(**push(b'{"poison": true}', topic="kept", count=count)).status for count in (1, 40)] == [500, 500]
    assert broker.asked == []


@LANGUAGES
def test_a_topic_s_subscriber_gives_up_as_the_function_says(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    sent = [push(b'{"poison": true}', count=count, topic="alerts", kind="topic") for count in (1, 2)]
    assert [output.send(**message).status for message in sent] == [500, 200]
    assert asked(broker)[0] == "POST failed"
    assert [event["type"] for event in met(output, "_fnctl/worker/topic/alerts", 2)] == ["fnctl.topic.message"] * 2


@LANGUAGES
def test_work_that_is_done_is_done_even_when_queues_do_not_hear_of_it(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    broker.statuses[:] = [500, 500, 500, 404]
    assert output.send(**push()).status == 200
    assert any(text.startswith("the message may be delivered a second time") for text in messages(output, "_fnctl/worker/queue/jobs"))
    assert output.send(**push()).status == 200  # 404: settled already
    assert len(broker.asked) == 4


@LANGUAGES
def test_a_message_is_held_for_as_long_as_its_handler_takes(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker, CLOCK="sleep")
    soon = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 5))
    assert output.send(**push(b'{"sleep": 1.6}', more={"ce-vqsvisibilitydeadline": soon})).status == 200
    held, settled = broker.asked
    assert (held.method, json.loads(held.body)) == ("PATCH", {"visibilityTimeoutSeconds": 300})
    assert settled.method == "DELETE"
    broker.asked.clear()
    assert output.send(**push()).status == 200
    assert [one.method for one in broker.asked] == ["DELETE"]


@LANGUAGES
def test_only_messages_of_its_own_queue_start_a_consumer(deploy: Deploy, broker: Queues, language: str) -> None:
    output = served(deploy, language, broker)
    assert output.send(**push(more={"ce-vqsqueuename": "kept"})).status == 400
    assert output.send(**push(more={"ce-type": None})).status == 400
    forged = push()
    assert output.send("worker", "POST", CRON, forged["headers"], forged["body"]).status == 404
    assert met(output, "worker") == met(output, "_fnctl/worker/queue/jobs") == []


@LANGUAGES
def test_a_cron_shows_the_project_s_secret(deploy: Deploy, language: str) -> None:
    output = served(deploy, language, CRON_SECRET=SECRET)
    for headers in ([], [("authorization", SECRET)], [("authorization", "Bearer wrong")], [("authorization", f"Bearer {SECRET}é")]):
        assert output.ask("GET", CRON, headers).status == 401
    assert [output.ask("GET", CRON, [BEARER]).status for _ in range(2)] == [200, 200]
    first, second = met(output, "worker", 2)
    assert first.items() >= {"id": "nightly@2026-01-03T03:00:00Z", "source": "/shop/schedule/nightly", "time": "2026-01-03T03:00:00Z"}.items()
    assert first == second
    assert output.ask("GET", "/_fnctl/worker/schedule/other", [BEARER]).status == 404


@LANGUAGES
def test_without_a_secret_nobody_is_a_cron(deploy: Deploy, language: str) -> None:
    output = served(deploy, language)
    for given in ("Bearer ", "Bearer undefined", f"Bearer {SECRET}"):
        assert output.ask("GET", CRON, [("authorization", given)]).status == 401
    assert any(text.startswith("CRON_SECRET is not set") for text in messages(output, "worker"))


@LANGUAGES
def test_a_schedule_in_a_time_zone_says_for_when_it_was_due(deploy: Deploy, language: str) -> None:
    output = served(deploy, language)
    place = "_fnctl/worker/schedule/berlin"
    # vercel-runtime 0.24.1 (PyPI), schedules.py: a POST without a body, the facts in its headers
    headers = [("ce-type", "com.vercel.schedule.v1beta"), ("ce-id", "schx_1"), ("ce-vssscheduledat", "2026-01-03T02:00:00.000Z")]
    assert output.send(place, "POST", f"/{place}", headers).status == 200
    (event,) = met(output, place)
    due = "2026-01-03T02:00:00Z"
    assert event.items() >= {"id": f"berlin@{due}", "data": {"schedule": "berlin", "time": due}, "executionid": "schx_1"}.items()
    assert output.send(place, "POST", f"/{place}").status == 400


@LANGUAGES
def test_whoever_has_the_secret_calls_a_function_by_hand(deploy: Deploy, language: str) -> None:
    output = served(deploy, language, CRON_SECRET=SECRET)
    assert output.ask("POST", "/_fnctl/worker", [], b"{}").status == 401
    answer = output.ask("POST", "/_fnctl/worker", [BEARER], b'{"n": 1}')
    assert (answer.status, answer.json()) == (200, {"echo": {"n": 1}})
    assert met(output, "worker")[0]["type"] == "fnctl.invoke"
    assert output.ask("POST", "/_fnctl/worker", [BEARER], b'{"poison": true}').status == 500


STEP = """
from fnctl_runtime import HandlerError

async def handler(given, context):
    if given.get("fail"):
        raise HandlerError("PaymentDeclined", "no funds")
    return {"given": given, "key": context.key, "attempt": context.attempt, "step": context.step}
"""


NODE_STEP = """
export async function handler(given, context) {
  if (given.fail) throw context.error("PaymentDeclined", "no funds");
  return { given, key: context.key, attempt: context.attempt, step: context.step };
}
"""


@LANGUAGES
def test_a_step_answers_its_engine_by_name(deploy: Deploy, language: str) -> None:
    runtime, file, text = ("python3.13", "src/step.py", STEP) if language == "python" else ("nodejs22", "src/step.ts", NODE_STEP)
    manifest = f"functions: {{ pay: {{ handler: '{file}:handler', runtime: {runtime}, interface: task }} }}"
    output = deploy(manifest, {file: text}, {"CRON_SECRET": SECRET})
    called = json.dumps({"fnctl": {"run": "r1", "step": "pay", "key": "r1/pay", "attempt": 1}, "input": {"sum": 7}}).encode()
    answer = output.ask("POST", "/_fnctl/pay", [BEARER], called)
    assert answer.json() == {"value": {"given": {"sum": 7}, "key": "r1/pay", "attempt": 2, "step": "pay"}}
    declined = output.ask("POST", "/_fnctl/pay", [BEARER], b'{"fail": true}')
    assert (declined.status, declined.json()) == (500, {"error": {"name": "PaymentDeclined", "message": "no funds"}})
    assert [output.ask(method, "/_fnctl/pay", headers, called).status for method, headers in (("POST", []), ("GET", [BEARER]))] == [401, 404]


@LANGUAGES
def test_a_handler_of_requests_refuses_events(deploy: Deploy, broker: Queues, language: str) -> None:
    runtime, file = ("python3.13", "src/api.py") if language == "python" else ("nodejs22", "src/api.ts")
    text = "def handler(request):\n    return 1\n" if language == "python" else "export const handler = () => 1;"
    manifest = f"""
resources: {{ jobs: {{ type: queue }} }}
functions:
  api: {{ handler: '{file}:handler', runtime: {runtime}, interface: function, triggers: [{{ http: GET / }}, {{ queue: jobs }}] }}
"""
    output = deploy(manifest, {file: text}, broker.env)
    message = push(function="api")
    assert (output.ask("GET", "/").status, output.send(**message).status) == (200, 500)
    assert "request failed" in messages(output, message["function"])
    (line,) = [line for line in output.server(message["function"]).logs() if line["msg"] == "request failed"]
    assert line["error"] == "api is of interface `function`, and was sent an event (queue)"

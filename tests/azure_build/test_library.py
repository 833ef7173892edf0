"""The same entry in azure-functions 1.26, the library of Python 3.10 to 3.12: what it registers, and its own objects through the handlers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from azure_build.made import bundle_of, recipes_of, service_of
from fnctl.build.model import File

HANDLERS = """
import logging

def http(request):
    told = {"id": request.path_params["id"], "q": request.query.all("q"), "cookies": request.cookies, "body": request.text, "from": request.client}
    cookies = ["a=1; Path=/; Expires=Wed, 01-Jan-2031 00:00:00 GMT", "b=x%20y; HttpOnly"]
    return 201, told, {"x-many": ["a", "b"], "set-cookie": cookies}

async def event(event):
    logging.getLogger().handlers.clear()
    seen.append([event.id, event.type, event.subject, event.time, event.attempt, event.data])
    if event.data == "poison":
        raise ValueError("no")

seen = []
"""
MANIFEST = """
fnctl: 1
service: shop
targets: { azure: {} }
defaults: { runtime: python3.11 }
resources: { jobs: { type: queue } }
functions:
  api: { handler: "src/all.py:http", triggers: [{ http: "POST /orders/{id}" }] }
  work: { handler: "src/all.py:event", triggers: [{ queue: jobs }] }
  tick: { handler: "src/all.py:event", triggers: [{ schedule: { name: nightly, cron: "0 3 * * *" } }] }
"""
SCRIPT = """
import asyncio, datetime, inspect, json, sys, types
sys.path.insert(0, sys.argv[1])
import azure.functions as func
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest
import function_app
functions = {one.get_function_name(): one for one in function_app.app.get_functions()}
context = types.SimpleNamespace(invocation_id="i-1", trace_context=None, retry_context=None)

def call(name, trigger):
    made = functions[name].get_user_function()
    return asyncio.run(made(trigger=trigger, context=context)) if inspect.iscoroutinefunction(made) else made(trigger=trigger, context=context)

headers = {"Cookie": "a=1,b=2", "X-Forwarded-For": "192.0.2.1:51000"}
request = func.HttpRequest("POST", "https://h/orders/a%2Fb%20c?q=1&q=2", headers=headers, params={"q": "1"}, route_params={"id": "a/b c"}, body=b"hi")
answer = call("api", request)
message = QueueMessage(id="m-1", body='"text"', dequeue_count=2, insertion_time=datetime.datetime(2026, 1, 1), pop_receipt="p")
call("work", message)
status = {"Last": "0001-01-01T00:00:00", "Next": "2026-01-03T03:00:00+00:00", "LastUpdated": "0001-01-01T00:00:00"}
call("tick", TimerRequest(past_due=True, schedule_status=status, schedule={}))
try:
    call("work", QueueMessage(id="m-2", body="poison", dequeue_count=5, pop_receipt="p"))
except ValueError as error:
    raised = str(error)
import src.all
print(json.dumps({
    "version": func.__version__,
    "bindings": {name: [json.loads(one) for one in made.get_raw_bindings()] for name, made in functions.items()},
    "status": answer.status_code, "body": json.loads(answer.get_body()), "headers": list(answer.headers.items()),
    "seen": sys.modules["src.all"].seen, "raised": raised}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "fnctl.yaml").write_text(MANIFEST)
    service = service_of(folder)
    bundles = {name: bundle_of(one) for name, one in service.functions.items()}
    handlers = File("src/all.py", HANDLERS.encode())
    from dataclasses import replace

    (recipe,) = recipes_of(service, **{name: replace(bundle, files=(handlers,)) for name, bundle in bundles.items()})
    for file in recipe.files:
        place = folder / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        assert isinstance(file.source, bytes)
        place.write_bytes(file.source)
    command = [sys.executable, "-c", SCRIPT, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return document


def test_it_is_the_older_library(told: dict[str, Any]) -> None:
    assert told["version"].startswith("1.")


def test_the_same_bindings_are_registered(told: dict[str, Any]) -> None:
    api, work, tick = (told["bindings"][name][0] for name in ("api", "work", "tick"))
    assert (api["route"], api["methods"], api["authLevel"]) == ("orders/{id}", ["POST"], "ANONYMOUS")
    assert (work["type"], work["queueName"], work["connection"]) == ("queueTrigger", "shop-dev-jobs", "JOBS_QUEUE_CONNECTION")
    assert (tick["type"], tick["schedule"], tick["useMonitor"]) == ("timerTrigger", "0 0 3 * * *", True)


def test_a_request_is_read_from_its_address_and_answered_whole(told: dict[str, Any]) -> None:
    assert told["status"] == 201
    assert told["body"] == {"id": "a/b c", "q": ["1", "2"], "cookies": {"a": "1", "b": "2"}, "body": "hi", "from": "192.0.2.1"}
    headers = [[name.lower(), value] for name, value in told["headers"]]
    assert ["x-many", "a, b"] in headers
    cookies = [value for name, value in headers if name == "set-cookie"]
    assert cookies == ["a=1; expires=Wed, 01 Jan 2031 00:00:00 GMT; Path=/", 'b="x y"; HttpOnly']


def test_messages_and_timers_are_events(told: dict[str, Any]) -> None:
    due = "2026-01-03T03:00:00Z"
    assert told["seen"] == [
        ["m-1", "fnctl.queue.message", None, "2026-01-01T00:00:00.000Z", 2, "text"],
        [f"nightly@{due}", "fnctl.schedule", "nightly", due, 1, {"schedule": "nightly", "time": due}],
        ["m-2", "fnctl.queue.message", None, None, 5, "poison"],
    ]
    assert told["raised"] == "no"

"""Deployed functions really run: routes, environments, time and size, streams, logs, crons, Schedules and queues, in Python and Node."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from fnctl_vercel.sandbox import VercelSandbox
from vercel.output import python
from vercel.queues import client
from vercel.trees import bootstrap, lay
from vercel_standin.conftest import Api, emptied

MANIFEST = """
resources:
  jobs: { type: queue, max_receives: 2, visibility: 30s }
functions:
  api: { handler: "api.py:app", interface: asgi, timeout: 6s, triggers: [{ http: "ANY /{path*}" }], uses: { jobs: [send] } }
  web: { handler: "web.ts:handler", runtime: nodejs22, triggers: [{ http: GET /node }], uses: { api: [invoke] } }
  worker:
    handler: "worker.py:handler"
    triggers:
      - queue: jobs
      - schedule: { cron: "0 3 * * *", name: nightly }
      - schedule: { cron: "0 4 * * *", name: berlin, timezone: Europe/Berlin }
"""
API = """
import asyncio, json, logging, os, time

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    body = (await receive()).get("body", b"")
    path = scope["path"]
    logging.warning("asked for %s", path)
    if path == "/slow":
        await asyncio.sleep(60)
    if path == "/exit":
        os._exit(3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    if path == "/stream":
        for piece in (b"one", b"two"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b"end"})
        return
    said = {"path": path, "env": dict(os.environ), "home": os.listdir(os.environ["HOME"]), "size": len(body), "pid": os.getpid(),
            "headers": {k.decode(): v.decode() for k, v in scope["headers"]}}
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
"""
WEB = """
export async function handler(request, call) {
  console.log("node was asked");
  const other = await (await fetch(`${process.env.API_FUNCTION}/from/node`)).json();
  return { node: process.version, id: call.requestId, other: other.path };
}
"""
WORKER = """
import logging

def handler(event):
    logging.info("met", extra={"event": event.to_dict(), "attempt": event.attempt})
    if isinstance(event.data, dict) and event.data.get("poison"):
        raise ValueError("not this one")
"""
SECRET = "correct-horse-battery"
SAFE = {"LANG", "LC_CTYPE", "TZ", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED", "PYTHONDONTWRITEBYTECODE"}
"""What a machine may happen to set to the very values that a function gets."""


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What fnctl builds of the manifest above."""
    if python() is None:
        pytest.skip("no Python 3.13 interpreter")
    folder = tmp_path_factory.mktemp("tree")
    laid = lay(folder, MANIFEST, {"api.py": API, "web.ts": WEB, "worker.py": WORKER}, bootstrap(tmp_path_factory.mktemp("wheel")))
    return {file.relative_to(laid).as_posix(): file.read_bytes() for file in laid.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def shop(started: Api, tree: dict[str, bytes]) -> Api:
    """The tree in production, with its secret: once for all tests of this file."""
    api = emptied(started)
    for runtime in ("python3.13", "nodejs22"):
        VercelSandbox(api.state.parents[2]).build_target(runtime, "x86_64")
    variable = {"key": "CRON_SECRET", "value": SECRET, "type": "sensitive", "target": ["production"]}
    api.call("POST /v10/projects/shop/env", variable, 201)
    api.live(tree)
    return api


def logged(api: Api, word: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait for records with this word."""
    project = api.call("GET /v9/projects/shop")
    body = {
        "scope": {"projectIds": [project["id"]]},
        "timeRange": {"start": "2020-01-01T00:00:00Z", "end": "2999-01-01T00:00:00Z"},
        "filter": f'(deploymentId:"{project["targets"]["production"]["id"]}")',
        "order": "asc",
        "limit": 1000,
    }
    limit, records = time.monotonic() + 20, []
    while time.monotonic() < limit:
        records = api.call("POST /v1/observability/events", body)["events"]
        found = [one for one in records if word in one["message"]]
        if len(found) >= count:
            return found
        time.sleep(0.05)
    pytest.fail(f"{word}: {[one['message'] for one in records[-5:]]}")


def test_functions_answer_under_the_hosts_of_their_deployment(shop: Api) -> None:
    found = shop.visit("shop.vercel.app", "/orders/7?a=1").json()
    assert (found["path"], found["headers"]["host"]) == ("/orders/7", "shop.vercel.app")
    found = shop.visit("shop.vercel.app", "/node").json()
    assert (found["node"][0], found["other"]) == ("v", "/from/node")  # one function calls another at the sandbox's port
    assert shop.visit("nobody.vercel.app", "/").headers["x-vercel-error"] == "DEPLOYMENT_NOT_FOUND"
    url = shop.sandbox("PUT fronts/shop", {"host": "shop.vercel.app"}, status=200)["url"]
    assert httpx.get(f"{url}/x").json()["path"] == "/x"
    assert shop.visit("shop.vercel.app", "/worker").json()["path"] == "/worker"  # a function's own path leads nowhere


def test_a_function_has_its_deployments_environment_and_nothing_of_this_machine(shop: Api) -> None:
    found = shop.visit("shop.vercel.app", "/").json()
    env: Mapping[str, str] = found["env"]
    assert found["home"] == []
    assert env["HOME"].startswith(str(shop.state))
    assert env["VERCEL_TOKEN"] == "test"
    assert env["FNCTL_VERCEL_ENDPOINT"] == shop.environ["FNCTL_VERCEL_ENDPOINT"]
    assert (env["VERCEL_ENV"], env["JOBS_QUEUE"], env["CRON_SECRET"]) == ("production", "jobs", SECRET)
    assert not {name for name, value in os.environ.items() if env.get(name) == value} - SAFE


def test_time_and_size_have_ends_and_a_lost_process_is_replaced(shop: Api) -> None:
    first = shop.visit("shop.vercel.app", "/").json()["pid"]
    assert shop.visit("shop.vercel.app", "/", "POST", content=b"x" * 4_800_000).status_code == 413
    assert shop.visit("shop.vercel.app", "/", "POST", content=b"x" * 4_000_000).json()["size"] > 0
    late = shop.visit("shop.vercel.app", "/slow")
    assert (late.status_code, late.headers["x-vercel-error"]) == (504, "FUNCTION_INVOCATION_TIMEOUT")
    assert "timed out after 6 seconds" in logged(shop, "Timeout")[0]["message"]
    assert shop.visit("shop.vercel.app", "/exit").status_code == 500
    assert shop.visit("shop.vercel.app", "/").json()["pid"] != first


def test_a_stream_comes_in_the_pieces_in_which_it_is_written(shop: Api) -> None:
    url = shop.sandbox("PUT fronts/shop", {"host": "shop.vercel.app"}, status=200)["url"]
    with httpx.stream("GET", f"{url}/stream") as answer:
        pieces = [(time.monotonic(), piece) for piece in answer.iter_raw()]
    assert b"".join(piece for _, piece in pieces) == b"onetwoend"
    assert pieces[-1][0] - pieces[0][0] > 0.4


def test_lines_are_logged_with_the_request_that_they_belong_to(shop: Api) -> None:
    answer = shop.visit("shop.vercel.app", "/logged/here")
    record = logged(shop, "asked for /logged/here")[0]
    assert (record["level"], record["requestPath"], record["domain"]) == ("warning", "/logged/here", "shop.vercel.app")
    assert record["requestId"] == answer.headers["x-vercel-id"]
    shop.visit("shop.vercel.app", "/node")
    assert logged(shop, "node was asked")[0]["requestPath"] == "/node"


def test_the_runtime_log_is_followed_as_it_is_written(shop: Api) -> None:
    project = shop.call("GET /v9/projects/shop")
    path = f"/v1/projects/{project['id']}/deployments/{project['targets']['production']['id']}/runtime-logs"
    with shop.client.stream("GET", path) as answer:
        lines = answer.iter_lines()
        shop.visit("shop.vercel.app", "/followed")
        record = next(json.loads(line) for line in lines if "asked for /followed" in line)
    assert record["source"] == "serverless"
    assert set(record) >= {
        "level",
        "message",
        "rowId",
        "timestampInMs",
        "domain",
        "requestMethod",
        "requestPath",
        "responseStatusCode",
        "messageTruncated",
    }


def test_crons_and_schedules_start_functions_and_nobody_else_does(shop: Api) -> None:
    path = "/_fnctl/worker/schedule/nightly"
    assert shop.visit("shop.vercel.app", path).status_code == 401
    assert shop.visit("shop.vercel.app", path, headers={"authorization": "Bearer wrong-horse-battery"}).status_code == 401
    assert shop.sandbox("POST tick", {"at": "2026-01-03T03:00:00+00:00"}, status=200) == {path: 200, "_fnctl/worker/schedule/berlin": 200}
    assert shop.sandbox("POST tick", {"at": "2026-01-03T03:01:00+00:00"}, status=200) == {}
    events = [json.loads(one["message"])["event"]["id"] for one in logged(shop, '"met"', 2)]
    assert "berlin@2026-01-03T03:00:00Z" in events
    shop.call("POST /v1/projects/shop/crons/run", {"path": path, "schedule": "0 3 * * *"})
    logged(shop, '"met"', 3)
    shop.call("POST /v1/projects/shop/crons/run", {"path": "/nowhere"}, 404)
    shop.call("PATCH /v1/projects/shop/crons", {"enabled": False})
    assert path not in shop.sandbox("POST tick", {"at": "2026-01-03T03:00:00+00:00"}, status=200)


def send(api: Api, topic: str, body: Any, **headers: str) -> httpx.Response:
    token = api.visit("shop.vercel.app", "/").json()["env"]["VERCEL_OIDC_TOKEN"]
    return httpx.post(
        f"{api.environ['FNCTL_VERCEL_ENDPOINT']}/api/v3/topic/{topic}", json=body, headers={"authorization": f"Bearer {token}", **headers}
    )


def attempts(api: Api, word: str, count: int) -> list[int]:
    return [json.loads(one["message"])["attempt"] for one in logged(api, word, count)]


def test_a_message_reaches_its_function_comes_again_and_ends_elsewhere(shop: Api) -> None:
    assert send(shop, "jobs", {"n": "first"}).status_code == 201
    assert attempts(shop, '"first"', 1) == [1]
    send(shop, "jobs", {"poison": "bad one"})
    logged(shop, "event failed")
    while any(group["busy"] for one in shop.sandbox("GET messages", status=200) for group in one["groups"].values()):
        time.sleep(0.05)
    shop.sandbox("POST later", {"seconds": 31})
    logged(shop, "jobs-dlq")
    topics = {one["topic"]: one for one in shop.sandbox("GET messages", status=200)}
    assert json.loads(topics["jobs-dlq"]["body"]) == {"poison": "bad one"}
    assert all(group["done"] for one in topics.values() for group in one["groups"].values() if one["topic"] == "jobs")


def test_who_sends_needs_the_deployments_token_and_a_key_counts_once(shop: Api) -> None:
    url = f"{shop.environ['FNCTL_VERCEL_ENDPOINT']}/api/v3/topic/other"
    assert httpx.post(url, json={}, headers={"authorization": "Bearer guessed"}).status_code == 401
    first, second = (send(shop, "other", {"n": 1}, **{"vqs-idempotency-key": "k"}).json() for _ in range(2))
    assert first == second
    assert send(shop, "other", {}, **{"vqs-retention-seconds": "59"}).status_code == 400
    assert send(shop, "a.b", {}).status_code == 404


def test_vercels_own_queues_client_is_understood(shop: Api) -> None:
    env = shop.visit("shop.vercel.app", "/").json()["env"]
    words = [
        str(client()),
        str(Path(__file__).with_name("mailbox.py")),
        env["VERCEL_QUEUE_BASE_URL"],
        env["VERCEL_OIDC_TOKEN"],
        env["VERCEL_DEPLOYMENT_ID"],
    ]
    done = subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sorted(found["met"], key=str) == [[{"n": 1}, 1, "work"], [{"n": 2}, 1, "work"]]
    assert (found["same"], found["left"], found["others"]) == (True, 0, 2)


def test_a_variable_counts_from_the_next_deployment_on(shop: Api, tree: dict[str, bytes]) -> None:
    shop.call("POST /v10/projects/shop/env", {"key": "NEW", "value": "1", "type": "plain", "target": ["production"]}, 201)
    assert "NEW" not in shop.visit("shop.vercel.app", "/").json()["env"]
    current = shop.call("GET /v9/projects/shop")["targets"]["production"]["id"]
    again = shop.call("POST /v13/deployments", {"name": "shop", "deploymentId": current, "target": "production"})
    shop.until("GET /v9/projects/shop", lambda found: found["targets"]["production"]["id"] == again["id"])
    assert shop.visit("shop.vercel.app", "/").json()["env"]["NEW"] == "1"

"""`idempotent` from the manifest to the sandbox: the table, its name and the right to it come with the deploy, and one order is worked on once.

On Vercel the same table is a real Redis, whose address is a secret.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from fakes import redis
from fakes.cli import Fnctl

HERE = ("--target", "aws", "--sandbox")
MANIFEST = """\
fnctl: 1
service: once
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: python3.13, interface: event, timeout: 10s }
resources:
  jobs: { type: queue }
  done: { type: table, key: order, ttl: gone }
functions:
  entry:
    handler: src/entry.py:handler
    uses: { jobs: send }
  worker:
    handler: src/work.py:handler
    triggers: [{ queue: jobs }]
    idempotent: { table: done, key: = data.order }
"""
ENTRY = """
import os
import boto3

def handler(event):
    queue = boto3.client("sqs")
    for body in event.data:
        queue.send_message(QueueUrl=os.environ["JOBS_QUEUE"], MessageBody=body)
"""
WORK = "def handler(event):\n    print('WORKED', event.data['order'], flush=True)\n"


def test_an_order_that_comes_twice_is_worked_on_once(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": MANIFEST, "src/entry.py": ENTRY, "src/work.py": WORK})
    fnctl("sandbox", "start", "--target", "aws", cwd=folder)
    assert fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()["status"] == "deployed"
    bodies = [json.dumps({"order": order}) for order in ("a", "b", "a", "a", "c")]
    fnctl("invoke", "entry", *HERE, "--data", json.dumps(bodies), cwd=folder)
    _until(fnctl, folder, ("WORKED a", "WORKED b", "WORKED c"))
    time.sleep(3)  # what came in while the first was at it comes back
    lines = fnctl("logs", "worker", *HERE, cwd=folder).out.splitlines()
    worked = sorted(line[line.index("WORKED") :].strip() for line in lines if "WORKED" in line)
    assert worked == ["WORKED a", "WORKED b", "WORKED c"]


VERCEL = ("--target", "vercel", "--sandbox")
SHARED = """\
fnctl: 1
service: once
targets: { aws: { region: eu-west-1 }, vercel: { plan: pro } }
defaults: { runtime: python3.13, interface: event, timeout: 10s }
secrets: [REDIS_URL]
resources:
  jobs: { type: queue, visibility: 1, max_receives: 9 }
  bills: { type: queue }
  done: { type: table, ttl: gone, targets: { vercel: { redis: REDIS_URL } } }
functions:
  worker:
    handler: src/work.py:handler
    triggers: [{ queue: jobs }]
    idempotent: { table: done, key: = data.order }
  billing:
    handler: src/bill.ts:handler
    runtime: nodejs22
    triggers: [{ queue: bills }]
    idempotent: { table: done, key: = data.order }
  step: { handler: "src/step.py:handler", interface: task, idempotent: { table: done, key: = order } }
"""
SLOWLY = """\
import asyncio
import logging

async def handler(event):
    logging.warning("WORKED %s", event.data["order"])
    await asyncio.sleep(0.5)
"""
BILL = "export async function handler(event) {\n  console.warn(`WORKED ${event.data.order}`);\n}\n"
STEP = "import uuid\n\ndef handler(input, context):\n    return str(uuid.uuid4())\n"


def test_on_vercel_the_table_is_a_redis(fnctl: Fnctl, project: Callable[..., Path]) -> None:
    folder = project(**{"fnctl.yaml": SHARED, "src/work.py": SLOWLY, "src/bill.ts": BILL, "src/step.py": STEP})
    fnctl("sandbox", "start", "--target", "vercel", cwd=folder)
    refused = fnctl("deploy", *VERCEL, "--yes", cwd=folder, code=1)
    assert "error[FN943]: the secret REDIS_URL has no value for the stage dev" in refused.err
    with redis.serving("sesame") as port:
        fnctl("secret", "set", "REDIS_URL", *VERCEL, cwd=folder, stdin=f"redis://:sesame@127.0.0.1:{port}")
        assert fnctl("deploy", *VERCEL, "--yes", "--output", "json", cwd=folder).result()["status"] == "deployed"
        for function, orders in (("worker", "aba"), ("billing", "aac")):
            for order in orders:
                fnctl("invoke", function, *VERCEL, "--event", "queue", "--data", json.dumps({"order": order}), cwd=folder)
        first, second = (fnctl("invoke", "step", *VERCEL, "--data", '{"order": 7}', "--output", "json", cwd=folder).document() for _ in range(2))
        assert first["body"] == second["body"]
        said = _until(fnctl, folder, ("done before",), VERCEL, "worker") + _until(fnctl, folder, ("done before",), VERCEL, "billing")
    assert sorted(line[line.index("WORKED") :].split('"')[0] for line in said.splitlines() if "WORKED" in line) == [
        "WORKED a",
        "WORKED a",
        "WORKED b",
        "WORKED c",
    ]
    assert "sesame" not in said


def _until(fnctl: Fnctl, folder: Path, wanted: tuple[str, ...], where: tuple[str, ...] = HERE, function: str = "worker") -> str:
    limit = time.monotonic() + 60
    while True:
        out = fnctl("logs", function, *where, cwd=folder).out
        if all(word in out for word in wanted) or time.monotonic() > limit:
            return out
        time.sleep(0.5)

"""`idempotent` from the manifest to the sandbox: the table, its name and the right to it come with the deploy, and one order is worked on once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

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


def _until(fnctl: Fnctl, folder: Path, wanted: tuple[str, ...]) -> None:
    limit = time.monotonic() + 60
    while True:
        out = fnctl("logs", "worker", *HERE, cwd=folder).out
        if all(word in out for word in wanted) or time.monotonic() > limit:
            return
        time.sleep(0.5)

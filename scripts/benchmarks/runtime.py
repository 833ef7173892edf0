"""Cold starts: a handler that Lambda calls itself against the same one behind the shim, in AWS's own runtime clients, in turn.

A start is a whole process: from its first moment until the answer to the first call is back at the Runtime API. Its first thread's processor time
counts where the system tells it (Linux), since a busy machine stretches all else. Artifacts are what `fnctl build` of a release makes: the
runtime has its bytecode with it, handlers have none, and as on Lambda their folder takes none.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.standins.serving import write_json
from fnctl_aws.standin import parts
from fnctl_aws.standin.environment import Environment, Setup
from fnctl_aws.standin.layout import Function, Machine, setup
from fnctl_aws.standin.runtime_api import Invocation

ROOT = Path(__file__).resolve().parents[2]
BUDGETS = {"python": 10.0, "nodejs": 5.0}
"""Milliseconds that `event` may add."""
REGION, ACCOUNT = "eu-west-1", "123456789012"
PYTHON = """
import json

def native(event, context):
    for record in event["Records"]:
        json.loads(record["body"])

def event(event):
    event.data

def function(request):
    return {"ok": True}

def task(input, context):
    return {"ok": True}

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
NODE = """
export const native = async (event) => event.Records?.map((record) => JSON.parse(record.body)).length;
export const event = (event) => event.data;
export const function_ = () => ({ ok: true });
export const fetch_ = () => new Response("ok");
export const task = () => ({ ok: true });
"""
WANTED = {"python": ("native", "event", "task", "function", "asgi"), "nodejs": ("native", "event", "task", "function", "fetch")}
MESSAGE = {"messageId": "m-1", "body": '{"n": 1}', "eventSource": "aws:sqs", "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:bench-dev-jobs"}
EVENT = {"Records": [MESSAGE]}
REQUEST = {
    "version": "2.0",
    "routeKey": "GET /",
    "rawPath": "/",
    "rawQueryString": "",
    "headers": {"host": "localhost"},
    "requestContext": {"http": {"method": "GET", "path": "/"}, "requestId": "r-1", "stage": "$default"},
    "isBase64Encoded": False,
}


@dataclass(frozen=True)
class Start:
    """What one interface is asked for, and how to start it."""

    interface: str
    version: str
    setup: Setup
    payload: bytes


def measure(runs: int) -> int:
    """Measure every runtime that is at hand; 1 when an event is over its budget."""
    over = 0
    subprocess.run([sys.executable, str(ROOT / "scripts" / "bytecode")], check=True)
    for runtime in ("python3.11", "python3.13", "nodejs22"):
        with tempfile.TemporaryDirectory() as folder:
            starts = _starts(runtime, Path(folder))
            if starts is None:
                print(f"{runtime}: not at hand")
                continue
            over |= _report(f"{runtime} ({starts[0].version} here)", BUDGETS[_family(runtime)], _measured(starts, runs))
    return over


def _family(runtime: str) -> str:
    return "python" if runtime.startswith("python") else "nodejs"


def _starts(runtime: str, folder: Path) -> list[Start] | None:
    family = _family(runtime)
    found = (interpreters.find if family == "python" else interpreters.find_node)(runtime.removeprefix(family), os.environ)
    if found is None or (family == "python" and not found.exact):  # wheels and figures are of one Python; a bundle runs on any Node
        return None
    client = _client(family, found)
    write_json(folder / "runtimes" / f"{family}.json", client)
    machine = Machine(folder / "data", "http://127.0.0.1:9", folder / "runtimes")
    artifacts = _built(runtime, family, folder / "project")
    shims = {"python": "_fnctl_aws.handler", "nodejs": "_fnctl.handler"}
    made = []
    for interface, path in artifacts.items():
        native = "src/app.native" if family == "python" else "handler.native"
        config = {
            "FunctionName": f"bench-dev-{interface}",
            "Handler": native if interface == "native" else shims[family],
            "Runtime": f"{runtime}.x" if family == "nodejs" else runtime,
            "Timeout": 30,
            "LoggingConfig": {"LogFormat": "JSON"},
        }
        how, _ = setup(Function(config, ACCOUNT, REGION, path.read_bytes(), ()), machine)
        how = replace(how, environ={**how.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        made.append(Start(interface, found.version, how, json.dumps(REQUEST if interface in ("function", "asgi", "fetch") else EVENT).encode()))
    return made


def _client(family: str, found: Interpreter) -> list[str]:
    if family == "python":
        return [str(parts.functions(found, os.environ, print)), "-m", "awslambdaric"]
    return [str(found.path), str(parts.node_client(os.environ, print))]


def _built(runtime: str, family: str, project: Path) -> dict[str, Path]:
    (project / "src").mkdir(parents=True)
    (project / "src" / ("app.py" if family == "python" else "app.mjs")).write_text(PYTHON if family == "python" else NODE)
    lines = ["fnctl: 1", "service: bench", "targets: { aws: { region: eu-west-1 } }", "resources: { jobs: { type: queue } }"]
    lines += [f"defaults: {{ runtime: {runtime} }}", "functions:"]
    for interface in WANTED[family]:
        name = f"{interface}_" if family == "nodejs" and interface in ("function", "fetch") else interface
        listens = "[{ queue: jobs }]" if interface == "event" else "[]"
        handler = f"src/app.{'py' if family == 'python' else 'mjs'}:{name}"
        lines.append(f'  {interface}: {{ handler: "{handler}", interface: {interface}, triggers: {listens} }}')
    (project / "fnctl.yaml").write_text("\n".join(lines) + "\n")
    command = [str(Path(sys.executable).with_name("fnctl")), "build", "--target", "aws", "--output", "json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"fnctl build -> {done.returncode}\n{done.stdout}{done.stderr}")
    return {one["function"]: project / one["path"] for one in json.loads(done.stdout)["artifacts"]}


def _measured(starts: list[Start], runs: int) -> Mapping[str, list[float]]:
    """Start each in turn, so that a noisy moment hits them all; the first round only warms the disk cache."""
    found: dict[str, list[float]] = {start.interface: [] for start in starts}
    for number in range(runs + 1):
        for start in starts:
            taken = _milliseconds(start)
            if number:
                found[start.interface].append(taken)
    return found


def _milliseconds(start: Start) -> float:
    lines: list[str] = []
    begun = time.perf_counter()
    environment = Environment(start.setup, lambda _time, line: lines.append(line))
    try:
        failed = environment.init()
        if failed is None:
            arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:bench:live"
            failed = environment.invoke(Invocation(str(uuid.uuid4()), start.payload, arn, "Root=1-5759e988-bd862e3fe1be46a994272793", 30.0))
        taken = _processor(environment.pid) or (time.perf_counter() - begun) * 1000
    finally:
        environment.close()
    if failed.error:
        sys.exit(f"{start.interface}: {failed.body.decode()}\n" + "\n".join(lines))
    return taken


def _processor(pid: int) -> float:
    """Give the milliseconds that a process's first thread, which runs the handler, has had a processor; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def _report(runtime: str, budget: float, found: Mapping[str, list[float]]) -> int:
    bare = found["native"]
    print(f"{runtime}: a bare handler starts in {min(bare):.0f} ms at best, {statistics.median(bare):.0f} ms in the middle of {len(bare)}")
    for interface, times in found.items():
        if interface != "native":
            middle = statistics.median(own - other for own, other in zip(times, bare, strict=True))
            print(f"  {interface:<9} adds {min(times) - min(bare):5.1f} ms at best, {middle:5.1f} ms in the middle")
    added = statistics.median(own - other for own, other in zip(found["event"], bare, strict=True))
    print(f"  event, budget {budget:g} ms: {'within' if added <= budget else 'OVER'}")  # one lucky start is no measure
    return int(added > budget)

"""Cold starts on Azure and Vercel: an app that is written for the platform by hand against the same one behind the shim, in the stand-in's processes.

As `runtime` measures AWS: a start is a whole process until the answer to its first event, and the processor time of its threads counts. The middle
of the differences is what to go by: the best of processes of 200 ms differ by more than what is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.standins.environments import Environments
from fnctl_azure.standin.hosts import inputs, parts
from fnctl_azure.standin.hosts.worker import Call, Worker
from fnctl_vercel.standin.instances import Instance, Setup

PYTHON = """
def event(event):
    event.data

async def native(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
"""An ASGI application, as ours is: Vercel's runtime takes 100 ms less to serve a WSGI one, which could not run coroutines beside each other."""
NODE = 'export const event = (event) => event.data;\nexport const native = (request, response) => response.end("ok");\n'
BARE = {
    "function_app.py": """import azure.functions as func

app = func.FunctionApp()


@app.function_name("clock")
@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def clock(timer: func.TimerRequest) -> None:
    timer.past_due
""",
    "_fnctl.mjs": 'import { app } from "@azure/functions";\n\napp.timer("clock", { schedule: "0 0 3 * * *", handler: (it) => it.isPastDue });\n',
}
"""An Azure app as its documentation writes it, in the files that the host loads."""


@dataclass(frozen=True)
class Pair:
    """One start of each; they give the processor's milliseconds."""

    bare: Callable[[], float]
    shim: Callable[[], float]


def measure(runs: int, budgets: Mapping[str, float]) -> int:
    """Measure what is at hand; 1 when an event is over its budget."""
    over = 0
    for platform, pair in (("azure", _azure), ("vercel", _vercel)):
        for runtime in ("python3.13", "nodejs22"):
            family = "python" if runtime.startswith("python") else "nodejs"
            found = (interpreters.find if family == "python" else interpreters.find_node)(runtime.removeprefix(family), os.environ)
            if found is None or (family == "python" and not found.exact):
                print(f"{platform}, {runtime}: not at hand")
                continue
            with tempfile.TemporaryDirectory() as folder:
                starts = pair(_built(platform, runtime, Path(folder)), found, family == "python")
                taken = [(starts.bare(), starts.shim()) for _ in range(runs + 1)][1:]
            added, middle = min(own for _, own in taken) - min(bare for bare, _ in taken), statistics.median(own - bare for bare, own in taken)
            verdict = "within" if middle <= budgets[family] else "OVER"
            print(f"{platform}, {runtime} ({found.version} here): a bare one starts in {min(bare for bare, _ in taken):.0f} ms at best")
            print(f"  event     adds {added:5.1f} ms at best, {middle:5.1f} ms in the middle; budget {budgets[family]:g} ms: {verdict}")
            over |= int(middle > budgets[family])
    return over


def _built(platform: str, runtime: str, folder: Path) -> Path:
    """Build one service for a platform; return the unpacked artifact."""
    python = runtime.startswith("python")
    (folder / "src").mkdir()
    (folder / "src" / ("app.py" if python else "app.mjs")).write_text(PYTHON if python else NODE)
    file = "src/app.py" if python else "src/app.mjs"
    native = f"  bare: {{ handler: '{file}:native', interface: native, triggers: [{{ http: GET / }}] }}\n" if platform == "vercel" else ""
    (folder / "fnctl.yaml").write_text(
        f"fnctl: 1\nservice: bench\ntargets: {{ {platform}: {{}} }}\ndefaults: {{ runtime: {runtime} }}\nfunctions:\n{native}"
        f'  clock: {{ handler: "{file}:event", interface: event, triggers: [{{ schedule: "0 3 * * *" }}] }}\n'
    )
    command = [str(Path(sys.executable).with_name("fnctl")), "build", "--target", platform, "--output", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"fnctl build -> {done.returncode}\n{done.stdout}{done.stderr}")
    (artifact,) = {one["path"] for one in json.loads(done.stdout)["artifacts"]}
    with zipfile.ZipFile(folder / artifact) as packed:
        packed.extractall(folder / "shim")
    return folder / "shim"


def _azure(folder: Path, found: Interpreter, python: bool) -> Pair:
    bare = folder.with_name("bare")
    shutil.copytree(folder, bare)
    name = "function_app.py" if python else "_fnctl.mjs"
    (bare / name).write_text(BARE[name])
    command = parts.python(found, Environments("azure", os.environ, print)) if python else parts.node(found)
    return Pair(lambda: _worked(command, bare), lambda: _worked(command, folder))


def _worked(command: list[str], folder: Path) -> float:
    environ = {"PATH": str(Path(command[0]).parent), "HOME": str(folder.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    worker = Worker([*command, str(folder)], environ, folder, lambda *_line: None)
    try:
        (function,) = worker.functions
        outcome = worker.invoke(Call("1", function, inputs.timer(None, None, past=False)), 30.0)
        taken = _processor(worker.pid)
    finally:
        worker.close()
    if outcome is None or outcome.status != "Success":
        sys.exit(f"{folder}: {outcome}")
    return taken


def _vercel(folder: Path, found: Interpreter, _python: bool) -> Pair:
    made = {(file / "_fnctl.json").exists(): file for file in folder.rglob("*.func")}
    return Pair(lambda: _answered(found, made[False]), lambda: _answered(found, made[True]))


def _answered(found: Interpreter, folder: Path) -> float:
    config = json.loads((folder / ".vc-config.json").read_text())
    environ = {"PATH": str(found.path.parent), "HOME": str(folder.parent), "CRON_SECRET": "a-secret-of-sixteen-or-more", **config["environment"]}
    said = folder / "_fnctl.json"
    path = next(iter(json.loads(said.read_text())["crons"])) if said.exists() else "/"
    instance = Instance(Setup([str(found.path)], folder, config, environ), lambda _line: None)
    try:
        connection = instance.connection(30.0)
        connection.request("GET", path, headers={"authorization": f"Bearer {environ['CRON_SECRET']}"})
        answer = connection.getresponse()
        body = answer.read()
        taken = _processor(instance.pid)
    finally:
        instance.close()
    if answer.status >= 300:
        sys.exit(f"{folder}: {answer.status} {body!r}")
    return taken


def _processor(pid: int) -> float:
    """Give the milliseconds that a process's threads have had a processor; of Node's the first, for the others compile and collect when they like."""
    time.sleep(0.01)  # its last words
    tasks = Path(f"/proc/{pid}/task")
    counted = [tasks / str(pid)] if Path(f"/proc/{pid}/exe").resolve().name == "node" else tasks.iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in counted) / 1e6

"""Kill -9 in the middle of a deploy, ten times at random moments: the next run converges and leaves no orphan."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes.aws import inventory
from fakes.cli import Fnctl, environment
from fakes.forked import Command

HERE = ("--target", "aws", "--sandbox")
MANIFEST = """\
fnctl: 1
service: killed
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: python3.13, memory: 128MB, timeout: 10s }
resources:
  jobs: { type: queue }
  notes: { type: table, key: id }
functions:
  api: { handler: "api.py:handler", triggers: [{ http: GET / }, { http: GET /again }], uses: { jobs: send, notes: read } }
  WORKER: { handler: "work.py:handler", triggers: [{ queue: jobs }], uses: { notes: write } }
  nightly: { handler: "work.py:handler", triggers: [{ schedule: "0 3 * * *" }] }
"""


def test_ten_kills_converge(fnctl: Fnctl, loaded: Command, project: Callable[..., Path]) -> None:
    """Each round changes the code and renames the worker, so that something is made, changed and removed when the axe falls."""
    folder = project()
    (folder / "work.py").write_text("def handler(event):\n    return None\n")
    _write(folder, 0)
    whole = _timed(fnctl, folder)
    chance = random.Random(20)  # moments, not secrets
    killed = 0
    for n in range(1, 11):
        _write(folder, n)
        killed += _killed(loaded, folder, after=chance.uniform(0.15, 0.95) * whole)
        result = fnctl("deploy", *HERE, "--yes", "--output", "json", cwd=folder).result()
        assert result["status"] in ("deployed", "unchanged")
        names = {name for kind, name in inventory(_endpoint(fnctl, folder)) if kind == "function"}
        assert names == {"killed-dev-api", f"killed-dev-worker{n}", "killed-dev-nightly"}, f"round {n}: orphans or gaps"
        assert fnctl("plan", *HERE, "--exit-code", cwd=folder).code == 0
    assert killed >= 5, "too few runs were killed in time: the test shows nothing"
    fnctl("destroy", *HERE, "--yes", cwd=folder)
    assert inventory(_endpoint(fnctl, folder)) == set()


def _write(folder: Path, n: int) -> None:
    (folder / "fnctl.yaml").write_text(MANIFEST.replace("WORKER", f"worker{n}"))
    (folder / "api.py").write_text(f"def handler(request):\n    return {{'round': {n}}}\n")


def _timed(fnctl: Fnctl, folder: Path) -> float:
    fnctl("deploy", *HERE, "--yes", cwd=folder)
    _write(folder, 100)
    begun = time.monotonic()
    fnctl("deploy", *HERE, "--yes", cwd=folder)
    return time.monotonic() - begun


def _killed(loaded: Command, folder: Path, *, after: float) -> bool:
    running = loaded.start(["deploy", *HERE, "--yes", "--output", "json"], folder, environment())
    axe = threading.Timer(after, running.kill)
    axe.start()
    code = running.wait().code
    axe.cancel()
    return code == -signal.SIGKILL


def _endpoint(fnctl: Fnctl, folder: Path) -> str:
    found: dict[str, Any] = fnctl("sandbox", "status", "--target", "aws", "--output", "json", cwd=folder).document()
    return str(found["endpoint"])

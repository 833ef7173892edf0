"""`fnctl deploy` of many functions against AWS's quotas: the stand-in that really makes the objects, behind a proxy that says 429."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from processes import FNCTL, write

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from fakes.quota import Metered, metered

BUDGET = 1.15
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}


def measure(functions: int, trigger: str) -> int:
    """Deploy one function, for the length of the critical path, then many; print calls, refusals, seconds and the ratio to the ideal."""
    with standin() as endpoint:
        alone, _, _ = deployed(1, trigger, endpoint)
        seconds, meter, timings = deployed(functions, trigger, endpoint)
    refused = meter.count(status=429)
    print(f"fnctl deploy, {functions} functions, trigger {trigger}: {len(meter.calls)} calls, {refused} answered with 429")
    shares = {name: meter.count(name) / quota.rate for name, quota in meter.quotas.items()}
    for name, quota in meter.quotas.items():
        print(f"  {name:20} {meter.count(name):5} calls at {quota.rate:g}/s: {shares[name]:5.1f} s")
    others = Counter(name for _, name, _ in meter.calls if name not in meter.quotas)
    print("  without a published quota: " + ", ".join(f"{name} {count}" for name, count in others.most_common()))
    ideal = max(alone, *shares.values())
    ratio = seconds / ideal
    print(f"  {seconds:.1f} s; ideal {ideal:.1f} s, the longest of these and of the critical path ({alone:.1f} s, one function)")
    print(f"  timings {json.dumps(timings)}")
    print(f"  {ratio:.2f} x the ideal, budget {BUDGET} x: {'within' if ratio <= BUDGET and not refused else 'OVER'}")
    return int(ratio > BUDGET or refused > 0)


def deployed(functions: int, trigger: str, endpoint: str) -> tuple[float, Metered, Mapping[str, float]]:
    """Deploy a new service through the proxy; seconds of the whole process. The build is cached by a plan beforehand, as in any second deploy."""
    with tempfile.TemporaryDirectory() as folder, metered(endpoint) as meter:
        project = Path(folder)
        write(project, functions, ("aws: { region: eu-west-1 }",), trigger=trigger, service=f"bench{functions}")
        environ = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": meter.endpoint, "NO_COLOR": "1"}
        fnctl("build", cwd=project, environ=environ)
        meter.calls.clear()
        begun = time.perf_counter()
        result = fnctl("deploy", "--yes", "--output", "json", cwd=project, environ=environ)
        seconds = time.perf_counter() - begun
        if result["status"] != "deployed" or len(result["outputs"]["functions"]) != functions:
            sys.exit(f"not deployed: {json.dumps(result)}")
        return seconds, meter, result["timings"]


def fnctl(*words: str, cwd: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Run fnctl and return its JSON document, or the last of its events."""
    done = subprocess.run([FNCTL, *words], cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"fnctl {' '.join(words)} -> {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    if "json" not in words:
        return {}
    return json.loads(done.stdout.splitlines()[-1] if "--yes" in words else done.stdout)


@contextmanager
def standin() -> Iterator[str]:
    """A sandbox of its own, for the endpoint only."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write(project, 1, ("aws: { region: eu-west-1 }",))
        environ = dict(os.environ)
        fnctl("sandbox", "start", cwd=project, environ=environ)
        try:
            yield fnctl("sandbox", "status", "--output", "json", cwd=project, environ=environ)["endpoint"]
        finally:
            fnctl("sandbox", "stop", cwd=project, environ=environ)

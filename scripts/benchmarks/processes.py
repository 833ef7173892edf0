"""Whole processes against `python -c pass`, run in turn so that a noisy moment hits both."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

FNCTL = str(Path(sys.executable).with_name("fnctl"))
NOTHING = (sys.executable, "-c", "pass")
TRIGGERS = {"http": "{{ http: GET /{name} }}", "schedule": "{{ schedule: 0 3 * * * }}"}
VERSION_BUDGET, VALIDATE_BUDGET = 6.0, 9.0


def version(runs: int) -> int:
    """Measure `fnctl --version`."""
    return report("fnctl --version", pairs((FNCTL, "--version"), Path.cwd(), runs), VERSION_BUDGET)


def validate(functions: int, runs: int) -> int:
    """Measure `fnctl validate` of a large manifest for all three targets."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write(project, functions, ("aws: { region: eu-west-1 }", "azure: { region: westeurope }", "vercel: { region: fra1 }"))
        return report(f"fnctl validate, {functions} functions, three targets", pairs((FNCTL, "validate"), project, runs), VALIDATE_BUDGET)


def write(project: Path, functions: int, targets: Sequence[str], *, trigger: str = "http", service: str = "bench") -> None:
    """Write a service of functions, each with a file of its own and, unless `trigger` is `none`, a trigger of its own."""
    lines = ["fnctl: 1", f"service: {service}", "targets:", *(f"  {target}" for target in targets)]
    lines += ["defaults: { runtime: python3.13, memory: 256MB, timeout: 15s }", "functions:"]
    (project / "src").mkdir()
    for number in range(functions):
        name = f"f{number:04}"
        lines += [f"  {name}:", f"    handler: src/{name}.py:handler", "    interface: " + ("function" if trigger == "http" else "event")]
        lines += [f"    triggers: [{TRIGGERS[trigger].format(name=name)}]"] if trigger in TRIGGERS else []
        (project / "src" / f"{name}.py").write_text(f"def handler(request):\n    return {{'number': {number}}}\n")
    (project / "fnctl.yaml").write_text("\n".join(lines) + "\n")


def pairs(command: Sequence[str], folder: Path, runs: int) -> list[tuple[float, float]]:
    """Run `command` and nothing in turn; the first pair only warms the disk cache."""
    environ = {**os.environ, "NO_COLOR": "1"}
    return [(seconds(command, folder, environ), seconds(NOTHING, folder, environ)) for _ in range(runs + 1)][1:]


def seconds(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Time one whole process; one that fails measures nothing."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} -> {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return taken


def report(what: str, measured: Sequence[tuple[float, float]], budget: float) -> int:
    """Print medians and their ratio; 1 when it is over the budget."""
    ours, nothing = (statistics.median(column) for column in zip(*measured, strict=True))
    ratio = statistics.median(a / b for a, b in measured)
    print(f"{what}\n  median {ours * 1000:.0f} ms over {len(measured)} runs; python -c pass {nothing * 1000:.0f} ms")
    print(f"  {ratio:.1f} x, budget {budget:g} x: {'within' if ratio <= budget else 'OVER'}")
    return int(ratio > budget)

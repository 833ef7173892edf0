"""Whole processes side by side: each round runs every command once, so that a noisy moment hits all of them."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import manifests
import peers

FNCTL = str(Path(sys.executable).with_name("fnctl"))
NOTHING = (sys.executable, "-c", "pass")
TRIGGERS = {"http": "{{ http: GET /{name} }}", "schedule": "{{ schedule: 0 3 * * * }}"}
SERIOUS, MOST = 200, 500
"""Functions: from where peers are compared by the budget, and up to where they are run at all."""

BUDGETS: Mapping[str, Mapping[int, tuple[float, float | None]]] = {
    "fnctl validate, new": {200: (9, 25), 5000: (30, 50)},
    "fnctl validate, unchanged": {200: (2, None)},
}
"""Times `python -c pass`, and MiB, by the number of functions."""


PEERS: Mapping[str, tuple[str, tuple[str, ...], float]] = {
    "osls print": ("osls", ("print",), 15),
    "cfn-lint (CloudFormation)": ("cfn-lint", ("plain.json",), 30),
    "cfn-lint (SAM)": ("cfn-lint", ("template.yaml",), 30),
    "sam validate --lint": ("sam", ("validate", "--lint"), 75),
}
"""The tool, its words, and how many times as fast fnctl is to be."""

STARTER = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


@dataclass
class Measured:
    """One command: what to run, and the seconds and MiB of every round."""

    name: str
    command: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def times(self, other: Measured) -> float:
        """Return how many times as long it takes as another: the median over the rounds."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds, strict=True))


def start(runs: int) -> int:
    """Measure `fnctl --version` and `--help`."""
    version, help = Measured("fnctl --version", (FNCTL, "--version")), Measured("fnctl --help", (FNCTL, "--help"))
    nothing = measure([version, help], Path.cwd(), runs)
    table([version, help], nothing, None)
    return judge({version.name: (version.times(nothing), 6.0), help.name: (help.times(nothing), 14.0)})


def validate(sizes: Sequence[int], runs: int, slow: int) -> int:
    """Measure `fnctl validate` of manifests for three targets, and the peers that are installed."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}")
    over = 0
    for functions in sizes:
        with tempfile.TemporaryDirectory() as folder:
            project = Path(folder) / "shop"
            project.mkdir()
            manifests.write(project, functions)
            age(project)
            over |= _validate(functions, project, runs, slow)
    return over


def _validate(functions: int, project: Path, runs: int, slow: int) -> int:
    fresh = Measured("fnctl validate, new", (FNCTL, "validate", "--no-cache"))
    known = Measured("fnctl validate, unchanged", (FNCTL, "validate"))
    others = [Measured(name, (found, *words)) for name, (tool, words, _) in PEERS.items() if functions <= MOST and (found := peers.find(tool))]
    said = subprocess.run((FNCTL, "validate", "--no-cache"), cwd=project, capture_output=True, text=True, check=False).stderr.splitlines()[-1]
    print(f"\n{functions} functions, {len((project / 'fnctl.yaml').read_bytes()) // 1024} KiB: {said}\n")
    nothing = measure([fresh, known], project, runs)
    rows = [fresh, known]
    judged = {}
    for row in rows:
        ratio, peak = BUDGETS[row.name].get(functions, (None, None))
        judged |= {row.name: (row.times(nothing), ratio)} if ratio else {}
        judged |= {f"{row.name}, MiB": (row.peak, peak)} if peak else {}
    table(rows, nothing, None)
    if others:
        beside = Measured("fnctl validate, new", fresh.command)
        nothing = measure([beside, *others], project, slow)
        print()
        table([beside, *others], nothing, beside)
        print()
        judged |= {f"{row.name} / fnctl": (-row.times(beside), -PEERS[row.name][2]) for row in others if functions >= SERIOUS}
    return judge(judged)


def age(project: Path) -> None:
    """Let files be older than the moment in which a change might not show."""
    for path in (project, *project.rglob("*")):
        os.utime(path, (1e9, 1e9))


def measure(rows: Sequence[Measured], folder: Path, runs: int) -> Measured:
    """Run every command and nothing in turn; the first round only warms the caches."""
    nothing = Measured("python -c pass", NOTHING)
    with tempfile.TemporaryDirectory() as home:
        environ = {**peers.environ(Path(home)), "XDG_CACHE_HOME": home}
        for number in range(runs + 1):
            for row in (*rows, nothing):
                taken = once(row.command, folder, environ)
                row.seconds += [taken] if number else []
        for row in (*rows, nothing):
            row.peak = peak(row.command, folder, environ)
    return nothing


def once(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Time one whole process. One that fails measures nothing."""
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    taken = time.perf_counter() - begun
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} -> {done.returncode}\n{(done.stdout + done.stderr).decode(errors='replace')[-4000:]}")
    return taken


def peak(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Return the MiB that a process holds at most. A small one starts it: the starter's own size counts until the program is loaded."""
    done = subprocess.run((sys.executable, "-I", "-S", "-c", STARTER, *command), cwd=folder, env=environ, capture_output=True, check=True)
    return int(done.stdout.split()[-1]) / (1024 if sys.platform != "darwin" else 1024**2)


def table(rows: Sequence[Measured], nothing: Measured, base: Measured | None) -> None:
    """Print the rows as Markdown."""
    columns: dict[str, Callable[[Measured], str]] = {
        "median ms": lambda row: f"{row.median * 1000:.0f}",
        "best ms": lambda row: f"{min(row.seconds) * 1000:.0f}",
        "peak MiB": lambda row: f"{row.peak:.0f}",
        "x `python -c pass`": lambda row: f"{row.times(nothing):.1f}",
    }
    columns |= {"x fnctl": lambda row: f"{row.times(base):.0f}"} if base else {}
    print(f"| {len(nothing.seconds)} rounds | " + " | ".join(columns) + " |\n|---|" + "---:|" * len(columns))
    for row in (*rows, nothing):
        print(f"| {row.name} | " + " | ".join(show(row) for show in columns.values()) + " |")


def judge(measured: Mapping[str, tuple[float, float]]) -> int:
    """Compare with the budgets; 1 when one is missed. A negative figure is to be at least so large."""
    for name, (value, budget) in measured.items():
        print(f"{name}: {abs(value):.1f}, {'at least' if budget < 0 else 'at most'} {abs(budget):g}: {'within' if value <= budget else 'MISSED'}")
    return int(any(value > budget for value, budget in measured.values()))


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

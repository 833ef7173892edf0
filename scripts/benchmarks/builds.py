"""Building side by side: fnctl, `sam build` and `osls package` on one service, half Python and half TypeScript; and many wheels into one zip."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import peers

FNCTL = str(Path(sys.executable).with_name("fnctl"))
SMALL, MANY, UNCHANGED, WHEELS = 15.0, 10.0, 10.0, 20.0
"""How many times faster fnctl is to be: on two functions, on many, when nothing changed, and with many wheels."""

OUTPUTS = ("artifacts", "bundles", "node", "files")
"""What fnctl's cache keeps of a build, apart from wheels and tools."""

REQUIREMENTS = "requests==2.32.5\n"
PYTHON = "import requests\n\n\ndef handler(event, context=None):\n    return {{'n': {number}, 'requests': requests.__version__}}\n"
TYPESCRIPT = "export async function handler(event: unknown): Promise<unknown> {{\n  return {{ n: {number} }};\n}}\n"
LARGE = ("requests==2.32.5", "pydantic==2.12.4", "numpy==2.3.5", "pandas==2.3.3", "cryptography==46.0.3", "pillow==12.0.0")


@dataclass(frozen=True)
class Taken:
    """One run of one command: seconds from start to end, and the most memory that it or a child of it had, in MiB."""

    seconds: float
    memory: float


@dataclass(frozen=True)
class Case:
    """A command in a project, what is taken away before each run, and how many times fnctl's time it has to take at the least."""

    name: str
    command: tuple[str, ...]
    before: Callable[[], None]
    budget: float = 0.0


def measure(functions: int, runs: int) -> int:
    """Measure a service of `functions` functions; what is over its budget makes this 1."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        project = write(Path(folder) / "project", functions)
        home.mkdir()
        environ = {**peers.environ(home), "XDG_CACHE_HOME": str(Path(folder) / "cache")}
        cache = Path(folder) / "cache" / "fnctl"
        small = write(Path(folder) / "small", 2)  # fills the caches of pip, npm and ours: minutes less than the whole service would take
        for case in cases(small, cache, 0.0):
            run(case.command, small, environ)
        return report(cases(project, cache, SMALL if functions <= 2 else MANY), project, environ, runs, f"{functions} functions")


def cases(project: Path, cache: Path, budget: float) -> list[Case]:
    """List what can be measured here."""
    ours = project / ".fnctl"
    fnctl = (FNCTL, "build", "--target", "aws", "--quiet")
    found = [
        Case("fnctl build, wheels cached", fnctl, lambda: peers.remove(ours, *(cache / part for part in OUTPUTS))),
        Case("fnctl build, nothing changed", fnctl, lambda: None),
    ]
    sam, osls = peers.find("sam"), peers.find("osls")
    if sam:
        build = (sam, "build", "--build-dir", "sam-build")
        found.append(Case("sam build", build, lambda: peers.remove(project / "sam-build", project / ".aws-sam"), budget))
        found.append(Case("sam build --cached, nothing changed", (*build, "--cached", "--parallel"), lambda: None, UNCHANGED))
    if osls:
        found.append(Case("osls package", (osls, "package"), lambda: peers.remove(project / ".serverless", project / ".esbuild"), budget))
    return found


def report(found: Sequence[Case], project: Path, environ: Mapping[str, str], runs: int, what: str) -> int:
    """Run the cases in turn, so that a noisy moment hits all of them; print medians and how many times fnctl's."""
    for case in found:
        if "nothing changed" in case.name:  # since this
            run(case.command, project, environ)
    taken: dict[str, list[Taken]] = {case.name: [] for case in found}
    for _ in range(runs):
        for case in found:
            case.before()
            taken[case.name].append(run(case.command, project, environ))
    base = {word: statistics.median(t.seconds for t in taken[f"fnctl build, {word}"]) for word in ("wheels cached", "nothing changed")}
    print(f"{what}: medians of {runs}")
    over = 0
    for case in found:
        times = taken[case.name]
        seconds, memory = statistics.median(t.seconds for t in times), max(t.memory for t in times)
        ratio = seconds / base["nothing changed" if "nothing changed" in case.name else "wheels cached"]
        verdict = f"  at least {case.budget:g} x: {'within' if ratio >= case.budget else 'OVER'}" if case.budget else ""
        print(f"  {case.name:<38} {seconds:8.3f} s {memory:6.0f} MiB {ratio:7.1f} x{verdict}")
        over |= int(ratio < case.budget)
    return over


def run(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Taken:
    """Run to the end; one that fails measures nothing."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=folder, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(command)} -> {process.returncode}\n{output.read().decode(errors='replace')[-4000:]}")
    return Taken(seconds, usage.ru_maxrss / 1024)


def write(project: Path, functions: int) -> Path:
    """Write one service three times: for fnctl, for SAM and for osls."""
    for folder in ("src", "web"):
        (project / folder).mkdir(parents=True)
    half = range(functions // 2)
    for number in half:
        (project / "src" / f"p{number:03}.py").write_text(PYTHON.format(number=number))
        (project / "web" / f"t{number:03}.ts").write_text(TYPESCRIPT.format(number=number))
    (project / "src" / "requirements.txt").write_text(REQUIREMENTS)
    (project / "requirements.txt").write_text(REQUIREMENTS)
    (project / "web" / "package.json").write_text('{"name": "web", "version": "1.0.0", "private": true}\n')
    (project / "package.json").write_text('{"name": "bench", "version": "1.0.0", "private": true}\n')
    (project / "fnctl.yaml").write_text(ours(half))
    (project / "template.yaml").write_text(sams(half))
    (project / "serverless.yml").write_text(oslss(half))
    peers.link(project)
    return project


def ours(half: range) -> str:
    """The manifest. Handlers are native, as they are for the others."""
    lines = ["fnctl: 1", "service: bench", "targets: { aws: { region: eu-west-1 } }", "defaults: { memory: 256MB, timeout: 15s, interface: native }"]
    lines.append("functions:")
    for number in half:
        lines.append(f"  p{number:03}: {{ handler: src/p{number:03}.py:handler, runtime: python3.11, triggers: [{{ http: GET /p{number:03} }}] }}")
        lines.append(f"  t{number:03}: {{ handler: web/t{number:03}.ts:handler, runtime: nodejs22, triggers: [{{ http: GET /t{number:03} }}] }}")
    return "\n".join(lines) + "\n"


def sams(half: range) -> str:
    """SAM's template."""
    lines = ["AWSTemplateFormatVersion: '2010-09-09'", "Transform: AWS::Serverless-2016-10-31", "Resources:"]
    for number in half:
        event = f"      Events: {{ Get: {{ Type: HttpApi, Properties: {{ Method: GET, Path: /%s{number:03} }} }} }}"
        lines += [f"  P{number:03}:", "    Type: AWS::Serverless::Function", "    Properties:", "      CodeUri: src/", "      Runtime: python3.11"]
        lines += [f"      Handler: p{number:03}.handler", event % "p"]
        lines += [f"  T{number:03}:", "    Type: AWS::Serverless::Function", "    Metadata:", "      BuildMethod: esbuild"]
        lines += [f"      BuildProperties: {{ EntryPoints: [t{number:03}.ts], Target: es2022, Sourcemap: true }}"]
        lines += ["    Properties:", "      CodeUri: web/", "      Runtime: nodejs22.x", f"      Handler: t{number:03}.handler", event % "t"]
    return "\n".join(lines) + "\n"


def oslss(half: range) -> str:
    """The serverless.yml of osls."""
    lines = ["service: bench", "provider: { name: aws, region: eu-west-1, runtime: nodejs22.x }", "package: { individually: true }"]
    lines += [
        "plugins: [serverless-esbuild, serverless-python-requirements]",
        "custom: { pythonRequirements: { dockerizePip: false } }",
        "functions:",
    ]
    for number in half:
        lines += [
            f"  p{number:03}:",
            f"    handler: src/p{number:03}.handler",
            "    runtime: python3.11",
            f"    events: [{{ httpApi: GET /p{number:03} }}]",
        ]
        lines += ["    package: { patterns: ['!**', 'src/**'] }"]
        lines += [f"  t{number:03}:", f"    handler: web/t{number:03}.handler", f"    events: [{{ httpApi: GET /t{number:03} }}]"]
    return "\n".join(lines) + "\n"


def wheels(runs: int) -> int:
    """Measure many dependencies into one archive: fnctl's build with its wheels cached, and pip into a folder with zipfile after it."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        (project / "src").mkdir(parents=True)
        (project / "src" / "api.py").write_text("def handler(event, context=None):\n    return 1\n")
        (project / "requirements.txt").write_text("\n".join(LARGE) + "\n")
        (project / "fnctl.yaml").write_text(
            "fnctl: 1\nservice: bench\ntargets: { aws: { region: eu-west-1 } }\n"
            "functions: { api: { handler: src/api.py:handler, runtime: python3.13, interface: native, triggers: [{ http: GET / }] } }\n"
        )
        environ = {**os.environ, "XDG_CACHE_HOME": str(Path(folder) / "cache"), "NO_COLOR": "1"}
        script = Path(folder) / "zip.py"
        script.write_text(ZIP)
        cache = Path(folder) / "cache" / "fnctl"
        found = [
            Case(
                "fnctl build, wheels cached",
                (FNCTL, "build", "--target", "aws", "--quiet"),
                lambda: peers.remove(project / ".fnctl", *(cache / part for part in OUTPUTS)),
            ),
            Case("fnctl build, nothing changed", (FNCTL, "build", "--target", "aws", "--quiet"), lambda: None),
            Case("pip install --target, zipfile", (sys.executable, str(script), str(project / "requirements.txt")), lambda: None, WHEELS),
        ]
        for case in found:  # the first run of each only fills caches
            run(case.command, project, environ)
        return report(found, project, environ, runs, f"{len(LARGE)} distributions and what they need, into one zip")


ZIP = """
import pathlib, subprocess, sys, tempfile, zipfile
with tempfile.TemporaryDirectory() as folder:
    wanted = ("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64", "--python-version", "3.13", "--only-binary", ":all:")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *wanted, "--target", folder, "-r", sys.argv[1]], check=True)
    with zipfile.ZipFile(pathlib.Path(folder).with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    pathlib.Path(folder).with_suffix(".zip").unlink()
"""

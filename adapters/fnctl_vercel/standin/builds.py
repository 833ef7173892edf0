"""From uploaded files to a tree that can be served: archives unpacked, the Build Output API v3 checked, and what a plan refuses refused."""

from __future__ import annotations

import base64
import json
import os
import re
import stat
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from fnctl_vercel.standin import limits
from fnctl_vercel.standin.account import Account, Build, Deployment, Project
from fnctl_vercel.standin.limits import Plan

OUTPUT = ".vercel/output"
RUNTIMES = ("nodejs22.x", "nodejs24.x", "python3.12", "python3.13", "python3.14")
_PART = re.compile(r"\.vercel/source\.tgz\.part([0-9]+)")
_CRON = re.compile(r"\S+( \S+){4}")
_TRIGGERS = ("queue/v1beta", "queue/v2beta", "schedule/v1beta")


class Failed(Exception):
    """The build fails; `code` is the deployment's errorCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fail(code: str, message: str) -> NoReturn:
    """Raise Failed."""
    raise Failed(code, message)


def build(account: Account, project: Project, deployment: Deployment, plan: Plan) -> Build:
    """Lay the files out and read them. Raises Failed."""
    place = account.data / "deployments" / deployment.id
    source = place / "source"
    _lay_out(account, project.team, deployment.files, source)
    tree = source / OUTPUT
    if not deployment.prebuilt or not (tree / "config.json").is_file():
        fail("BUILD_UNSUPPORTED", "no prebuilt output: this sandbox builds nothing itself; send .vercel/output and ask with prebuilt=1")
    config = _read(tree / "config.json", "config.json")
    if config.get("version") != 3:
        fail("INVALID_BUILD_OUTPUT", 'config.json does not say "version": 3')
    made = Build(tree, config, dict(_functions(tree, source)))
    for problem in (*_config_problems(config, plan), *function_problems(made, plan)):
        raise problem
    return made


def _lay_out(account: Account, team: str, files: Iterable[Mapping[str, Any]], source: Path) -> None:
    source.mkdir(parents=True, exist_ok=True)
    parts: dict[int, bytes] = {}
    for entry in files:
        path = _inside(source, str(entry["file"]))
        mode = int(entry.get("mode") or 0o100644)
        if stat.S_ISDIR(mode) or ("sha" not in entry and "data" not in entry):
            path.mkdir(parents=True, exist_ok=True)
            continue
        content = _content(account, team, entry)
        if part := _PART.fullmatch(str(entry["file"])):
            parts[int(part[1])] = content
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(mode):
            _inside(source, str(PurePosixPath(str(entry["file"])).parent / content.decode()))
            path.symlink_to(content.decode())
        else:
            path.write_bytes(content)
            path.chmod(0o755 if mode & 0o111 else 0o644)
    if parts:
        _unpack([parts[number] for number in sorted(parts)], source)


def _content(account: Account, team: str, entry: Mapping[str, Any]) -> bytes:
    if "data" in entry:
        text = str(entry["data"])
        return base64.b64decode(text) if entry.get("encoding") == "base64" else text.encode()
    return account.blob(team, str(entry["sha"])).read_bytes()


def _inside(source: Path, name: str) -> Path:
    path = Path(os.path.normpath(source / name))
    if not path.is_relative_to(source):
        fail("INVALID_FILE", f"{name} is outside of the project")
    return path


def _unpack(parts: list[bytes], source: Path) -> None:
    try:
        with tarfile.open(fileobj=BytesIO(b"".join(parts)), mode="r:gz") as archive:
            archive.extractall(source, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        fail("INVALID_ARCHIVE", f"the uploaded archive cannot be read: {error}")


def _read(file: Path, name: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        fail("INVALID_BUILD_OUTPUT", f"{name} cannot be read: {error}")
    if not isinstance(found, dict):
        fail("INVALID_BUILD_OUTPUT", f"{name} is not an object")
    return found


def _functions(tree: Path, source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    root = tree / "functions"
    for folder in sorted(root.rglob("*.func")) if root.is_dir() else ():
        name = folder.relative_to(root).as_posix().removesuffix(".func")
        settings = _read(folder / ".vc-config.json", f"{name}.func/.vc-config.json")
        for path, origin in (settings.get("filePathMap") or {}).items():
            _mapped(folder, source, path, origin)
        yield name, settings


def _mapped(folder: Path, source: Path, path: str, origin: str) -> None:
    """Put a file that several functions share where the function looks for it."""
    target, content = _inside(folder, path), _inside(source, origin)
    if not content.exists():
        fail("ENOENT", f"no such file: {origin}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        target.hardlink_to(content.resolve())


def _config_problems(config: Mapping[str, Any], plan: Plan) -> Iterator[Failed]:
    if len(config.get("routes") or ()) > limits.ROUTES:
        yield Failed("TOO_MANY_ROUTES", f"there are more than {limits.ROUTES} routes")
    crons = config.get("crons") or []
    if len(crons) > limits.CRONS:
        yield Failed("TOO_MANY_CRONS", f"there are more than {limits.CRONS} crons")
    for one in crons:
        path, schedule = str(one.get("path", "")), str(one.get("schedule", ""))
        if not path.startswith("/") or len(path) > 512 or not 9 <= len(schedule) <= 256 or not _CRON.fullmatch(schedule):
            yield Failed("INVALID_CRON", f"the cron {path} {schedule!r} is not valid")
        elif plan.cron_seconds >= limits.DAY and not all(re.fullmatch("[0-9]+", field) for field in schedule.split()[:2]):
            yield Failed("CRON_TOO_FREQUENT", f"Hobby accounts are limited to daily cron jobs. The cron {schedule!r} would run more than once a day.")
    if not isinstance(config.get("schedules", []), list):
        yield Failed("INVALID_BUILD_OUTPUT", "`schedules` should be array")


def function_problems(made: Build, plan: Plan) -> Iterator[Failed]:
    """Find what a plan refuses of the functions: their number, settings and sizes."""
    own = [name for name in made.functions if not (made.tree / "functions" / f"{name}.func").is_symlink()]
    if plan.functions is not None and len(own) > plan.functions:
        words = f"No more than {plan.functions} Serverless Functions can be added to a Deployment on the Hobby plan."
        yield Failed("exceeded_serverless_functions_per_deployment", words)
    for name, settings in made.functions.items():
        yield from _settings_problems(name, settings, plan)
    for name in own:
        yield from _size_problems(made, name)


def _settings_problems(name: str, settings: Mapping[str, Any], plan: Plan) -> Iterator[Failed]:
    runtime = settings.get("runtime")
    if runtime not in RUNTIMES:
        yield Failed("INVALID_RUNTIME", f"{name}: the runtime {runtime!r} is not valid; there are {', '.join(RUNTIMES)}")
    yield from _machine_problems(name, settings, plan)
    if not settings.get("handler"):
        yield Failed("INVALID_BUILD_OUTPUT", f"{name}: `handler` is missing in .vc-config.json")
    if str(runtime).startswith("nodejs") and settings.get("launcherType") != "Nodejs":
        yield Failed("INVALID_BUILD_OUTPUT", f'{name}: "launcherType": "Nodejs" is missing in .vc-config.json')
    yield from _trigger_problems(name, settings.get("experimentalTriggers") or [])


def _machine_problems(name: str, settings: Mapping[str, Any], plan: Plan) -> Iterator[Failed]:
    seconds = settings.get("maxDuration")
    if seconds not in (None, "max") and not (isinstance(seconds, int) and 1 <= seconds <= plan.seconds):
        yield Failed("INVALID_MAX_DURATION", f"{name}: maxDuration must be between 1 and {plan.seconds} on this plan, and is {seconds}")
    memory = settings.get("memory")
    if memory is not None and not (isinstance(memory, int) and 128 <= memory <= plan.memory):
        yield Failed("INVALID_MEMORY", f"{name}: memory must be between 128 and {plan.memory} MB on this plan, and is {memory}")
    if len(settings.get("regions") or ()) > plan.regions:
        yield Failed("TOO_MANY_REGIONS", f"{name}: this plan has {plan.regions} regions for a function")


def _trigger_problems(name: str, triggers: list[Mapping[str, Any]]) -> Iterator[Failed]:
    for one in triggers:
        if one.get("type") not in _TRIGGERS or (
            str(one.get("type")).startswith("queue/") and not re.fullmatch(r"[A-Za-z0-9_*-]+", one.get("topic", ""))
        ):
            yield Failed("INVALID_TRIGGER", f"{name}: {json.dumps(one)} is no trigger")
        elif str(one["type"]).startswith("queue/") and not one.get("consumer"):
            yield Failed("INVALID_TRIGGER", f"{name}: a queue trigger needs its consumer")
    if len(triggers) > 1:
        yield Failed("INVALID_TRIGGER", f"{name}: a function has one trigger at most")


def _size_problems(made: Build, name: str) -> Iterator[Failed]:
    family = "python" if str(made.functions[name].get("runtime")).startswith("python") else "nodejs"
    total = sum(file.stat().st_size for file in (made.tree / "functions" / f"{name}.func").rglob("*") if file.is_file())
    if total > limits.UNPACKED[family]:
        most = limits.UNPACKED[family] // limits.MB
        yield Failed("LAMBDA_SIZE_EXCEEDED", f"A Serverless Function has exceeded the unzipped maximum size of {most} MB: {name}, {total} bytes")

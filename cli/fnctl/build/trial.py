"""Can the platform import the handlers? Tried before anything is uploaded, from the artifact's own files, in the interpreter that the target has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from fnctl.build import cache as memory
from fnctl.build import interpreters, raised
from fnctl.build.builder import Built
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.build.jobs import attempt
from fnctl.build.model import Bundle, Recipe
from fnctl.diagnostics import Diagnostic
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service

SECONDS = 20
"""How long an import may take: twice what Lambda gives it, for this machine may be busy."""

LEVEL = "import 1"
PROBES = Path(__file__).with_name("probes")
DEAD = "http://127.0.0.1:9"
PLACEHOLDER = "import-check"


@dataclass(frozen=True)
class Trial:
    """One handler to import: where its artifact is, where in that its files begin, and which folders of it hold packages."""

    service: Service
    bundle: Bundle
    built: Built
    recipe: Recipe
    start: str
    packages: tuple[str, ...]

    @property
    def function(self) -> Function:
        """What the manifest says of it."""
        return self.service.functions[self.bundle.function]

    @property
    def key(self) -> str:
        """Name this question: the artifact's bytes, the entry, the interpreter's version, the environment."""
        facts: list[Json] = [self.built.artifact.sha256, self.start, *self.bundle.entry, self.bundle.target.runtime]
        return memory.key(LEVEL, facts, dict(environment(self)), self.bundle.target.interpreter is not None)


def tried(
    service: Service, bundles: Mapping[str, Bundle], recipes: Sequence[Recipe], artifacts: Mapping[str, Built], cache: Cache
) -> tuple[list[Diagnostic], dict[str, list[str]]]:
    """Import every handler whose artifact has not been tried before, each in a process of its own.

    Args:
        service: the manifest.
        bundles: by function.
        recipes: how bundles went into artifacts.
        artifacts: by recipe.
        cache: remembers what could be imported.

    Returns:
        Findings, and by artifact sentences about what could not be tried here.
    """
    todo: dict[str, list[Trial]] = {}
    for recipe in recipes:
        for trial in _trials(service, recipe, bundles, artifacts[recipe.name]):
            if cache.get("imported", trial.key) is None:
                todo.setdefault(recipe.name, []).append(trial)
    if not todo:
        return [], {}
    with tempfile.TemporaryDirectory(prefix="fnctl-import-") as place:
        each = {name: partial(_artifact, trials, Path(place).resolve() / str(number), cache) for number, (name, trials) in enumerate(todo.items())}
        done, findings = attempt(each, cache.parallel)
    return [*findings, *(found for group, _ in done.values() for found in group)], {name: notes for name, (_, notes) in done.items() if notes}


def _trials(service: Service, recipe: Recipe, bundles: Mapping[str, Bundle], built: Built) -> Iterator[Trial]:
    for name in recipe.functions:
        bundle = bundles[name]
        if recipe.prebuilt:
            yield Trial(service, bundle, built, recipe, "", ("",))
            continue
        source = next((file.source for file in bundle.files if file.path == bundle.entry[0]), None)
        path = next((file.path for file in recipe.files if file.source == source and file.path.endswith(bundle.entry[0])), None)
        if path is not None and _family(bundle) in ("python", "nodejs"):
            start = path.removesuffix(bundle.entry[0])
            yield Trial(service, bundle, built, recipe, start, tuple(at for at in recipe.wheels if at.startswith(start) or not at))


def _family(bundle: Bundle) -> str:
    return bundle.target.runtime.rstrip("0123456789.")


def _artifact(trials: Sequence[Trial], place: Path, cache: Cache) -> tuple[list[Diagnostic], list[str]]:
    """Try one artifact's handlers; it is unpacked once, and only when there is an interpreter for one of them."""
    found: list[Diagnostic] = []
    absent: dict[str, None] = {}
    for trial in trials:
        program = _program(trial, cache)
        if program is None:
            absent[_wanted(trial)] = None
            continue
        if not place.exists():
            _unpack(trial.built.path, place)
        finding = raised.finding(trial.service, trial.function, trial.bundle.target, _ask(trial, program, place), place / trial.start)
        if finding is None:
            cache.put("imported", trial.key, "well")
        else:
            found.append(finding)
    return found, [f"not imported before upload: {wanted} is not on this machine" for wanted in absent]


def _unpack(archive: Path, place: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(place)  # our own archive: its paths were checked when it was packed
    except OSError as error:
        raise refused(error, place) from error


def _program(trial: Trial, cache: Cache) -> list[str | Path] | None:
    """Return the command of a matching interpreter: this version, and this machine where there are compiled parts; else None."""
    target, family = trial.bundle.target, _family(trial.bundle)
    # Isolated, and with nothing that is installed here: what the artifact lacks has to be missed.
    flags: list[str | Path] = ["-I", "-S", "-B", PROBES / "import.py"] if family == "python" else ["--enable-source-maps", PROBES / "import.mjs"]
    if target.interpreter is not None:
        return [target.interpreter, *(flag for flag in flags if flag != "-S")]
    version = target.runtime.removeprefix(family)
    look = interpreters.find if family == "python" else interpreters.find_node
    found = cache.once(f"interpreter {target.runtime}", lambda: look(version, cache.environ))
    if found is None or not found.exact:
        return None
    portable = (
        trial.recipe.prebuilt is None
        and all(wheel.name.endswith("-any.whl") for wheel in trial.bundle.wheels)
        and not any(file.path.endswith((".so", ".node")) for file in trial.bundle.files)
    )
    linux = sys.platform == "linux" and (family == "nodejs" or any(tag.startswith("manylinux") for tag in found.tags))
    fits = portable or (linux and found.machine == target.architecture)
    return [found.path, *flags] if fits else None


def _wanted(trial: Trial) -> str:
    target, family = trial.bundle.target, _family(trial.bundle)
    name = {"python": "Python", "nodejs": "Node.js"}[family]
    return f"{name} {target.runtime.removeprefix(family)} for {target.architecture}"


def _ask(trial: Trial, program: Sequence[str | Path], place: Path) -> Mapping[str, Any]:
    """Run the probe, and return what it wrote down: nothing when all went well."""
    root = place / trial.start
    file, name = trial.bundle.entry
    with tempfile.TemporaryDirectory(prefix="fnctl-home-") as home:
        answer = Path(home) / "answer.json"
        folders = [(root / file).parent, root, *(place / at for at in trial.packages), place]
        question = {
            "root": str(root).rstrip("/"),
            "file": file,
            "name": name,
            "paths": list(dict.fromkeys(str(folder).rstrip("/") for folder in folders)),
            "provided": [provided.replace("-", "_") for provided in trial.bundle.target.provided],
            "elsewhere": [str(Path(__file__).parents[2]), *_installed()] if trial.bundle.target.provided else [],
            "answer": str(answer),
        }
        environ = {"HOME": home, "TMPDIR": home, "PATH": os.defpath, "LANG": "C.UTF-8", **environment(trial)}
        try:
            words = [str(word) for word in program]
            done = subprocess.run(
                words, env=environ, cwd=root, input=json.dumps(question).encode(), capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return {"type": "timeout", "text": f"{SECONDS} s"}
        try:
            told: dict[str, Any] = json.loads(answer.read_bytes())
        except (OSError, ValueError):
            return {"type": "ended", "text": (done.stderr or done.stdout).decode("utf-8", "replace")[-1000:], "code": done.returncode}
        return told


def _installed() -> list[str]:
    """Return where fnctl's own environment keeps packages: the platform's SDK may be among them."""
    import sysconfig

    return list(dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")))


def environment(trial: Trial) -> Mapping[str, str]:
    """Return what the handler will find set, with placeholders for what only the platform knows; no credentials, and no way to any network."""
    function, service = trial.function, trial.service
    kinds = {**dict.fromkeys(service.functions, "function"), **{name: resource.type for name, resource in service.resources.items()}}
    used = {f"{name}_{kinds.get(name, 'workflow')}".replace("-", "_").upper(): PLACEHOLDER for name in function.uses}
    told: Any = trial.recipe.facts.get("environment") or {}
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), DEAD)
    return {**proxies, **told, **used, **dict.fromkeys(function.secrets, PLACEHOLDER), **function.env}

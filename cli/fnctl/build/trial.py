"""Can the platform import the handlers? Tried before anything is uploaded, from the artifact's own files, in the interpreter that the target has."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from fnctl.build import archive, asking, interpreters, raised
from fnctl.build import cache as memory
from fnctl.build.asking import Question
from fnctl.build.builder import Built
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.build.jobs import attempt
from fnctl.build.model import Bundle, Recipe
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service

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
    """Import every handler whose artifact has not been tried before.

    Args:
        service: the manifest.
        bundles: by function.
        recipes: how bundles went into artifacts.
        artifacts: by recipe.
        cache: remembers what could be imported.

    Returns:
        Findings, and by artifact sentences about what could not be tried here.

    Raises:
        FnctlError: FN404, there is no room to unpack an artifact.
    """
    ready: dict[str, list[tuple[Trial, tuple[str, ...]]]] = {}
    notes: dict[str, dict[str, None]] = {}
    for recipe in recipes:
        for trial in _trials(service, recipe, bundles, artifacts[recipe.name]):
            if cache.get("imported", trial.key) is not None:
                continue
            program = _program(trial, cache)
            if program:
                ready.setdefault(recipe.name, []).append((trial, program))
            else:
                notes.setdefault(recipe.name, {})[f"not imported before upload: {_wanted(trial)} is not on this machine"] = None
    return _found(ready, cache) if ready else [], {name: list(told) for name, told in notes.items()}


def _found(ready: Mapping[str, Sequence[tuple[Trial, tuple[str, ...]]]], cache: Cache) -> list[Diagnostic]:
    try:
        with tempfile.TemporaryDirectory(prefix="fnctl-import-") as folder:
            return _asked(ready, Path(folder).resolve(), cache)
    except OSError as error:
        raise refused(error, Path(tempfile.gettempdir())) from error


def _asked(ready: Mapping[str, Sequence[tuple[Trial, tuple[str, ...]]]], place: Path, cache: Cache) -> list[Diagnostic]:
    """Unpack the artifacts, ask about all handlers, and remember which could be imported."""
    homes = {name: place / f"artifact{number}" for number, name in enumerate(ready)}
    _, findings = attempt({name: partial(_unpack, ready[name][0][0], home) for name, home in homes.items()}, cache.parallel)
    if findings:
        return findings
    trials = [(trial, program, homes[name]) for name, group in ready.items() for trial, program in group]
    told = asking.answers([Question(program, _spec(trial, home)) for trial, program, home in trials], place / "homes", cache.parallel)
    for (trial, _, home), answer in zip(trials, told, strict=True):
        found = raised.finding(trial.service, trial.function, trial.bundle.target, answer, home / trial.start)
        if found is None:
            cache.put("imported", trial.key, "well")
        else:
            findings.append(found)
    return findings


def _trials(service: Service, recipe: Recipe, bundles: Mapping[str, Bundle], built: Built) -> Iterator[Trial]:
    for name in recipe.functions:
        bundle = bundles[name]
        if recipe.prebuilt:
            yield Trial(service, bundle, built, recipe, "", ("", *recipe.wheels))  # no wheels of ours, but the platform's place for them
            continue
        source = next((file.source for file in bundle.files if file.path == bundle.entry[0]), None)
        path = next((file.path for file in recipe.files if file.source == source and file.path.endswith(bundle.entry[0])), None)
        if path is not None and _family(bundle) in ("python", "nodejs"):
            start = path.removesuffix(bundle.entry[0])
            yield Trial(service, bundle, built, recipe, start, tuple(at for at in recipe.wheels if at.startswith(start) or not at))


def _family(bundle: Bundle) -> str:
    return bundle.target.runtime.rstrip("0123456789.")


def _unpack(trial: Trial, place: Path) -> None:
    """Lay out an artifact, and what the platform will install into it."""
    archives = [trial.built.path]
    try:
        if trial.recipe.installed:
            made = archive.write(Recipe(f"{trial.recipe.name}-installed", (), trial.recipe.installed, ()), place.parent).path
            archives += [made] if made else []
        for path in archives:
            with zipfile.ZipFile(path) as opened:
                opened.extractall(place)  # our own archive: its paths were checked when it was packed
    except OSError as error:
        raise refused(error, place) from error


def _program(trial: Trial, cache: Cache) -> tuple[str, ...] | None:
    """Return the command of a matching interpreter: this version, and this machine where there are compiled parts; else None."""
    target, family = trial.bundle.target, _family(trial.bundle)
    # Isolated, and with nothing that is installed here: what the artifact lacks has to be missed.
    flags: list[str | Path] = (
        ["-I", "-S", "-B", PROBES / "importing.py"] if family == "python" else ["--enable-source-maps", PROBES / "importing.mjs"]
    )
    if target.interpreter is not None:
        return (str(target.interpreter), *(str(flag) for flag in flags if flag != "-S"))
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
    return (str(found.path), *map(str, flags)) if fits else None


def _wanted(trial: Trial) -> str:
    target, family = trial.bundle.target, _family(trial.bundle)
    name = {"python": "Python", "nodejs": "Node.js"}[family]
    return f"{name} {target.runtime.removeprefix(family)} for {target.architecture}"


def _spec(trial: Trial, place: Path) -> Mapping[str, Json]:
    root = place / trial.start
    file, name = trial.bundle.entry
    folders = [(root / file).parent, root, *(place / at for at in trial.packages), place]
    provided: list[Json] = [given.replace("-", "_") for given in trial.bundle.target.provided]
    return {
        "root": str(root).rstrip("/"),
        "file": file,
        "name": name,
        "paths": list(dict.fromkeys(str(folder).rstrip("/") for folder in folders)),
        "provided": provided,
        "elsewhere": [str(Path(__file__).parents[2]), *_installed()] if provided else [],
        "environ": dict(environment(trial)),
    }


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

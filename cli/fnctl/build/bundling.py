"""What esbuild made of handlers and of which files; what none of them has changed is not bundled again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from fnctl.build import cache as memory
from fnctl.build import esbuild
from fnctl.build.cache import Cache
from fnctl.build.files import ours, refused, write
from fnctl.build.jobs import about, attempt
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service

OUT = "handler.mjs"
MAP = f"{OUT}.map"
SETTINGS = ("package.json", "tsconfig*.json", "jsconfig.json")
"""What changes a bundle without being imported."""

CALL = ("--sourcemap=external", "--out-extension:.js=.mjs", "--log-level=error", "--log-limit=0", "--color=false")
BATCH = 12
"""Handlers in one call of esbuild: files that they share are read once, and memory stays bounded where dependencies are big."""

LEVEL = "bundle 3"
"""Counts up whenever the same sources would become another bundle."""

Record = Mapping[str, Any]
"""What is kept of a bundle: `inputs` (path -> digest), `neighbours`, `outputs` (path -> digest), and what is `inlined`."""


@dataclass(frozen=True)
class Job:
    """One handler to bundle: esbuild, its options, and the text of the entry that exports the handler."""

    service: Service
    function: Function
    binary: Path
    options: tuple[str, ...]
    text: str
    folder: Path
    cache: Cache

    @cached_property
    def entry(self) -> str:
        """Name the entry by its text: two runs at once write the same file, and two clones agree on its name."""
        return f"{esbuild.ENTRIES}{memory.bytes_digest(self.text.encode())[:16]}.mjs"

    @property
    def key(self) -> str:
        """Name this question, on this machine and in this folder."""
        return memory.key(LEVEL, str(self.folder), self.text, list(self.options), self.cache.digest(self.binary))


def records(jobs: Mapping[str, Job], cache: Cache) -> tuple[dict[str, Record], list[Diagnostic]]:
    """Return what each function's bundle is, and the findings of those that could not be bundled."""
    keys = {name: job.key for name, job in jobs.items()}
    several = {key: jobs[name] for name, key in keys.items()}
    known, findings = attempt({key: partial(_known, key, job) for key, job in several.items()}, cache.parallel)
    todo = {key: job for key, job in several.items() if known.get(key) is None}
    made, found = attempt({str(number): partial(_batch, batch) for number, batch in enumerate(_batches(todo))}, cache.parallel)
    done: dict[str, Record] = {key: record for key, record in known.items() if record is not None}
    for batch, wrong in made.values():
        done |= batch
        findings += wrong
    return {name: done[key] for name, key in keys.items() if key in done}, [*findings, *found]


def _batches(todo: Mapping[str, Job]) -> Iterator[dict[str, Job]]:
    alike: dict[tuple[Path, tuple[str, ...]], list[str]] = {}
    for key, job in todo.items():
        alike.setdefault((job.binary, job.options), []).append(key)
    for keys in alike.values():
        for start in range(0, len(keys), BATCH):
            yield {key: todo[key] for key in keys[start : start + BATCH]}


def _batch(jobs: Mapping[str, Job]) -> tuple[dict[str, Record], list[Diagnostic]]:
    """Bundle handlers in one call. When it fails, each is tried alone: esbuild does not say which of them a complaint is about."""
    if len(jobs) > 1:
        try:
            return _made(jobs), []
        except FnctlError:
            pass
    done: dict[str, Record] = {}
    findings: list[Diagnostic] = []
    for key, job in jobs.items():
        made, found = attempt({key: about(job.service, job.function.name, partial(_made, {key: job}))}, 1)
        done |= made.get(key, {})
        findings += found
    return done, findings


def _known(key: str, job: Job) -> Record | None:
    """Return what is recorded of an earlier bundle, if every input is what it was."""
    record: dict[str, Any] | None = job.cache.get("node", key)
    if record is None:
        return None
    inputs: dict[str, str] = record["inputs"]
    try:
        same = _inputs(inputs, job) == inputs and _neighbours(inputs, job) == record["neighbours"]
    except FnctlError:  # an input is gone
        return None
    outputs: dict[str, str] = record["outputs"]
    return record if same and all((job.cache.root / "bundles" / digest).is_file() for digest in outputs.values()) else None


def _made(jobs: Mapping[str, Job]) -> dict[str, Record]:
    first = next(iter(jobs.values()))
    cache, folder = first.cache, first.folder
    cache.report(f"bundling {', '.join(job.function.name for job in jobs.values())}")
    ours(folder)
    for job in jobs.values():
        if not (folder / job.entry).is_file():
            write(folder / job.entry, job.text.encode())
    try:
        with cache.workplace() as place:
            out = place / "out"
            entries = [f"{number}=./{job.entry}" for number, job in enumerate(jobs.values())]
            meta = out.with_name("meta.json")
            esbuild.run([first.binary, *first.options, *CALL, f"--outdir={out}", f"--metafile={meta}", *entries], folder, cache)
            document = json.loads(meta.read_bytes())
            return {key: _record(job, out, number, document) for number, (key, job) in enumerate(jobs.items())}
    except OSError as error:
        raise refused(error, cache.root / "tmp") from error


def _record(job: Job, out: Path, number: int, document: Mapping[str, Any]) -> Record:
    made = {Path(path).name: output for path, output in document["outputs"].items()}
    own = made[f"{number}.mjs"]
    code = (out / f"{number}.mjs").read_bytes() + f"//# sourceMappingURL={MAP}\n".encode()
    beside = sorted({name for used in own["imports"] if not used.get("external") and (name := Path(used["path"]).name) in made})
    outputs = {OUT: _keep(code, job.cache), MAP: _keep(_portable(out / f"{number}.mjs.map", job.folder), job.cache)}
    outputs |= {name: _keep((out / name).read_bytes(), job.cache) for name in beside}
    used = _reached(job.entry, document["inputs"])
    inputs = _inputs({*used, *_settings(used, job.folder)}, job)
    inlined: list[Json] = [list(row) for row in _inlined(own["inputs"], job.folder)]
    kept: dict[str, Json] = dict(outputs)
    record: dict[str, Json] = {"inputs": dict(inputs), "neighbours": _neighbours(inputs, job), "outputs": kept, "inlined": inlined}
    job.cache.put("node", job.key, record)
    return record


def _reached(entry: str, inputs: Mapping[str, Any]) -> list[str]:
    """Return all files that an entry imports, directly or not, those that were shaken off too; the entry itself is ours."""
    found: set[str] = set()
    todo = [entry]
    while todo:
        path = todo.pop()
        if path not in found and path in inputs:
            found.add(path)
            todo += [used["path"] for used in inputs[path]["imports"]]
    return sorted(found - {entry})


def _inlined(inputs: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, int, str, str]]:
    """Yield what esbuild has written into a bundle: path, bytes, package and version."""
    for path, source in sorted(inputs.items()):
        if source["bytesInOutput"] and not path.startswith(esbuild.ENTRIES):
            yield (path, source["bytesInOutput"], *_package(path, folder))


def _package(path: str, folder: Path) -> tuple[str, str]:
    """Name the npm package of a source, and its version; neither for one outside of node_modules."""
    above, found, below = path.rpartition("node_modules/")
    if not found:
        return "", ""
    name = "/".join(below.split("/")[: 2 if below.startswith("@") else 1])
    try:
        return name, str(json.loads((folder / above / "node_modules" / name / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return name, ""


def _keep(content: bytes, cache: Cache) -> str:
    digest = memory.bytes_digest(content)
    if not (cache.root / "bundles" / digest).is_file():
        write(cache.root / "bundles" / digest, content)
    return digest


def _inputs(paths: Iterable[str], job: Job) -> dict[str, str]:
    """Return path -> digest; what esbuild names with a scheme (`data:`, `(disabled):`) is no file."""
    return {path: job.cache.digest(job.folder / path) for path in sorted(paths) if ":" not in path or (job.folder / path).exists()}


def _neighbours(paths: Iterable[str], job: Job) -> str:
    """Return a digest of the file names around our own inputs: a new `x.ts` beside `x.js` changes what `./x` means."""
    own = {path.rpartition("/")[0] for path in paths if "node_modules/" not in path and not path.startswith("../")}
    around = sorted({step for folder in own for step in _steps(folder)})
    return memory.key([[place, _listing(job.folder / place, job.cache)] for place in around])


def _steps(folder: str) -> list[str]:
    parts: Sequence[str] = folder.split("/") if folder else ()
    return ["/".join(parts[:length]) or "." for length in range(len(parts) + 1)]


def _listing(place: Path, cache: Cache) -> list[str]:
    def look() -> list[str]:
        return sorted(found.name for found in place.iterdir() if not found.name.startswith(".")) if place.is_dir() else []

    return cache.once(f"listing {place}", look)


def _settings(paths: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield the settings files in the folders of inputs and above them, as far as the manifest's folder."""
    places = {place for path in paths for place in Path(path).parents if ".." not in place.parts}
    for place in places | {Path()}:
        for pattern in SETTINGS:
            yield from (found.relative_to(folder).as_posix() for found in (folder / place).glob(pattern) if found.is_file())


def _portable(path: Path, folder: Path) -> bytes:
    """Rewrite a source map's paths to start at the manifest's folder: esbuild writes them from where the bundle was made."""
    document = json.loads(path.read_bytes())
    document["sources"] = [_named(source, path.parent, folder) for source in document["sources"]]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _named(source: str, place: Path, folder: Path) -> str:
    """Name a source from another folder than `place`. It is a URL: what lies above is compared by its real names, what is kept stays as it is."""
    from urllib.parse import unquote

    parts = Path(os.path.relpath(place / unquote(source), folder)).parts
    up = sum(part == ".." for part in parts)
    return "/".join([*parts[:up], *source.split("/")[up - len(parts) :]])

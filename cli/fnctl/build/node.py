"""A Node function's bundle: one ES module made by esbuild, with its source map."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fnctl.build import cache as memory
from fnctl.build import esbuild, jobs
from fnctl.build.cache import Cache
from fnctl.build.files import refused, write
from fnctl.build.model import Builder, BuildTarget, Bundle, File, Inlined
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service

OUT = "handler.mjs"
SETTINGS = ("package.json", "tsconfig*.json", "jsconfig.json")
"""What changes a bundle without being imported."""

# CommonJS packages call require for Node's own modules and ask where they are; in an ES module neither is there. Our names stand in, since a
# source may well declare its own `__dirname`; `require` itself esbuild keeps free.
BANNER = (
    'import { createRequire as __fnctl_create_require } from "node:module";\n'
    'import { fileURLToPath as __fnctl_path_of } from "node:url";\n'
    "const require = __fnctl_create_require(import.meta.url);\n"
    "const __fnctl_filename = __fnctl_path_of(import.meta.url);\n"
    'const __fnctl_dirname = __fnctl_path_of(new URL(".", import.meta.url)).slice(0, -1);'
)
OPTIONS = (
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--tree-shaking=true",
    "--charset=utf8",
    "--sourcemap=linked",
    "--sources-content=false",
    "--loader=js",
    f"--sourcefile={esbuild.ENTRY}",
    "--define:__dirname=__fnctl_dirname",
    "--define:__filename=__fnctl_filename",
    "--log-level=error",
    "--log-limit=0",
    "--color=false",
    f"--banner:js={BANNER}",
)


@dataclass(frozen=True)
class _Job:
    """One call of esbuild, all but where its output goes."""

    function: str
    binary: Path
    options: tuple[str, ...]
    entry: str
    folder: Path
    cache: Cache


def bundle(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Bundle:
    """Bundle a handler with all that it imports into `handler.mjs`; unless none of that has changed since the last time.

    Args:
        service: the manifest.
        function: which one.
        target: the Node version, and the modules that the platform brings along.
        cache: digests, earlier bundles, esbuild, and the environment of the tools.

    Raises:
        FnctlError: the handler is not there (FN411), no esbuild (FN431), or esbuild's findings (FN432-FN434).
    """
    folder = service.folder.resolve()
    handler = function.handler_file
    if ".." in Path(handler).parts or not (folder / handler).is_file():
        message = f"the handler of `{function.name}` is not there: {handler}"
        raise FnctlError(message, code="FN411", notes=(str(folder / handler),), help="write the file, or correct `handler`")
    binary = esbuild.binary(folder, handler, cache)
    options = (*OPTIONS, f"--target={target.runtime.replace('nodejs', 'node')}", *(f"--external:{name}" for name in target.externals))
    entry = f"export {{ {function.handler_name} }} from {json.dumps(f'./{handler}')};\n"
    job = _Job(function.name, binary, options, entry, folder, cache)
    name = memory.key("node", str(folder), entry, list(options), cache.digest(binary))
    record = _known(name, job) or _made(name, job)
    outputs: dict[str, str] = record["outputs"]
    files = tuple(File(path, cache.root / "bundles" / digest) for path, digest in sorted(outputs.items()))
    answer = (OUT, function.handler_name)
    digest = memory.key([list(item) for item in sorted(outputs.items())], list(answer), target.runtime, target.architecture)
    return Bundle(function.name, target, files, (), answer, "", digest, tuple(Inlined(*row) for row in record["inlined"]))


def _known(name: str, job: _Job) -> Mapping[str, Any] | None:
    """Return what is recorded of an earlier bundle, if every input is what it was: `outputs` (path -> digest) and what is `inlined`."""
    record: dict[str, Any] | None = job.cache.get("node", name)
    if record is None or "inlined" not in record:
        return None
    inputs: dict[str, str] = record["inputs"]
    try:
        same = _inputs(inputs, job) == inputs and _neighbours(inputs, job.folder) == record["neighbours"]
    except FnctlError:  # an input is gone
        return None
    outputs: dict[str, str] = record["outputs"]
    return record if same and all((job.cache.root / "bundles" / digest).is_file() for digest in outputs.values()) else None


def _made(name: str, job: _Job) -> Mapping[str, Any]:
    cache, folder = job.cache, job.folder
    cache.report(f"bundling {job.function}")
    try:
        (cache.root / "tmp").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.root / "tmp") as place:
            out = Path(place).resolve() / OUT
            meta = out.with_name("meta.json")
            esbuild.run([job.binary, *job.options, f"--outfile={out}", f"--metafile={meta}"], job.entry, folder, cache)
            code, source_map = out.read_bytes(), _portable(out.with_name(f"{OUT}.map"), folder)
            document = json.loads(meta.read_bytes())
    except OSError as error:
        raise refused(error, cache.root / "tmp") from error
    used: list[str] = [path for path in document["inputs"] if path != esbuild.ENTRY]
    outputs = {OUT: _keep(code, cache), f"{OUT}.map": _keep(source_map, cache)}
    inputs = _inputs({*used, *_settings(used, folder)}, job)
    inlined: list[Json] = [list(row) for row in _inlined(document["outputs"], folder)]
    record: dict[str, Json] = {"inputs": inputs, "neighbours": _neighbours(inputs, folder), "outputs": outputs, "inlined": inlined}
    cache.put("node", name, record)
    return record


def _inlined(outputs: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, int, str, str]]:
    """Yield what esbuild has written into a bundle: path, bytes, package and version."""
    sources = next(output["inputs"] for path, output in outputs.items() if path.endswith(OUT))
    for path, source in sorted(sources.items()):
        if source["bytesInOutput"] and path != esbuild.ENTRY:
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


def _inputs(paths: Iterable[str], job: _Job) -> dict[str, str]:
    """Return path -> digest; what esbuild names with a scheme (`data:`, `(disabled):`) is no file."""
    return {path: job.cache.digest(job.folder / path) for path in sorted(paths) if ":" not in path or (job.folder / path).exists()}


def _neighbours(paths: Iterable[str], folder: Path) -> str:
    """Return a digest of the file names around our own inputs: a new `x.ts` beside `x.js` changes what `./x` means."""
    own = [Path(path) for path in paths if not {"node_modules", ".."} & set(Path(path).parts)]
    around = sorted({str(place) for path in own for place in path.parents})
    return memory.key([[place, _listing(folder / place)] for place in around])


def _listing(place: Path) -> list[str]:
    return sorted(found.name for found in place.iterdir() if not found.name.startswith(".")) if place.is_dir() else []


def _settings(paths: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield the settings files in the folders of inputs and above them, as far as the manifest's folder."""
    places = {place for path in paths for place in Path(path).parents if ".." not in place.parts}
    for place in places | {Path()}:
        for pattern in SETTINGS:
            yield from (found.relative_to(folder).as_posix() for found in (folder / place).glob(pattern) if found.is_file())


def _portable(path: Path, folder: Path) -> bytes:
    """Rewrite a source map's paths to start at the manifest's folder: esbuild writes them from where the bundle was made."""
    document = json.loads(path.read_bytes())
    document["sources"] = [os.path.relpath(path.parent / source, folder).replace(os.sep, "/") for source in document["sources"]]
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def bundles(service: Service, targets: Mapping[str, BuildTarget], cache: Cache) -> Mapping[str, Bundle]:
    """Bundle Node functions."""
    return jobs.apart(service, targets, cache, bundle)


NODE = Builder("nodejs", bundles)

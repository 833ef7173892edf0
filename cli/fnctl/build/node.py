"""Node functions' bundles: one ES module each, made by esbuild, with its source map and what cannot be bundled beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from fnctl.build import bundling, esbuild, packages, sources, spans, typescript
from fnctl.build import cache as memory
from fnctl.build.bundling import OUT, Job
from fnctl.build.cache import Cache
from fnctl.build.jobs import UNBUILT, about, attempt
from fnctl.build.model import Builder, BuildTarget, Bundle, File, Inlined
from fnctl.diagnostics import ordered
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service

# CommonJS packages call require for Node's own modules and ask where they are; in an ES module neither is there. Our names stand in, since a
# source may well declare its own `__dirname`; `require` itself esbuild keeps free.
BANNER = (
    'import { createRequire as __fnctl_create_require } from "node:module";\n'
    'import { fileURLToPath as __fnctl_path_of } from "node:url";\n'
    "const require = __fnctl_create_require(import.meta.url);\n"
    "const __fnctl_filename = __fnctl_path_of(import.meta.url);\n"
    'const __fnctl_dirname = __fnctl_path_of(new URL(".", import.meta.url)).slice(0, -1);'
)
TEXTS = (".txt", ".md", ".html", ".sql", ".graphql", ".gql", ".csv", ".xml")
"""What an import gives as a string. `.json` esbuild knows itself."""

OPTIONS = (
    "--bundle",
    "--format=esm",
    "--platform=node",
    "--tree-shaking=true",
    "--charset=utf8",
    "--sources-content=false",
    "--define:__dirname=__fnctl_dirname",
    "--define:__filename=__fnctl_filename",
    *(f"--loader:{suffix}=text" for suffix in TEXTS),
    "--loader:.wasm=binary",
    "--loader:.node=copy",
    f"--banner:js={BANNER}",
)
MINIFY = ("--minify", "--keep-names")
"""Names stay: what an error is called in the logs is not worth a few bytes."""


def bundles(service: Service, targets: Mapping[str, BuildTarget], cache: Cache) -> Mapping[str, Bundle]:
    """Bundle each handler with all that it imports into `handler.mjs`; those that have changed since the last time, several in one esbuild.

    Args:
        service: the manifest.
        targets: function name -> the Node version, and the modules that the platform brings along.
        cache: digests, earlier bundles, esbuild, and the environment of the tools.

    Raises:
        FnctlError: the handler is not there (FN411), no esbuild (FN431), esbuild's findings (FN432-FN434), a package that cannot travel (FN435,
            FN436), and with `check: true` those of TypeScript (FN437, FN438).
    """
    wanted = {name: about(service, name, partial(_job, service, service.functions[name], target, cache)) for name, target in targets.items()}
    jobs, findings = attempt(wanted, cache.parallel)
    records, found = bundling.records(jobs, cache)
    findings += found
    checks = {name: about(service, name, partial(typescript.check, job)) for name, job in jobs.items() if job.function.bundle.get("check")}
    findings += attempt(checks, cache.parallel)[1]
    ready = {name: about(service, name, partial(_bundle, jobs[name], targets[name], record)) for name, record in records.items()}
    done, found = attempt(ready, cache.parallel)
    findings += found
    if findings:
        raise FnctlError(UNBUILT, diagnostics=tuple(ordered(dict.fromkeys(findings))))
    return done


NODE = Builder("nodejs", bundles)


def _job(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Job:
    folder, handler = service.folder.resolve(), function.handler_file
    if ".." in PurePosixPath(handler).parts or not (folder / handler).is_file():
        message = f"the handler of `{function.name}` is not there: {handler}"
        raise FnctlError(message, code="FN411", notes=(str(folder / handler),), help="write the file, or correct `handler`")
    binary = esbuild.binary(folder, handler, cache)
    outside = (*target.externals, *_external(function))
    minify = MINIFY if function.bundle.get("minify") else ()
    options = (*OPTIONS, *minify, f"--target={target.runtime.replace('nodejs', 'node')}", *(f"--external:{name}" for name in outside))
    # Only what the platform calls is exported, so that all else can be shaken off. The entry has a file, for there can be several in one call.
    entry = f"export {{ {function.handler_name} }} from {json.dumps(f'../../{handler}')};\n"
    entry += spans.EXPORT if spans.wanted(function) else ""
    return Job(service, function, binary, options, entry, folder, cache)


def _external(function: Function) -> tuple[str, ...]:
    given: Any = function.bundle.get("external") or ()
    return tuple(map(str, given))


def _bundle(job: Job, target: BuildTarget, record: Mapping[str, Any]) -> Bundle:
    function, cache = job.function, job.cache
    outputs: dict[str, str] = record["outputs"]
    made = [File(path, cache.root / "bundles" / digest) for path, digest in sorted(outputs.items())]
    travelling = packages.files(job.folder, function, _external(function), target)
    files = (*made, *travelling, *sources.included(job.service, function))
    packages.fitting(files, target)
    answer = (OUT, function.handler_name)
    rows: list[Json] = [[file.path, outputs.get(file.path) or cache.content(file.source), file.executable] for file in files]
    digest = memory.key(rows, list(answer), target.runtime, target.architecture)
    return Bundle(function.name, target, files, (), answer, "", digest, tuple(Inlined(*row) for row in record["inlined"]))

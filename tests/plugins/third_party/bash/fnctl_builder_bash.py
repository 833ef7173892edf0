"""Builds bash functions: the handler's script and the scripts that it sources, once bash itself has read them without a complaint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from fnctl.build import cache as memory
from fnctl.build import jobs, tools
from fnctl.build.cache import Cache
from fnctl.build.model import Builder, BuildTarget, Bundle, File
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.hookspecs import hookimpl
from fnctl.manifest.model import Function, Service
from fnctl.source import Span

SOURCED = re.compile(r'^\s*(?:\.|source)\s+"?([\w./-]+)"?', re.MULTILINE)
COMPLAINT = re.compile(r"line (\d+): (.+)")


def bundle(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Bundle:
    """Bundle one function. What has not changed is not read by bash again."""
    files = tuple(File(path, service.folder / path, executable=True) for path in scripts(service.folder, function.handler_file))
    digests = [[file.path, cache.content(file.source)] for file in files]
    digest = memory.key("bash 1", digests, function.handler_name, target.runtime)
    if cache.get("bash", digest) is None:
        found = tuple(complaint for file in files for complaint in complaints(service.folder, file.path, cache))
        if found:
            message = "bash cannot read its scripts"
            raise FnctlError(message, diagnostics=found)
        cache.put("bash", digest, "read")
    return Bundle(function.name, target, files, (), (function.handler_file, function.handler_name), "", digest)


def scripts(folder: Path, start: str) -> list[str]:
    """Return a script and all that it sources, by their paths below the manifest's folder."""
    found: list[str] = []
    todo = [start]
    while todo:
        path = todo.pop()
        if path not in found and (folder / path).is_file():
            found.append(path)
            todo += [str(PurePosixPath(path).parent / name) for name in SOURCED.findall((folder / path).read_text("utf-8"))]
    return sorted(found)


def complaints(folder: Path, path: str, cache: Cache) -> list[Diagnostic]:
    """Let bash read a script without running it."""
    done = tools.run(["bash", "-n", folder / path], environ=cache.environ, folder=folder)
    lines = [found for line in done.stderr.splitlines() if (found := COMPLAINT.search(line))]
    return [Diagnostic("BASH001", "error", line[2], Span(path, int(line[1]), 1), help="correct the script, then build again") for line in lines[:1]]


def bundles(service: Service, targets: Mapping[str, BuildTarget], cache: Cache) -> Mapping[str, Bundle]:
    """Bundle all functions of the family, each for itself."""
    return jobs.apart(service, targets, cache, bundle)


@hookimpl
def fnctl_builder() -> Builder:
    """Build the runtimes `bash4` and `bash5`."""
    return Builder("bash", bundles)

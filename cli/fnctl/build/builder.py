"""All bundles and all artifacts of a service, in threads: what has not changed is not built again, and all errors come at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from fnctl.build import archive, node, python
from fnctl.build import cache as memory
from fnctl.build.cache import Cache
from fnctl.build.deflating import ENGINE
from fnctl.build.files import write
from fnctl.build.model import BuildTarget, Bundle, Recipe
from fnctl.diagnostics import Diagnostic, ordered
from fnctl.errors import FnctlError
from fnctl.graph import Artifact
from fnctl.manifest.model import Function, Service

T = TypeVar("T")

OURS = ".fnctl"


@dataclass(frozen=True)
class Built:
    """One artifact. `cached`: it was there already, made of the same things."""

    artifact: Artifact
    path: Path
    cached: bool


def silent(_message: str) -> None:
    """Report nothing."""


def bundles(
    service: Service,
    targets: Mapping[str, BuildTarget],
    *,
    environ: Mapping[str, str],
    parallel: int = 4,
    report: Callable[[str], None] = silent,
) -> Mapping[str, Bundle]:
    """Bundle the functions that `targets` names.

    Args:
        service: the manifest.
        targets: function name -> the machine that will run it.
        environ: where the cache is, and what uv, pip, npm and esbuild shall see.
        parallel: how many functions at a time.
        report: hears, from any thread, what takes time.

    Raises:
        FnctlError: with the diagnostics of every function that failed.
    """
    cache = Cache(memory.home(environ), service.folder, environ, report)
    try:
        return _each({name: _bundler(service, name, target, cache) for name, target in targets.items()}, parallel, "the functions cannot be built")
    finally:
        cache.save()


def _bundler(service: Service, name: str, target: BuildTarget, cache: Cache) -> Callable[[], Bundle]:
    def make() -> Bundle:
        try:
            return _family(target.runtime)(service, service.functions[name], target, cache)
        except FnctlError as error:
            raise FnctlError(str(error), diagnostics=tuple(_placed(found, service, name) for found in error.diagnostics)) from error

    return make


def _family(runtime: str) -> Callable[[Service, Function, BuildTarget, Cache], Bundle]:
    for family, build in BUILDERS.items():
        if runtime.startswith(family):
            return build
    message = f"nothing here builds the runtime `{runtime}`"
    raise FnctlError(message, code="FN442", help=f"choose one of: {', '.join(f'{family}X' for family in BUILDERS)}")


BUILDERS = {"python": python.bundle, "nodejs": node.bundle}


def _placed(found: Diagnostic, service: Service, name: str) -> Diagnostic:
    """Point at the manifest's line that asked, unless the finding has a better place."""
    if found.span:
        return replace(found, notes=(*found.notes, f"while building `{name}`"))
    return replace(found, span=service.span("functions", name, "handler"), label=f"needed by `{name}`")


def artifacts(
    recipes: Iterable[Recipe],
    folder: Path,
    *,
    target: str,
    environ: Mapping[str, str],
    parallel: int = 4,
    report: Callable[[str], None] = silent,
) -> Mapping[str, Built]:
    """Pack recipes into `<folder>/.fnctl/build/<target>/<name>.zip`.

    Args:
        recipes: what each artifact is made of.
        folder: the manifest's folder.
        target: names the folder; a sandbox has one of its own, so that neither overwrites the other's.
        environ: where the cache is; SOURCE_DATE_EPOCH is the time of the members.
        parallel: how many archives at a time.
        report: hears, from any thread, what takes time.

    Raises:
        FnctlError: with the diagnostics of every recipe that failed: see fnctl.build.archive, and FN443 when a file changed meanwhile.
    """
    cache = Cache(memory.home(environ), folder, environ, report)
    into, epoch = ours(folder) / "build" / target, _epoch(environ)
    try:
        return _each({recipe.name: _packer(recipe, into, epoch, cache) for recipe in recipes}, parallel, "the artifacts cannot be built")
    finally:
        cache.save()


def ours(folder: Path) -> Path:
    """Return `.fnctl/` beside the manifest, which keeps itself out of git."""
    ignore = folder / OURS / ".gitignore"
    if not ignore.is_file():
        write(ignore, b"*\n")
    return ignore.parent


def _packer(recipe: Recipe, into: Path, epoch: int | None, cache: Cache) -> Callable[[], Built]:
    def make() -> Built:
        name = digest(recipe, epoch, cache)
        known = _known(name, into / f"{recipe.name}.zip", cache)
        if known:
            return Built(known, into / f"{recipe.name}.zip", cached=True)
        cache.report(f"packing {recipe.name}")
        artifact = archive.write(recipe, into, epoch=epoch)
        if digest(recipe, epoch, cache, fresh=True) != name:
            message = f"the files of `{recipe.name}` changed while they were packed"
            raise FnctlError(message, code="FN443", help="run the same command again")
        cache.put("artifacts", name, {"sha256": artifact.sha256, "size": artifact.size, "unpacked_size": artifact.unpacked_size})
        return Built(artifact, into / f"{recipe.name}.zip", cached=False)

    return make


def digest(recipe: Recipe, epoch: int | None, cache: Cache, *, fresh: bool = False) -> str:
    """Return the digest of all that decides an archive's bytes; no path of this machine is part of it.

    Args:
        recipe: the files and wheels.
        epoch: the time of the members.
        cache: knows the digests of files.
        fresh: look at every file again.
    """
    members = sorted([file.path, cache.content(file.source, fresh=fresh), str(file.executable)] for file in recipe.files)
    wheels = sorted([at, cache.digest(wheel, fresh=fresh)] for at, group in recipe.wheels.items() for wheel in group)
    return memory.key("zip 2", ENGINE, epoch, members, wheels)


def _known(name: str, path: Path, cache: Cache) -> Artifact | None:
    """Return the artifact if the file that is there is the one that these inputs gave."""
    record = cache.get("artifacts", name)
    if record is None or not path.is_file() or cache.digest(path) != record["sha256"]:
        return None
    return Artifact(record["sha256"], record["size"], record["unpacked_size"], path)


def _epoch(environ: Mapping[str, str]) -> int | None:
    text = environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        message = f"SOURCE_DATE_EPOCH is not a number of seconds: {text!r}"
        raise FnctlError(message, code="FN406", help="unset it, or set it to Unix seconds:\n  export SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)")
    return int(text)


def _each(jobs: Mapping[str, Callable[[], T]], parallel: int, failed: str) -> dict[str, T]:
    """Run jobs in threads and keep their order; the errors of all of them become one."""
    done: dict[str, T] = {}
    findings: list[Diagnostic] = []
    pool = ThreadPoolExecutor(max(1, parallel), thread_name_prefix="build")
    try:
        futures = {name: pool.submit(job) for name, job in jobs.items()}
        for name, future in futures.items():
            try:
                done[name] = future.result()
            except FnctlError as error:
                findings += error.diagnostics
    finally:  # Ctrl-C starts nothing more
        pool.shutdown(cancel_futures=True)
    if findings:
        raise FnctlError(failed, diagnostics=tuple(ordered(findings)))
    return done

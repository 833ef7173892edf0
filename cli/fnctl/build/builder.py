"""All bundles and all artifacts of a service, in threads: what has not changed is not built again, and all errors come at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from fnctl.build import archive, npm, prebuilt, unpacking
from fnctl.build import cache as memory
from fnctl.build.cache import Cache
from fnctl.build.deflating import ENGINE
from fnctl.build.files import ours
from fnctl.build.jobs import UNBUILT, about, each
from fnctl.build.model import Builder, BuildTarget, Bundle, Recipe
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.graph import Artifact
from fnctl.manifest.model import Function, Service


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
    find: Callable[[str], Builder],
    *,
    environ: Mapping[str, str],
    parallel: int = 4,
    report: Callable[[str], None] = silent,
) -> Mapping[str, Bundle]:
    """Bundle the functions that `targets` names.

    Args:
        service: the manifest.
        targets: function name -> the machine that will run it.
        find: gives the builder of a runtime, or raises FnctlError.
        environ: where the cache is, and what uv, pip, npm and esbuild shall see.
        parallel: how many functions at a time.
        report: hears, from any thread, what takes time.

    Raises:
        FnctlError: with the diagnostics of every function that failed.
    """
    cache = Cache(memory.home(environ), service.folder, environ, report, parallel)
    try:
        made = each(_families(service, targets, find, cache), parallel, UNBUILT)
    finally:
        cache.save()
    found = {name: bundle for group in made.values() for name, bundle in group.items()}
    return {name: found[name] for name in targets}


def _families(
    service: Service, targets: Mapping[str, BuildTarget], find: Callable[[str], Builder], cache: Cache
) -> Mapping[str, Callable[[], Mapping[str, Bundle]]]:
    """Return a job a builder, each with all its functions: some tools are faster with many at once. A function without one is a job that fails."""
    groups: dict[str, tuple[Builder, dict[str, BuildTarget]]] = {}
    jobs: dict[str, Callable[[], Mapping[str, Bundle]]] = {}
    for name, target in targets.items():
        function = service.functions[name]
        if function.artifact:
            jobs[f"artifact of {name}"] = about(service, name, partial(_prebuilt, service, function, target, cache))
            continue
        try:
            builder = find(target.runtime)
        except FnctlError as error:
            jobs[f"without {name}"] = about(service, name, partial(_fail, error))
            continue
        groups.setdefault(builder.family, (builder, {}))[1][name] = target
    return jobs | {family: partial(builder.bundles, service, group, cache) for family, (builder, group) in groups.items()}


def _prebuilt(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Mapping[str, Bundle]:
    return {function.name: prebuilt.bundle(service, function, target, cache)}


def _fail(error: FnctlError) -> Mapping[str, Bundle]:
    raise error


def artifacts(
    recipes: Iterable[Recipe],
    folder: Path,
    *,
    target: str,
    environ: Mapping[str, str],
    parallel: int = 4,
    report: Callable[[str], None] = silent,
) -> Mapping[str, Built]:
    """Pack recipes into `<folder>/.fnctl/build/<target>/<name>.zip`, and lay out beside it those that ask for it.

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
        return each({recipe.name: _packer(recipe, into, epoch, cache) for recipe in recipes}, parallel, "the artifacts cannot be built")
    finally:
        cache.save()


def _packer(recipe: Recipe, into: Path, epoch: int | None, cache: Cache) -> Callable[[], Built]:
    def make() -> Built:
        whole = npm.placed(recipe, cache)
        name = digest(whole, epoch, cache)
        known = _known(name, into / f"{recipe.name}.zip", cache)
        if known:
            _lay_out(recipe, known, into)
            return Built(known, into / f"{recipe.name}.zip", cached=True)
        cache.report(f"packing {recipe.name}")
        path = into / f"{recipe.name}.zip"
        artifact = prebuilt.copy(whole.prebuilt, path) if whole.prebuilt else archive.write(whole, into, epoch=epoch)
        if digest(whole, epoch, cache, fresh=True) != name:
            message = f"the files of `{recipe.name}` changed while they were packed"
            raise FnctlError(message, code="FN443", help="run the same command again")
        cache.put("artifacts", name, {"sha256": artifact.sha256, "size": artifact.size, "unpacked_size": artifact.unpacked_size})
        _lay_out(recipe, artifact, into)
        return Built(artifact, into / f"{recipe.name}.zip", cached=False)

    return make


def _lay_out(recipe: Recipe, artifact: Artifact, into: Path) -> None:
    if recipe.unpacked:
        unpacking.lay_out(into / f"{recipe.name}.zip", artifact.sha256, into / recipe.unpacked)


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
    whole = cache.digest(recipe.prebuilt, fresh=fresh) if recipe.prebuilt else ""
    return memory.key("zip 2", ENGINE, epoch, members, wheels, whole)


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

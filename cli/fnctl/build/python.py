"""A Python function's bundle: its own sources as they lie, and wheels for the machine that will run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build import jobs, local, requirements, sources, spans
from fnctl.build.cache import Cache
from fnctl.build.deflating import ENGINE
from fnctl.build.files import write
from fnctl.build.lists import Requirements, named, normal
from fnctl.build.model import Builder, BuildTarget, Bundle, File
from fnctl.build.wheels import wheels
from fnctl.graph import Json
from fnctl.manifest.model import Function, Service


def bundle(service: Service, function: Function, target: BuildTarget, cache: Cache) -> Bundle:
    """Collect a function's files and wheels. Nothing is built: what has not changed costs a look at each file.

    Args:
        service: the manifest.
        function: which one.
        target: the machine that will run it.
        cache: digests, wheels, and the environment of the tools.

    Raises:
        FnctlError: see fnctl.build.sources (FN411-FN413), fnctl.build.requirements (FN424, FN428, FN429), fnctl.build.wheels (FN421-FN423, FN426,
            FN427), fnctl.build.local (FN420, FN425) and fnctl.build.spans (FN447).
    """
    files = sources.files(service, function, cache)
    wanted = cache.once(f"list {Path(function.handler_file).parent}", lambda: requirements.nearest(service.folder, function.handler_file))
    brought = _with_platforms(wheels(wanted, target, cache) if wanted else (), target, cache)
    spans.present(function, files, (wheel.name for wheel in brought))
    dependencies = memory.key([[wheel.name, cache.digest(wheel)] for wheel in brought]) if brought else ""
    entry = (function.handler_file, function.handler_name)
    published = cache.once(f"published {dependencies}", lambda: local.published(brought))
    return Bundle(function.name, target, files, brought, entry, dependencies, digest(files, dependencies, entry, target, cache), published=published)


def _with_platforms(own: tuple[Path, ...], target: BuildTarget, cache: Cache) -> tuple[Path, ...]:
    """Add what the platform wants in every artifact, whole; a project that names such a package itself keeps its own version."""
    if not target.brings:
        return own
    text = "".join(f"{line}\n" for line in target.brings).encode()
    path = cache.root / "platforms" / memory.bytes_digest(text)[:16] / "platform.txt"
    if not path.is_file():
        write(path, text)
    wanted = Requirements(path, "requirements", named(target.brings), (path,), lines=target.brings, whole=frozenset("*"))
    known = {normal(wheel.name.partition("-")[0]) for wheel in own}
    return (*own, *(wheel for wheel in wheels(wanted, target, cache) if normal(wheel.name.partition("-")[0]) not in known))


def digest(files: Iterable[File], dependencies: str, entry: tuple[str, str], target: BuildTarget, cache: Cache) -> str:
    """Return the digest of all that a bundle is made of. No path of this machine is part of it: two clones agree."""
    members: list[Json] = [[file.path, cache.content(file.source), file.executable] for file in files]
    return memory.key(ENGINE, members, dependencies, list(entry), target.runtime, target.architecture, target.python, list(target.platform_tags))


def bundles(service: Service, targets: Mapping[str, BuildTarget], cache: Cache) -> Mapping[str, Bundle]:
    """Bundle Python functions, each for itself."""
    return jobs.apart(service, targets, cache, bundle)


PYTHON = Builder("python", bundles)

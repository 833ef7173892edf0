"""From a list of dependencies to wheel files for the target's machine, on any machine, without building anything."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build import refusals, tools
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.build.model import BuildTarget
from fnctl.build.requirements import Requirements, normal
from fnctl.build.tags import Machine, machine
from fnctl.errors import FnctlError

EXPORT = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--no-python-downloads", "--color", "never", "--quiet")
COMPILE = ("--only-binary", ":all:", "--generate-hashes", *EXPORT[3:], "--no-progress")
LEVEL = "wheels 1"
"""Counts up whenever the same list would resolve to other wheels."""


@dataclass(frozen=True)
class _Job:
    """One resolution: what, for which machine, and what the platform brings along anyway."""

    wanted: Requirements
    machine: Machine
    provided: frozenset[str]
    cache: Cache

    @property
    def environ(self) -> dict[str, str]:
        return tools.indexed(self.cache.environ)


def wheels(wanted: Requirements, target: BuildTarget, cache: Cache) -> tuple[Path, ...]:
    """Return the wheels of a list, sorted by name; from the cache where the same list was resolved for the same machine before.

    Args:
        wanted: the list.
        target: the machine.
        cache: holds wheels by their digest, and which of them a list came to.

    Raises:
        FnctlError: a package has no wheel for this machine (FN421), the list cannot be resolved or fetched (FN422), or no tool is there (FN423).
    """
    if not wanted.lines:
        return ()
    job = _Job(wanted, machine(target, cache), _provided(wanted, target), cache)
    name = memory.key(
        LEVEL,
        wanted.kind,
        [cache.digest(path) for path in wanted.files],
        job.machine.python,
        list(job.machine.platforms),
        sorted(job.provided),
    )

    def make() -> tuple[Path, ...]:
        known = _known(name, cache)
        return _resolved(name, job) if known is None else known

    return cache.once(f"wheels {name}", make)


def _provided(wanted: Requirements, target: BuildTarget) -> frozenset[str]:
    """Return what stays out. Naming one of the platform's packages brings all of them: boto3 does not fit just any botocore."""
    provided = frozenset(map(normal, target.provided))
    return frozenset() if provided & wanted.names else provided


def _known(name: str, cache: Cache) -> tuple[Path, ...] | None:
    found: list[str] | None = cache.get("resolved", name)
    paths = tuple(cache.root / "wheels" / path for path in found or ())
    return paths if found is not None and all(path.is_file() for path in paths) else None


def _resolved(name: str, job: _Job) -> tuple[Path, ...]:
    wanted, cache = job.wanted, job.cache
    cache.report(f"resolving {wanted.path.name} for Python {job.machine.python}, {job.machine.platforms[0] if job.machine.platforms else 'any'}")
    try:
        (cache.root / "tmp").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache.root / "tmp") as folder:
            fetched = _fetch(job, Path(folder))
            kept = sorted(_keep(wheel, cache) for wheel in fetched if normal(wheel.name.partition("-")[0]) not in job.provided)
    except OSError as error:
        raise refused(error, cache.root / "wheels") from error
    cache.put("resolved", name, kept)
    return tuple(cache.root / "wheels" / path for path in kept)


def _keep(wheel: Path, cache: Cache) -> str:
    """Move a fetched wheel to its place, named by content, and return it relative to the cache's wheels."""
    path = f"{memory.file_digest(wheel)}/{wheel.name}"
    place = cache.root / "wheels" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    wheel.replace(place)
    return path


def _fetch(job: _Job, folder: Path) -> Iterable[Path]:
    """Resolve with uv, which knows the target's markers, and fetch with pip; without uv pip does both."""
    uv = tools.uv(job.environ)
    pinned = _pinned(uv, job, folder) if uv else _listed(job, folder)
    if pinned.stat().st_size == 0:
        return []
    into = folder / "wheels"
    into.mkdir()
    command = [*tools.pip(job.environ), "download", "--progress-bar", "off", "--only-binary", ":all:", *(["--no-deps"] if uv else []), "--dest", into]
    done = tools.run([*command, *job.machine.pip, *job.wanted.options, "-r", pinned], environ=job.environ, folder=job.wanted.path.parent)
    if done.returncode:
        raise refusals.pip(done.stdout, done.stderr, job.wanted, job.machine)
    return sorted(into.glob("*.whl"))


def _pinned(uv: Path, job: _Job, folder: Path) -> Path:
    pinned = folder / "pinned.txt"
    pinned.write_text(_compile(uv, job, _export(uv, job, folder)), "utf-8")
    return pinned


def _listed(job: _Job, folder: Path) -> Path:
    """Return the list for pip itself, which reads neither a lock nor a pyproject.toml that it shall not build."""
    if job.wanted.kind == "lock":
        message = "uv is not there to read `uv.lock`"
        raise FnctlError(message, code="FN423", notes=(str(job.wanted.path),), help="install it:\n  python -m pip install uv")
    if job.wanted.kind == "requirements":
        return job.wanted.path
    listed = folder / "listed.txt"
    listed.write_text("\n".join(job.wanted.lines), "utf-8")
    return listed


def _export(uv: Path, job: _Job, folder: Path) -> Path:
    """Return the file to resolve: the list itself, or what a lock says, as it says it."""
    if job.wanted.kind != "lock":
        return job.wanted.path
    done = tools.run([uv, "export", *EXPORT, "--python", tools.python()], environ=job.environ, folder=job.wanted.path.parent)
    if done.returncode:
        raise refusals.uv(done.stderr, job.wanted, job.machine)
    local = next((line for line in done.stdout.splitlines() if line.startswith(("-e ", "./", "../", "file:"))), None)
    if local:
        message = f"`uv.lock` holds a package of this workspace, which has no wheel: {local.removeprefix('-e ')}"
        raise FnctlError(
            message, code="FN424", notes=(str(job.wanted.path),), help="bring its files with `include`, or publish its wheel to an index"
        )
    exported = folder / "exported.txt"
    exported.write_text(done.stdout, "utf-8")
    return exported


def _compile(uv: Path, job: _Job, source: Path) -> str:
    """Pin every package, with the digests of its files, for the target's Python and platform."""
    own: list[str | Path] = [] if job.machine.interpreter else ["--python", tools.python()]
    left = [word for name in sorted(job.provided) for word in ("--no-emit-package", name)]
    locked = ["--no-deps"] if job.wanted.kind == "lock" else []
    command: list[str | Path] = [uv, "pip", "compile", source, *COMPILE, *own, *job.machine.uv, *tools.closed(job.environ), *left, *locked]
    done = tools.run(command, environ=job.environ, folder=job.wanted.path.parent)
    if done.returncode:
        raise refusals.uv(done.stderr, job.wanted, job.machine)
    return done.stdout

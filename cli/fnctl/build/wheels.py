"""From a list of dependencies to wheel files for the target's machine, on any machine; only folders of the project's own are built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build import local, pins, poetry, refusals, tools
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.build.lists import Requirements, normal
from fnctl.build.local import Local
from fnctl.build.model import BuildTarget
from fnctl.build.tags import Machine, machine
from fnctl.build.trimming import LEVEL as TRIM
from fnctl.build.trimming import slim
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.graph import Json
from fnctl.pattern import later

EXPORT = ("--frozen", "--no-dev", "--no-emit-project", "--no-header", "--no-annotate", "--no-python-downloads", "--color", "never", "--quiet")
COMPILE = ("--only-binary", ":all:", "--generate-hashes", *EXPORT[3:], "--no-progress")
LEVEL = "wheels 3"
"""Counts up whenever the same list would resolve to other wheels."""

FOLDER = later(r"^(?:-e )?(\.{1,2}/\S*|\.|file:\S+)\s*(;.*)?$")


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


@dataclass(frozen=True)
class _Listed:
    """What the resolver reads: the list itself or one that we wrote, limits beside it, and what its text says (of a lock)."""

    path: Path
    limits: tuple[Path, ...] = ()
    exported: str = ""


def wheels(wanted: Requirements, target: BuildTarget, cache: Cache) -> tuple[Path, ...]:
    """Return the wheels of a list, sorted by name; from the cache where the same list was resolved for the same machine before.

    Args:
        wanted: the list.
        target: the machine.
        cache: holds wheels by their digest, and which of them a list came to.

    Raises:
        FnctlError: a package has no wheel for this machine (FN421), the list cannot be resolved or fetched (FN422), no tool is there (FN423), a
            lock does not hold what is needed (FN429), a folder of ours cannot be built (FN425), a digest is missing (FN426) or another one (FN427).
    """
    if not wanted.lines and not wanted.locals:
        return ()
    job = _Job(wanted, machine(target, cache), _provided(wanted, target), cache)
    rows: list[Json] = [cache.digest(path) for path in wanted.files]
    own: list[Json] = [[os.path.relpath(folder, wanted.path.parent.resolve()), local.digest(folder, cache)] for folder in wanted.around]
    how: list[Json] = [LEVEL, TRIM, sorted(wanted.whole), wanted.kind]
    name = memory.key(how, rows, own, job.machine.python, list(job.machine.platforms), sorted(job.provided))

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
    own = {folder: local.wheel(folder, cache) for folder in wanted.around}
    cache.report(f"resolving {wanted.path.name} for Python {job.machine.python}, {job.machine.platforms[0] if job.machine.platforms else 'any'}")
    try:
        with cache.workplace() as folder:
            fetched, here = _fetch(job, own, folder)
            needed = [*(wheel for wheel in fetched if _name(wheel) not in job.provided), *here]
            ours = {wheel.name for wheel in own.values()}
            kept = sorted({_keep(wheel, job, folder, ours=wheel.name in ours) for wheel in needed})
    except OSError as error:
        raise refused(error, cache.root / "wheels") from error
    cache.put("resolved", name, kept)
    return tuple(cache.root / "wheels" / path for path in kept)


def _keep(wheel: Path, job: _Job, folder: Path, *, ours: bool) -> str:
    """Keep a wheel, trimmed; where an index has it, with the digest that it has there."""
    published = "" if ours else memory.file_digest(wheel)
    return local.keep(wheel if _whole(wheel, job.wanted) else slim(wheel, folder), job.cache, published)


def _whole(wheel: Path, wanted: Requirements) -> bool:
    return not wanted.whole.isdisjoint({"*", _name(wheel)})


def _name(wheel: Path) -> str:
    return normal(wheel.name.partition("-")[0])


def _fetch(job: _Job, own: dict[Path, Path], folder: Path) -> tuple[list[Path], list[Path]]:
    """Resolve with uv, which knows the target's markers, and fetch with pip; without uv pip does both. Our own wheels are at hand already."""
    uv = tools.uv(job.environ)
    if uv is None:
        return _download(job, _plain(job, own, folder), folder, ()), []
    listed = _listed(uv, job, own, folder)
    pinned, here = pins.split(pins.read(_compile(uv, job, listed)), {wheel.as_uri(): wheel for wheel in own.values()})
    sure = pins.checked(pinned, pins.given(job.wanted, listed.exported), job.wanted)
    if not sure:
        return [], here
    path = folder / "pinned.txt"
    path.write_text("".join(f"{pin}\n" for pin in sure), "utf-8")
    return _download(job, _Listed(path), folder, ("--no-deps",)), here


def _download(job: _Job, listed: _Listed, folder: Path, words: tuple[str, ...]) -> list[Path]:
    into = folder / "wheels"
    into.mkdir()
    command = [*tools.pip(job.environ), "download", "--progress-bar", "off", "--only-binary", ":all:", *words, "--dest", into]
    limits = [word for limit in listed.limits for word in ("-c", limit)]
    done = tools.fetch(
        [*command, *job.machine.pip, *job.wanted.options, *limits, "-r", listed.path], environ=job.environ, folder=job.wanted.path.parent
    )
    if done.returncode:
        raise refusals.pip(done.stdout, done.stderr, job.wanted, job.machine)
    return sorted(into.glob("*.whl"))


def _plain(job: _Job, own: dict[Path, Path], folder: Path) -> _Listed:
    """Return the list for pip itself, which reads neither a lock nor a pyproject.toml that it shall not build."""
    if job.wanted.lock:
        message = f"uv is not there to read `{job.wanted.lock.name}`"
        raise FnctlError(message, code="FN423", notes=(str(job.wanted.lock),), help="install it:\n  python -m pip install uv")
    return _written(job, own, folder)


def _listed(uv: Path, job: _Job, own: dict[Path, Path], folder: Path) -> _Listed:
    if job.wanted.kind != "lock":
        return _written(job, own, folder)
    exported = _export(uv, job)
    path = folder / "exported.txt"
    path.write_text("\n".join(_pointed(exported, job, own)), "utf-8")
    return _Listed(path, exported=exported)


def _written(job: _Job, own: dict[Path, Path], folder: Path) -> _Listed:
    """Return the list to resolve: the file itself, unless our own wheels have to stand in for folders."""
    wanted = job.wanted
    if wanted.kind == "requirements" and not own:
        return _Listed(wanted.path)
    path, limit = folder / "listed.txt", folder / "limits.txt"
    folders = [_at(own[one.folder], one) for one in wanted.locals]
    path.write_text("\n".join([*wanted.lines, *folders]), "utf-8")
    locked = poetry.pins(poetry.packages(wanted.lock)) if wanted.lock else []
    limit.write_text("\n".join([*locked, *(_at(wheel, Local(folder)) for folder, wheel in own.items())]), "utf-8")
    return _Listed(path, (*wanted.constraints, limit))


def _at(wheel: Path, one: Local) -> str:
    return f"{_name(wheel)}{one.extras} @ {wheel.as_uri()}{f' ; {one.marker}' if one.marker else ''}"


def _export(uv: Path, job: _Job) -> str:
    """Return what a uv.lock says, for the chosen extras and groups."""
    wanted = job.wanted
    more = [*(word for extra in wanted.extras for word in ("--extra", extra)), *(word for group in wanted.groups for word in ("--group", group))]
    done = tools.fetch([uv, "export", *EXPORT, *more, "--python", tools.python()], environ=job.environ, folder=wanted.path.parent)
    if done.returncode:
        raise refusals.uv(done.stderr, wanted, job.machine)
    return done.stdout


def _pointed(exported: str, job: _Job, own: dict[Path, Path]) -> Iterator[str]:
    """Yield a lock's lines, those of folders with our own wheels in their place."""
    base = (job.wanted.lock or job.wanted.path).parent
    for line in exported.splitlines():
        found = FOLDER.match(line)
        wheel = own.get((base / found[1].removeprefix("file://")).resolve()) if found else None
        if found and wheel is None:
            message = f"`uv.lock` holds a package that has no wheel and is no folder of yours: {found[1]}"
            raise FnctlError(
                message, code="FN428", notes=(str(job.wanted.lock),), help="bring its files with `include`, or publish its wheel to an index"
            )
        yield f"{_name(wheel)} @ {wheel.as_uri()} {found[2] or ''}" if found and wheel else line


def _compile(uv: Path, job: _Job, listed: _Listed) -> str:
    """Pin every package, with the digests of its files, for the target's Python and platform."""
    own: list[str | Path] = [] if job.machine.interpreter else ["--python", tools.python()]
    left = [word for name in sorted(job.provided) for word in ("--no-emit-package", name)]
    limits = [word for limit in listed.limits for word in ("-c", limit)]
    words: list[str | Path] = [*limits, *own, *job.machine.uv, *tools.closed(job.environ), *left]
    command: list[str | Path] = [uv, "pip", "compile", listed.path, *COMPILE, *words, *(["--no-deps"] if job.wanted.kind == "lock" else [])]
    done = tools.fetch(command, environ=job.environ, folder=job.wanted.path.parent)
    if done.returncode:
        raise refusals.uv(done.stderr, job.wanted, job.machine)
    return done.stdout

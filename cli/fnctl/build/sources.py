"""Which of the project's own files go into a Python function: all that its handler may import, and nothing that it cannot."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache as remembered
from pathlib import Path, PurePosixPath

from fnctl.build import globs, imports
from fnctl.build.cache import Cache
from fnctl.build.model import File
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Service

IGNORED = ("__pycache__/", "node_modules/", "tests/", ".*", "*.py[co]", "*.ts", "*.tsx", "*.mts", "*.cts")
NEVER = (".git/", ".fnctl/", "__pycache__/")
"""What even `include` does not bring."""

Tree = Mapping[str, Path]


@dataclass(frozen=True)
class _Place:
    """The manifest's folder, and the same with its links resolved."""

    folder: Path
    real: Path


def files(service: Service, function: Function, cache: Cache) -> tuple[File, ...]:
    """Return a Python function's own files, sorted by path, paths as in the manifest's folder.

    The handler's top folder goes in (for `src/api.py`: `src/`); for a handler beside the manifest its `.py` files and the folders that hold some.
    Left out are ignored files, and the handlers of other functions that nothing here imports. `include` adds, `exclude` takes away.

    Args:
        service: the manifest; all its functions count, since their handlers are told apart.
        function: which one.
        cache: remembers trees for the functions that share a folder.

    Raises:
        FnctlError: the handler is not there (FN411), a link is broken or leaves the project (FN412), an `include` matches nothing (FN413).
    """
    place = _Place(service.folder, service.folder.resolve())
    handler = _handler(place, function)
    top = PurePosixPath(handler).parts[0]
    tree = cache.once(f"tree {top if top != handler else ''}", lambda: _tree(place, top if top != handler else None))
    excluded = globs.matcher(function.exclude)

    def left(found: Tree) -> Tree:  # before anybody asks what it imports: a file that stays at home brings nothing along
        return {path: source for path, source in found.items() if path == handler or not excluded(path)} if function.exclude else found

    included = left(_included(place, function.include))
    chosen = {**_own(service, handler, left(tree), included, cache), **included, handler: place.folder / handler}
    return tuple(File(path, source, bool(source.stat().st_mode & 0o111)) for path, source in sorted(chosen.items()))


def included(service: Service, function: Function) -> tuple[File, ...]:
    """Return the files that `include` names, without those of `exclude`, for a builder that knows itself what else there is. Raises as `files`."""
    found = _included(_Place(service.folder, service.folder.resolve()), function.include)
    excluded = globs.matcher(function.exclude)
    return tuple(File(path, source, bool(source.stat().st_mode & 0o111)) for path, source in sorted(found.items()) if not excluded(path))


def _handler(place: _Place, function: Function) -> str:
    path = PurePosixPath(function.handler_file)
    if path.is_absolute() or ".." in path.parts:
        message = f"the handler of `{function.name}` is outside the manifest's folder: {function.handler_file}"
        raise FnctlError(message, code="FN411", help="move the file below the manifest's folder, or the manifest above it")
    if not (place.folder / path).is_file():
        message = f"the handler of `{function.name}` is not there: {function.handler_file}"
        raise FnctlError(message, code="FN411", notes=(str(place.folder / path),), help="write the file, or correct `handler`")
    _inside(place, place.folder / path)
    return str(path)


def _tree(place: _Place, top: str | None) -> Tree:
    """Return path -> file below a folder, or, for None, what can be imported at the manifest's own folder."""
    ignored = _ignored(place)
    if top is not None:
        return dict(_walk(place, place.folder / top, ignored, ()))
    found: dict[str, Path] = {}
    for entry in sorted(place.folder.iterdir()):
        if entry.is_dir():
            if not _skipped(entry.name, entry, ignored) and any(entry.glob("*.py")):
                found.update(_walk(place, entry, ignored, ()))
        elif entry.suffix == ".py" and not ignored(entry.name):
            found[entry.name] = _inside(place, entry)
    return found


def _ignored(place: _Place) -> Callable[[str], bool]:
    path = place.folder / ".fnctlignore"
    try:
        return globs.matcher([*IGNORED, *globs.lines(path.read_text("utf-8"))])
    except FileNotFoundError:
        return globs.matcher(IGNORED)
    except (OSError, UnicodeDecodeError) as error:
        message = "`.fnctlignore` cannot be read"
        raise FnctlError(message, code="FN405", notes=(str(error),), help="it is a UTF-8 text file with one pattern a line") from error


def _skipped(path: str, folder: Path, ignored: Callable[[str], bool]) -> bool:
    return ignored(f"{path}/") or (folder / "pyvenv.cfg").exists()


def _walk(place: _Place, folder: Path, ignored: Callable[[str], bool], above: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    """Yield files below a folder; linked folders are followed, but not in circles."""
    real = folder.resolve()
    if real in above:
        return
    for entry in _entries(folder):
        source = Path(entry.path)
        path = source.relative_to(place.folder).as_posix()
        linked = entry.is_symlink()
        if ignored(path) or ((linked or entry.is_dir()) and _skipped(path, source, ignored)):
            continue
        if linked:
            _inside(place, source)
        if entry.is_dir():
            yield from _walk(place, source, ignored, (*above, real))
        elif entry.is_file():
            yield path, source


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        message = f"the folder `{folder.name}` cannot be read: {(error.strerror or str(error)).lower()}"
        raise FnctlError(message, code="FN405", notes=(str(folder),), help="check its permissions, then build again") from error


def _inside(place: _Place, path: Path) -> Path:
    """Return a path that, with its links resolved, is there and inside the project. Raises FnctlError FN412."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        message = f"the link `{path.relative_to(place.folder).as_posix()}` is broken"
        raise FnctlError(message, code="FN412", notes=(f"it points to {_target(path)}",), help="mend the link, or name it in .fnctlignore") from error
    if not real.is_relative_to(place.real):
        message = f"`{path.relative_to(place.folder).as_posix()}` leads out of the project"
        notes = (f"it points to {real}",)
        raise FnctlError(message, code="FN412", notes=notes, help="copy what it points to below the manifest's folder, or name it in .fnctlignore")
    return path


def _target(path: Path) -> str:
    return str(path.readlink()) if path.is_symlink() else str(path)


def _included(place: _Place, patterns: Iterable[str]) -> Tree:
    found: dict[str, Path] = {}
    for pattern in patterns:
        start = place.folder / globs.prefix(pattern)
        if ".." in PurePosixPath(pattern).parts:
            message = f"`include: {pattern}` leads out of the project"
            raise FnctlError(message, code="FN412", help="copy what is needed below the manifest's folder")
        fits = globs.compiled(pattern)
        here = {path: source for path, source in _below(place, start, pattern) if fits.fullmatch(path)}
        if not here:
            message = f"`include: {pattern}` matches no file"
            raise FnctlError(message, code="FN413", notes=(f"looked below {start}",), help="patterns are relative to the manifest's folder")
        found.update(here)
    return found


def _below(place: _Place, start: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    if start.is_dir():
        unsaid = () if "node_modules" in pattern else ("node_modules/",)
        yield from _walk(place, start, globs.matcher([*NEVER, *unsaid]), ())
    elif start.is_file():
        yield start.relative_to(place.folder).as_posix(), _inside(place, start)


def _own(service: Service, handler: str, tree: Tree, included: Tree, cache: Cache) -> Tree:
    """Leave out other functions' handlers, unless what stays or is included imports them; what comes back may import more."""
    handlers = {other.handler_file for other in service.functions.values() if not other.image} - {handler}
    units = {_unit(other, handler) for other in handlers}
    others: dict[str, dict[str, Path]] = {}
    kept: dict[str, Path] = {}
    for path, source in tree.items():
        unit = next((step for step in (path, *_parents(path)) if step in units), None)
        (kept if unit is None else others.setdefault(unit, {}))[path] = source
    fresh: Iterable[Path] = {**kept, **included}.values()
    while others:
        wanted = frozenset[str]().union(*(_imports(source, cache) for source in fresh if source.suffix == ".py"))
        back = [unit for unit in others if _stem(unit) in wanted]
        if not back:
            break
        fresh = [source for unit in back for source in others[unit].values()]
        for unit in back:
            kept.update(others.pop(unit))
    return kept


def _unit(other: str, handler: str) -> str:
    """Return what belongs to another function only: the folder of its handler, or the file where that folder holds ours too."""
    folder = _parents(other)[0]
    if folder not in _parents(handler):
        return folder
    # an __init__.py makes the folder a package, whoever's handler it is
    return "" if other.rpartition("/")[2] == "__init__.py" else other


@remembered
def _parents(path: str) -> tuple[str, ...]:
    """Return the folders of a path, the nearest first; functions and files are many, and each pair asks."""
    return tuple(map(str, PurePosixPath(path).parents))


@remembered
def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _imports(source: Path, cache: Cache) -> frozenset[str]:
    def read() -> frozenset[str]:
        digest = cache.digest(source)
        known = cache.get("imports", digest)
        if known is None:
            known = sorted(imports.names(source.read_bytes()))
            cache.put("imports", digest, known)
        return frozenset(known)

    return cache.once(f"imports {source}", read)

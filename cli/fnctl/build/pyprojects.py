"""What a pyproject.toml asks for: its dependencies, the extras and groups that are chosen, and the lock that makes them exact."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from fnctl.build import local, poetry
from fnctl.build.lists import Requirements, from_source, named, normal, read
from fnctl.build.lists import local as folder_of
from fnctl.build.local import Local
from fnctl.errors import FnctlError
from fnctl.pattern import later

LOCAL_IN_LOCK = later(r'^source = \{ (?:editable|directory) = "([^"]+)" \}', re.MULTILINE)
ADD_NAME = "add the dependencies to a requirements.txt beside it"
SELF = later(r"(?P<name>[A-Za-z0-9._-]+)\s*\[(?P<extras>[^\]]+)\]\s*$")


def listed(path: Path) -> Requirements | None:
    """Read what a pyproject.toml asks for; None where there is none, or where it names no project.

    Raises:
        FnctlError: FN424, it cannot be read, or not all of it is known without a build, or it chooses extras or groups that it has not.
    """
    if not path.is_file():
        return None
    document = _document(path)
    project = document.get("project")
    if poetry.speaks(document) and path.with_name("poetry.lock").is_file() and not path.with_name("uv.lock").is_file():
        static = isinstance(project, dict) and "dependencies" not in project.get("dynamic", ())
        return poetry.listed(path, document, *chosen(document), tuple(wanted(path, document)) if static else ())
    if not isinstance(project, dict):
        if "dependencies" in document.get("tool", {}).get("poetry", {}):
            raise poetry.unlocked(path)
        return None
    lines = tuple(wanted(path, document))
    lock = _lock(path)
    options, (extras, groups) = tuple(_indexes(document)), chosen(document)
    if lock:
        around = tuple(sorted({(lock.parent / found).resolve() for found in LOCAL_IN_LOCK.findall(read(lock))}))
        own = path.parent.resolve()
        around = tuple(folder for folder in around if folder != own)
        return Requirements(path, "lock", named(lines), (lock, path), options, lines, (), (), around, extras, groups, lock)
    folders, rest = _split(path, document, lines)
    around = local.reached(tuple(found.folder for found in folders))
    return Requirements(path, "pyproject", named(rest), (path,), options, rest, (), folders, around, extras, groups)


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read(path))
    except tomllib.TOMLDecodeError as error:
        message = f"`{path.name}` is not TOML: {error}"
        raise FnctlError(message, code="FN424", notes=(str(path),), help="correct that line") from error


def chosen(document: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the extras and groups of `[tool.fnctl]`."""
    table = document.get("tool", {}).get("fnctl", {})
    return tuple(map(str, table.get("extras", ()))), tuple(map(str, table.get("groups", ())))


def whole(folder: Path, handler: str) -> frozenset[str]:
    """Return the packages that shall not be trimmed, as the nearest `[tool.fnctl] whole` says: a list of names, or true for all, `*`."""
    for step in PurePosixPath(handler).parents:
        said = local.read(folder / step / "pyproject.toml").get("tool", {}).get("fnctl", {}).get("whole")
        if said is not None:
            return frozenset(map(normal, said)) if isinstance(said, list) else frozenset({"*"} if said else ())
    return frozenset()


def wanted(path: Path, document: dict[str, Any]) -> Iterator[str]:
    """Yield a project's requirements, with those of the chosen extras and groups."""
    project = document["project"]
    if "dependencies" in project.get("dynamic", ()):
        message = f"the dependencies in `{path.name}` are only known once the project is built"
        raise FnctlError(message, code="FN424", notes=(str(path),), help=f"list them in `[project] dependencies`, or {ADD_NAME}")
    yield from map(str, project.get("dependencies", ()))
    extras, groups = chosen(document)
    for extra in extras:
        yield from _extra(path, document, extra, ())
    for group in groups:
        yield from _group(path, document, group, ())


def _extra(path: Path, document: dict[str, Any], extra: str, above: tuple[str, ...]) -> Iterator[str]:
    """Yield an extra's requirements; one that names the project itself means more of its extras."""
    project = document["project"]
    held = {normal(name): lines for name, lines in project.get("optional-dependencies", {}).items()}
    if normal(extra) not in held:
        if extra in document.get("tool", {}).get("poetry", {}).get("extras", {}):
            return
        raise _unknown(path, "extra", extra, held)
    for line in map(str, held[normal(extra)]):
        own = SELF.match(line)
        if own and normal(own["name"]) == normal(str(project.get("name", ""))):
            for more in own["extras"].split(","):
                if more.strip() not in above:
                    yield from _extra(path, document, more.strip(), (*above, extra))
        else:
            yield line


def _group(path: Path, document: dict[str, Any], group: str, above: tuple[str, ...]) -> Iterator[str]:
    """Yield a dependency group's requirements (PEP 735), those of the groups that it includes too."""
    held = {normal(name): lines for name, lines in document.get("dependency-groups", {}).items()}
    if normal(group) not in held:
        if group in document.get("tool", {}).get("poetry", {}).get("group", {}):
            return
        raise _unknown(path, "group", group, held)
    for line in held[normal(group)]:
        if isinstance(line, dict):
            more = str(line.get("include-group", ""))
            if more not in above:
                yield from _group(path, document, more, (*above, group))
        else:
            yield str(line)


def _unknown(path: Path, kind: str, name: str, held: dict[str, Any]) -> FnctlError:
    message = f"`[tool.fnctl]` in `{path.name}` chooses the {kind} `{name}`, which is not there"
    return FnctlError(message, code="FN424", notes=(str(path),), help=f"there are: {', '.join(sorted(held))}" if held else f"add that {kind}")


def _split(path: Path, document: dict[str, Any], lines: tuple[str, ...]) -> tuple[tuple[Local, ...], tuple[str, ...]]:
    """Tell folders from what an index has. Raises FnctlError FN424 or FN428 for what is on nobody's index."""
    known = {normal(name): folder for name, folder in local.sources(path.parent, document).items()}
    remote = {normal(name): entry for name, entry in document.get("tool", {}).get("uv", {}).get("sources", {}).items() if isinstance(entry, dict)}
    folders: list[Local] = []
    rest: list[str] = []
    for line in lines:
        name = next(iter(named((line,))), "")
        found = folder_of(line, path.parent, path) or (_here(line, known[name]) if name in known else None)
        if found:
            folders.append(found)
        elif "git" in remote.get(name, {}):
            raise from_source(path, f"{name} @ git+{remote[name]['git']}")
        else:
            rest.append(_addressed(line, remote.get(name, {}), path.parent))
    return tuple(folders), tuple(rest)


def _here(line: str, folder: Path) -> Local:
    extras, marker = re.search(r"\[[^\]]*\]", line.partition(";")[0]), line.partition(";")[2]
    return Local(folder, extras[0] if extras else "", marker.strip())


def _addressed(line: str, entry: dict[str, Any], folder: Path) -> str:
    """Return a requirement with the address that `tool.uv.sources` gives it: a wheel's URL or file."""
    place = str(entry["url"]) if "url" in entry else (folder / str(entry["path"])).resolve().as_uri() if "path" in entry else None
    head = re.match(r"[A-Za-z0-9._-]+\s*(\[[^\]]*\])?", line)
    if place is None or head is None:
        return line
    _, semicolon, marker = line.partition(";")
    return f"{head[0]} @ {place}{f' ;{marker}' if semicolon else ''}"


def _lock(path: Path) -> Path | None:
    """Return the uv.lock beside a pyproject.toml, or the one of the workspace that it is a member of."""
    beside = path.with_name("uv.lock")
    if beside.is_file():
        return beside
    root = local.workspace(path.parent.resolve())
    if root is None or not (root / "uv.lock").is_file():
        return None
    member = path.parent.resolve().relative_to(root).as_posix()
    known = re.search(rf'^source = {{ (?:editable|virtual|directory) = "{re.escape(member)}" }}', read(root / "uv.lock"), re.MULTILINE)
    return root / "uv.lock" if known else None


def _indexes(document: dict[str, Any]) -> Iterator[str]:
    """Yield uv's own index settings in pip's words, so that what uv resolves pip finds."""
    for index in document.get("tool", {}).get("uv", {}).get("index", ()):
        if "url" in index:
            yield from ("--index-url" if index.get("default") else "--extra-index-url", str(index["url"]))

"""Where a Python function says what it needs: the nearest requirements.txt, pyproject.toml or uv.lock, read but not yet resolved."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, cast

from fnctl.errors import FnctlError

NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;@(]|$)")
SOURCE = re.compile(r"(?!.*\.whl\b)(-e\b|--editable\b|\.{1,2}/|/|file:|git\+|\S+\s*@\s*(file:|git\+|\.))")
INDEX_WORDS = {"-i": "--index-url", "-f": "--find-links"}
INDEX_OPTIONS = ("--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host", "--pre")
ADD_NAME = "add the dependencies to a requirements.txt beside it"


@dataclass(frozen=True)
class Requirements:
    """A list of dependencies.

    Attributes:
        path: the file that a person would edit.
        kind: how to read it; `lock` is a uv.lock beside that file.
        names: what it asks for by name, normalised.
        files: every file that decides the outcome.
        options: where to look for packages, in pip's words, paths absolute.
        lines: the requirements themselves, for a resolver that cannot read `path`.
    """

    path: Path
    kind: Literal["requirements", "pyproject", "lock"]
    names: frozenset[str]
    files: tuple[Path, ...]
    options: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def nearest(folder: Path, handler: str) -> Requirements | None:
    """Find the list that is nearest to a handler, from its folder up to the manifest's; None where there is none.

    In one folder requirements.txt wins over pyproject.toml. A pyproject.toml without a `[project]` table only configures tools and is passed by.

    Raises:
        FnctlError: FN424, a list cannot be read or needs a build to be known.
    """
    for step in PurePosixPath(handler).parents:
        found = _requirements(folder / step / "requirements.txt") or _pyproject(folder / step / "pyproject.toml")
        if found:
            return found
    return None


def _requirements(path: Path) -> Requirements | None:
    if not path.is_file():
        return None
    lines = list(_lines(path, ()))
    sources = [line for _, line in lines if not line.startswith("--") and SOURCE.match(line)]
    if sources:
        raise _from_source(path, sources[0])
    names = frozenset(normal(found[1]) for _, line in lines if (found := NAME.match(line)))
    options = tuple(word for origin, line in lines for word in _options(origin, line))
    wanted = tuple(line for _, line in lines if not line.startswith("-"))
    return Requirements(path, "requirements", names, tuple(dict.fromkeys([path, *(origin for origin, _ in lines)])), options, wanted)


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Yield the logical lines of a requirements file and of those that it includes, each with its file."""
    text = re.sub(r"\\\r?\n", " ", _read(path))
    for raw in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        included = re.match(r"(-r|--requirement|-c|--constraint)[\s=]*(.+)", line)
        if included is None:
            if line:
                yield path, line
            continue
        other = path.parent / included[2]
        if other in above or other == path:
            continue
        for origin, inner in _lines(other, (*above, path)):
            # a constraint limits a package, it does not ask for it; its empty option still tells that the file counts
            yield (origin, inner) if included[1] in ("-r", "--requirement") else (origin, "--constraint")


def _options(origin: Path, line: str) -> Iterator[str]:
    word, _, value = re.sub(r"^(--?[a-z-]+)[=\s]+", r"\1 ", line).partition(" ")
    word = INDEX_WORDS.get(word, word)
    if word not in INDEX_OPTIONS:
        return
    yield word
    if value:
        near = origin.parent / value
        yield str(near) if word == "--find-links" and "://" not in value and near.exists() else value


def _pyproject(path: Path) -> Requirements | None:
    if not path.is_file():
        return None
    try:
        document = tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        message = f"`{path.name}` is not TOML: {error}"
        raise FnctlError(message, code="FN424", notes=(str(path),), help="correct that line") from error
    project = document.get("project")
    if not isinstance(project, dict):
        return None
    table = cast("dict[str, Any]", project)
    if "dependencies" in table.get("dynamic", ()):
        message = f"the dependencies in `{path.name}` are only known once the project is built"
        raise FnctlError(message, code="FN424", notes=(str(path),), help=f"list them in `[project] dependencies`, or {ADD_NAME}")
    wanted = tuple(str(line) for line in table.get("dependencies", ()))
    sources = [line for line in wanted if SOURCE.match(line)]
    if sources:
        raise _from_source(path, sources[0])
    names = frozenset(normal(found[1]) for line in wanted if (found := NAME.match(line)))
    lock = path.with_name("uv.lock")
    options = tuple(_indexes(document))
    if lock.is_file():
        return Requirements(path, "lock", names, (lock, path), options, wanted)
    return Requirements(path, "pyproject", names, (path,), options, wanted)


def _indexes(document: dict[str, Any]) -> Iterator[str]:
    """Yield uv's own index settings in pip's words, so that what uv resolves pip finds."""
    for index in document.get("tool", {}).get("uv", {}).get("index", ()):
        if "url" in index:
            yield from ("--index-url" if index.get("default") else "--extra-index-url", str(index["url"]))


def _from_source(path: Path, line: str) -> FnctlError:
    message = f"`{path.name}` asks for a package that has to be built from source: {re.sub(r'(?<=://)[^/@ ]+@', '***@', line)}"
    ways = "build its wheel (`pip wheel --no-deps -w wheels SOURCE`) and name it with `--find-links wheels`,\nor bring its files with `include`"
    return FnctlError(message, code="FN424", notes=(str(path), "fnctl installs wheels only: it runs nobody's build scripts"), help=ways)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"`{path.name}` cannot be read"
        raise FnctlError(
            message, code="FN424", notes=(f"{path}: {error}",), help="it is a UTF-8 text file; check the path of what includes it"
        ) from error

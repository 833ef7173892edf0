"""Where a Python function says what it needs: the nearest requirements.txt, pyproject.toml or lock, read but not yet resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from fnctl.build import pyprojects
from fnctl.build.lists import Requirements, local, named, read
from fnctl.build.local import Local, reached
from fnctl.dataclass import replace

INDEX_WORDS = {"-i": "--index-url", "-f": "--find-links"}
INDEX_OPTIONS = ("--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host", "--pre")


def nearest(folder: Path, handler: str) -> Requirements | None:
    """Find the list that is nearest to a handler, from its folder up to the manifest's; None where there is none.

    In one folder requirements.txt wins over pyproject.toml. A pyproject.toml that names no project only configures tools and is passed by.

    Raises:
        FnctlError: FN424, a list cannot be read or needs a build to be known; FN428, it asks for source; FN429, its lock is missing or older.
    """
    for step in PurePosixPath(handler).parents:
        found = _requirements(folder / step / "requirements.txt") or pyprojects.listed(folder / step / "pyproject.toml")
        if found:
            return replace(found, whole=pyprojects.whole(folder, handler))
    return None


def _requirements(path: Path) -> Requirements | None:
    if not path.is_file():
        return None
    lines = list(_lines(path, ()))
    options = tuple(word for origin, line in lines for word in _options(origin, line))
    own = [(line, local(line, origin.parent, path)) for origin, line in lines if not line.startswith(("-c ", "-r "))]
    folders: tuple[Local, ...] = tuple(found for _, found in own if found)
    wanted = tuple(line for line, found in own if found is None and not line.startswith("-"))
    limits = tuple(origin for origin, line in lines if line == LIMITS)
    files = tuple(dict.fromkeys([path, *(origin for origin, _ in lines)]))
    around = reached(tuple(found.folder for found in folders))
    return Requirements(path, "requirements", named(wanted), files, options, wanted, tuple(dict.fromkeys(limits)), folders, around)


LIMITS = "--constraint"
"""Stands for a line of a constraints file: it limits a package and does not ask for it, yet the file counts."""


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    """Yield the logical lines of a requirements file and of those that it includes, each with its file."""
    text = re.sub(r"\\\r?\n", " ", read(path))
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
            yield (origin, inner) if included[1] in ("-r", "--requirement") else (origin, LIMITS)


def _options(origin: Path, line: str) -> Iterator[str]:
    word, _, value = re.sub(r"^(--?[a-z-]+)[=\s]+", r"\1 ", line).partition(" ")
    word = INDEX_WORDS.get(word, word)
    if word not in INDEX_OPTIONS:
        return
    yield word
    if value:
        near = origin.parent / value
        yield str(near) if word == "--find-links" and "://" not in value and near.exists() else value

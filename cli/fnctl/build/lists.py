"""A list of dependencies as a value, and the words that all readers of such lists share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from fnctl.build.local import Local
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.pattern import later

NAME = later(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;@(]|$)")
SOURCE = later(r"(?!.*\.whl\b)(-e\b|--editable\b|\.{1,2}/|/|file:|git\+|\S+\s*@\s*(file:|git\+|\.))")
BEFORE = later(r"(?P<editable>(?:-e|--editable)[\s=]+)?(?P<name>[\w.-]+\s*(?P<extras>\[[^\]]*\])?\s*@\s*)?(?P<file>file:(?://(?=[./]))?)?")
PATH = later(r"(?P<path>[^;\[\s#]+)(?P<extras>\[[^\]]*\])?[^;]*(?:;\s*(?P<marker>[^#]*))?")


@dataclass(frozen=True)
class Requirements:
    """A list of dependencies.

    Attributes:
        path: the file that a person would edit.
        kind: how to read it; `lock` is a uv.lock, `poetry` a poetry.lock.
        names: what it asks for by name, normalised.
        files: every file that decides the outcome.
        options: where to look for packages, in pip's words, paths absolute.
        lines: the requirements themselves, for a resolver that cannot read `path`.
        constraints: files that limit versions.
        locals: the folders that it asks for.
        around: all folders whose packages may be needed, those of `locals` too.
        extras: what `[tool.fnctl]` chooses of the project's extras.
        groups: likewise of its dependency groups.
        whole: packages that are not trimmed, normalised; `*` for all.
        lock: where uv.lock or poetry.lock is, for those kinds.
    """

    path: Path
    kind: Literal["requirements", "pyproject", "lock", "poetry"]
    names: frozenset[str]
    files: tuple[Path, ...]
    options: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[Path, ...] = ()
    locals: tuple[Local, ...] = ()
    around: tuple[Path, ...] = ()
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    lock: Path | None = None
    whole: frozenset[str] = frozenset()


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(lines: tuple[str, ...]) -> frozenset[str]:
    """Return the normalised names that requirements begin with."""
    return frozenset(normal(found[1]) for line in lines if (found := NAME.match(line)))


def local(line: str, folder: Path, path: Path) -> Local | None:
    """Read a requirement that is a folder: `./lib`, `-e ../lib[fast]`, `lib @ file:lib ; python_version > "3"`; None for any other.

    Raises:
        FnctlError: FN424, that folder is not there; FN428, the requirement is source code of another kind.
    """
    found = _folder(line)
    if found is None:
        if not line.startswith("--") and SOURCE.match(line):
            raise from_source(path, line)
        return None
    place = folder / (found["path"] or "")
    if place.suffix == ".whl":
        return None
    if not place.is_dir():
        if place.is_file():
            raise from_source(path, line)
        message = f"`{path.name}` asks for a package that is not there: {line}"
        raise FnctlError(message, code="FN424", notes=(str(path), f"looked for {place}"), help="correct the path; it is relative to that file")
    return Local(place.resolve(), found["extras"] or found["before"] or "", (found["marker"] or "").strip())


def _folder(line: str) -> dict[str, str | None] | None:
    """Take a requirement apart that names a path; None for one that names a package or an address."""
    before = BEFORE.match(line)
    assert before is not None  # noqa: S101  # every part of it is optional
    rest = line[before.end() :]
    path = PATH.match(rest)
    if path is None or "://" in rest or rest.startswith(("git+", "-")) or not (before["editable"] or before["file"] or rest.startswith((".", "/"))):
        return None
    return {**path.groupdict(), "before": before["extras"]}


def from_source(path: Path, line: str) -> FnctlError:
    """Say that a package would have to be built from somebody else's source."""
    message = f"`{path.name}` asks for a package that has to be built from source: {re.sub(r'(?<=://)[^/@ ]+@', '***@', line)}"
    ways = "build its wheel (`pip wheel --no-deps -w wheels SOURCE`) and name it with `--find-links wheels`,\nor bring its files with `include`"
    return FnctlError(message, code="FN428", notes=(str(path), "fnctl runs nobody else's build scripts; a folder of yours it does build"), help=ways)


def read(path: Path) -> str:
    """Read a list. Raises FnctlError FN424."""
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"`{path.name}` cannot be read"
        raise FnctlError(
            message, code="FN424", notes=(f"{path}: {error}",), help="it is a UTF-8 text file; check the path of what includes it"
        ) from error

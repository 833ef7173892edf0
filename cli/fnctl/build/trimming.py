"""What of a package is never needed to run it: compiled caches, installers' notes, and test suites that nothing else in it refers to."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from fnctl.build import archive, imports, inside
from fnctl.build.model import Recipe
from fnctl.pattern import later

LEVEL = "trim 1"
"""Counts up whenever the same wheel would be trimmed in another way."""

NOTES = later(r"[^/]+\.dist-info/(?!METADATA$|entry_points\.txt$|top_level\.txt$|licenses/|(?i:licen[cs]e|copying|notice|authors))")
CACHES = later(r"(.*/)?__pycache__/|.*\.py[co]$")
SUITE = later(r"(?:.*/)?tests/")
TEST = later(r"(?:test_.*|.*_test|conftest)\.py")
DOTTED = later(rb"""['"][A-Za-z_][\w.]*\.tests['".]""")
QUOTED = later(rb"""['"/\\]tests['"/\\]""")

Use: TypeAlias = Literal["imported", "read", "not"]


def slim(wheel: Path, place: Path) -> Path:
    """Write a wheel without what it does not need to run; its members stay compressed as they are.

    Args:
        wheel: the wheel file.
        place: a folder for the new one.

    Raises:
        FnctlError: the wheel is damaged (FN407), or there is no room (FN404).
    """
    try:
        with zipfile.ZipFile(wheel) as opened:
            left = left_out(opened)
    except (OSError, zipfile.BadZipFile) as error:
        raise inside.damaged(wheel) from error
    written = archive.write(Recipe("slim", (), {"": (wheel,)}, ()), place, without=left).path
    assert written is not None  # noqa: S101  # what was written has a place
    return written.replace(place / wheel.name)


def left_out(wheel: zipfile.ZipFile) -> frozenset[str]:
    """Return the names of a wheel's members that can go."""
    names = wheel.namelist()
    plain = {name for name in names if NOTES.match(name) or CACHES.match(name)}
    return frozenset(plain | _suites(wheel, [name for name in names if name not in plain]))


def _suites(wheel: zipfile.ZipFile, names: list[str]) -> set[str]:
    """Return what lies in folders named `tests` that hold tests, as far as the rest of the package does not refer to it."""
    suites = {found[0] for name in names if (found := SUITE.match(name)) and TEST.fullmatch(PurePosixPath(name).name)}
    inside = {name for name in names if any(name.startswith(suite) for suite in suites)}
    tops = {name.partition("/")[0] for name in inside}
    used = {top: _used(wheel, top, names, inside) for top in tops}
    return {name for name in inside if used[name.partition("/")[0]] == "not" or (used[name.partition("/")[0]] == "read" and name.endswith(".py"))}


def _used(wheel: zipfile.ZipFile, top: str, names: Iterable[str], inside: Collection[str]) -> Use:
    """Tell how a package's own files use their `tests`; compiled files are not asked."""
    others = (name for name in names if name.startswith(f"{top}/") and name.endswith(".py") and name not in inside)
    uses = {use(wheel.read(name)) for name in others if PurePosixPath(name).name != "conftest.py"}
    return "imported" if "imported" in uses else "read" if "read" in uses else "not"


def use(source: bytes) -> Use:
    """Tell how a Python file uses something called `tests`: it imports it, by a statement or a name in a text; or has it in a text, as a path may."""
    if b"tests" not in source:
        return "not"
    if DOTTED.search(source) or "tests" in imports.names(source):
        return "imported"
    return "read" if QUOTED.search(source) else "not"

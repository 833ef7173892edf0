"""Findings on the screen: the view draws them, this reads the lines that they point at."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fnctl.commands.table import REPORTS
from fnctl.commands.world import World, columns
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic, ordered
from fnctl.errors import FnctlError
from fnctl.source import Span
from fnctl.views.theme import wants_colour

if TYPE_CHECKING:
    from fnctl.rules.model import Rule


def draw(found: Iterable[Diagnostic], words: list[str], world: World) -> None:
    """Show what ended a run: as a document for a machine, else drawn on stderr. The words are read here: perhaps no command came so far."""
    found = ordered(found)
    form = given(words, "--output")
    if form == "json" or (form in REPORTS and "validate" in words):
        world.stdout.write(written(form, found, world, given(words, "--manifest") or given(words, "-f"), strict="--strict" in words))
        world.stdout.flush()
        return
    color = wants_colour(world.environ, terminal=world.stderr.isatty(), no_color="--no-color" in words)
    width = columns() if world.stderr.isatty() else 80
    manifest = given(words, "--manifest") or given(words, "-f")
    whole = "--verbose" in words or "-v" in words
    world.stderr.write(text(found, world, manifest, color=color, width=width, whole=whole) + "\n")
    world.stderr.flush()


def written(form: str, found: Iterable[Diagnostic], world: World, manifest: str | None, *, strict: bool = False) -> str:
    """Write findings in a form for other programs, `json` or one of REPORTS, with a newline last; "" where a form of lines has none."""
    if form == "json":
        from fnctl.views.diagnostics import document
        from fnctl.views.machine import dumps

        return dumps(document(found)) + "\n"
    from fnctl.views.placed import placed

    place = _manifest(world, manifest) or world.cwd / "fnctl.yaml"
    findings = placed(found, place, world.cwd, world.environ, strict=strict, now=time.time())
    if form == "sarif":
        findings = replace(findings, rules=_rules())
    text: str = import_module(f"fnctl.views.{form}").render(findings)
    return text + "\n" if text else ""


def _rules() -> Mapping[str, Rule]:
    """Map every rule that could have found something, by its code."""
    from fnctl import catalogue

    return {rule.code: rule for rule in catalogue.every()}


def given(words: list[str], flag: str) -> str | None:
    """Find an option's value in words that were perhaps never parsed."""
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{flag}="):
            return word[len(flag) + 1 :]
    return None


def text(found: Iterable[Diagnostic], world: World, manifest: str | None, *, color: bool, width: int, whole: bool = False, total: bool = True) -> str:
    """Draw findings, with the lines of the files that they point at; `whole`: all of them, however often a code comes."""
    from fnctl.views.diagnostics import MANY, render

    folder, most = _folder(world, manifest), None if whole else MANY
    read: dict[str, list[str] | None] = {}

    def lines(path: str) -> list[str] | None:
        if path not in read:  # a file may have thousands of findings
            read[path] = _lines(folder / path)
        return read[path]

    def named(path: str) -> str:
        return path if folder == world.cwd else os.path.relpath(folder / path, world.cwd).replace(os.sep, "/")

    return render(found, lines, color=color, width=width, most=most, total=total, named=named).rstrip("\n")


def _lines(path: Path) -> list[str] | None:
    from fnctl.manifest.handlers import content
    from fnctl.manifest.syntax import lines

    try:
        return lines(content(str(path)))  # a pipe that was read once has nothing more
    except OSError:
        return None


def _folder(world: World, manifest: str | None) -> Path:
    """Find the manifest's folder, to which the paths of findings are relative; this folder where there is no manifest."""
    found = _manifest(world, manifest)
    return found.parent if found else world.cwd


def _manifest(world: World, manifest: str | None) -> Path | None:
    from fnctl.manifest.load import find

    try:
        return find(world.cwd, Path(manifest) if manifest else None)
    except FnctlError:
        return None


def from_json(data: Mapping[str, Any]) -> Diagnostic:
    """Read back a finding from an event."""
    span = Span(data["path"], data["line"], data["column"], data.get("end_line"), data.get("end_column")) if data.get("line") else None
    told = (data.get("label"), tuple(data.get("notes", ())), data.get("help"), data.get("target"))
    return Diagnostic(data["code"], data["severity"], data["message"], span, *told)

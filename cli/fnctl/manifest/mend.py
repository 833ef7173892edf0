"""What can be mended in a manifest without a person's judgement: the edits that findings bring along, where nothing new is wrong afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.load import load
from fnctl.manifest.syntax import BREAK
from fnctl.source import Span

ROUNDS = 8
_Files: TypeAlias = "Mapping[str, bytes]"
_Said: TypeAlias = "Counter[tuple[str, str]]"


@dataclass(frozen=True, slots=True)
class Edit:
    """One stretch of one file, and what stands there afterwards."""

    span: Span
    new: str


@dataclass(frozen=True)
class Mended:
    """The files as they were and as they can be, by their path relative to the manifest's folder, and the edits that were made."""

    before: _Files
    after: _Files
    edits: tuple[Edit, ...]


def mend(path: Path) -> Mended:
    """Find every safe edit of a manifest and of what it includes; nothing is written.

    An edit is safe when the manifest's shape has no finding afterwards that it had not before, once what it brings to light is mended, too.
    """
    document, found = load(path)
    before = dict(document.files) if document else {}
    had = _said(found)

    def good(tried: list[Edit]) -> bool:
        return not _said(_settled(path, applied(before, tried), had)[1]) - had

    kept = _safe(edits(found), good)
    after, _, later = _settled(path, applied(before, kept), had) if kept else (before, found, ())
    return Mended(before, after, (*kept, *later))


def _settled(path: Path, files: _Files, had: _Said) -> tuple[_Files, list[Diagnostic], tuple[Edit, ...]]:
    """Go on for as long as edits bring further ones to light: a word that is mended may have misspelt ones below it."""
    made: list[Edit] = []
    found = _load(path, files)
    for _ in range(ROUNDS):
        chosen = edits(d for d in found if (d.code, d.message) not in had)
        if not chosen:
            break
        files, made = applied(files, chosen), [*made, *chosen]
        found = _load(path, files)
    return files, found, tuple(made)


def edits(found: Iterable[Diagnostic]) -> list[Edit]:
    """Take the edits that findings bring along, one for each place."""
    wanted = {d.span: d.fix for d in found if d.fix is not None and d.span is not None and d.span.end_column is not None}
    return [Edit(span, new) for span, new in wanted.items()]


def applied(files: _Files, chosen: Sequence[Edit]) -> dict[str, bytes]:
    """Make edits that do not overlap."""
    return {name: _edited(raw, [edit for edit in chosen if edit.span.path == name]) for name, raw in files.items()}


def _load(path: Path, files: _Files) -> list[Diagnostic]:
    return load(path, {path.parent / name: raw for name, raw in files.items()})[1]


def _said(found: Iterable[Diagnostic]) -> _Said:
    return Counter((d.code, d.message) for d in found)


def _safe(candidates: list[Edit], good: Callable[[list[Edit]], bool]) -> list[Edit]:
    """Keep the edits that are good together: all of them, or halves, down to single ones."""

    def more(have: list[Edit], rest: list[Edit]) -> list[Edit]:
        if not rest or good([*have, *rest]):
            return [*have, *rest]
        if len(rest) == 1:
            return have
        half = len(rest) // 2
        return more(more(have, rest[:half]), rest[half:])

    return more([], candidates)


def _edited(raw: bytes, chosen: list[Edit]) -> bytes:
    if not chosen:
        return raw
    mark = "\ufeff" if raw.startswith(b"\xef\xbb\xbf") else ""
    text = raw.decode("utf-8-sig")
    starts = [0, *(found.end() for found in BREAK.finditer(text))]
    for edit in sorted(chosen, key=lambda edit: (edit.span.line, edit.span.column), reverse=True):
        start, end = _range(edit.span, starts)
        text = text[:start] + edit.new + text[end:]
    return (mark + text).encode()


def _range(span: Span, starts: list[int]) -> tuple[int, int]:
    start = starts[span.line - 1] + span.column - 1
    return start, start if span.end_line is None or span.end_column is None else starts[span.end_line - 1] + span.end_column - 1

"""Findings for people, with the line they are about, and for machines. A small ANSI writer of its own: rich costs more than a whole validate."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

from fnctl.dataclass import replace
from fnctl.diagnostics import SECRET, Diagnostic, as_json, summary
from fnctl.manifest.leaks import mask
from fnctl.source import Span

MANY = 10
"""How many findings of one code a screen draws."""
PLACES = 5
ALSO = 5
"""How many others are named of which a finding says the same."""
_TAB = 4
_LONGEST = 20_000
"""Characters of a line that is shown in part: a longer one was written by a machine, and reading it for each of its findings takes minutes."""
_STYLES = {"error": "1;31", "warning": "1;33", "advice": "1;36", "gutter": "1;34", "bold": "1", "help": "32"}
_PLURALS = {"error": "errors", "warning": "warnings", "advice": "advice"}
_NAMED_NOTE = re.compile(r"[a-z]+: ")
_NAMED = re.compile(r"`[^`]*`")
# A manifest is input: what it says must not move the cursor, change colours or turn the line around.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render(
    diagnostics: Iterable[Diagnostic],
    sources: Callable[[str], list[str] | None],
    *,
    color: bool,
    width: int = 80,
    most: int | None = None,
    total: bool = True,
    named: Callable[[str], str] = str,
) -> str:
    """Write findings as a screen; "" when there are none.

    Args:
        diagnostics: in the order in which they are shown.
        sources: gives a file's lines by its path, None where they are not at hand.
        color: with ANSI colours.
        width: columns; prose is wrapped and source lines are cut, links and commands never are.
        most: how many of one code are drawn; for the others there is a line that says where they are.
        total: count them in a last line.
        named: how a reader calls a file; without it by its path from the manifest.
    """
    diagnostics = list(diagnostics)
    if not diagnostics:
        return ""
    paint = _painted if color else _plain
    drawn, others = _first(_merged(diagnostics), most)
    blocks = ["\n".join(_block(d, sources, paint, width, named)) for d in drawn]
    blocks += ["\n".join(_more(code, found, paint, width, named)) for code, found in others.items()]
    return "\n\n".join([*blocks, *([counted(diagnostics)] if total else [])]) + "\n"


def _merged(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Make one of findings that differ in whom they name alone: a word in `defaults` is wrong for every function, and one place to mend."""
    groups: dict[Any, list[Diagnostic]] = {}
    for number, d in enumerate(diagnostics):
        place = (d.code, d.severity, d.span, d.label, d.notes, d.help, d.target) if d.span else number
        groups.setdefault(place, []).append(d)
    return [first if not more else replace(first, notes=(*first.notes, _also(first, more))) for first, *more in groups.values()]


def _also(first: Diagnostic, more: Sequence[Diagnostic]) -> str:
    said = set(_NAMED.findall(first.message))
    names = list(dict.fromkeys(name for d in more for name in _NAMED.findall(d.message) if name not in said))
    if not names:
        return f"{len(more)} more like it"
    rest = len(names) - ALSO
    return f"the same for {', '.join(names[:ALSO])}" + (f" and {rest} more" if rest > 0 else "")


def _first(diagnostics: Iterable[Diagnostic], most: int | None) -> tuple[list[Diagnostic], dict[str, list[Diagnostic]]]:
    """Part the first `most` of each code from the others; one alone is not worth a line about it."""
    by: dict[str, list[Diagnostic]] = {}
    for d in diagnostics:
        by.setdefault(d.code, []).append(d)
    others = {code: found[most:] for code, found in by.items() if most is not None and len(found) > most + 1}
    left = {id(d) for found in others.values() for d in found}
    return [d for d in diagnostics if id(d) not in left], others


def _more(code: str, found: Sequence[Diagnostic], paint: Callable[[str, str], str], width: int, named: Callable[[str], str]) -> Iterator[str]:
    """Say where the other findings of a code are, as far as two lines go."""
    title = f"{found[0].severity}[{code}]"
    places = list(dict.fromkeys((d.span.path, d.span.line) for d in found if d.span))
    shown = ", ".join(f"{named(path)}:{line}" for path, line in places[:PLACES])
    shown += f" and {len(places) - PLACES} more" if len(places) > PLACES else ""
    where = f", at {shown}" if shown else ""
    head, *rest = _wrapped(f"{title}: {len(found)} more of these{_safe(where)}; --verbose shows all", width, "  ")
    yield paint(title, found[0].severity) + head[len(title) :]
    yield from rest


def document(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """Write findings as `fnctl/diagnostics/1`."""
    diagnostics = list(diagnostics)
    return {"schema": "fnctl/diagnostics/1", "diagnostics": [as_json(d) for d in diagnostics], "summary": summary(diagnostics)}


def counted(diagnostics: Iterable[Diagnostic]) -> str:
    """Say how many there are: `1 error, 2 warnings`."""
    counts = summary(diagnostics)
    return ", ".join(f"{count} {severity if count == 1 else _PLURALS[severity]}" for severity, count in counts.items() if count) or "no findings"


def _plain(text: str, _style: str) -> str:
    return text


def _painted(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text else ""


def _block(
    d: Diagnostic, sources: Callable[[str], list[str] | None], paint: Callable[[str, str], str], width: int, named: Callable[[str], str]
) -> Iterator[str]:
    head, *more = _wrapped(f"{d.severity}[{d.code}]: {_safe(d.message)}", width, "  ")
    title = f"{d.severity}[{d.code}]"
    yield paint(title, d.severity) + paint(head[len(title) :], "bold")
    yield from (paint(line, "bold") for line in more)
    gutter = len(str(d.span.line)) if d.span else 2
    bar = paint(" " * gutter + " |", "gutter")
    if d.span:
        yield paint(" " * gutter + "--> ", "gutter") + _safe(named(d.span.path) + str(d.span).removeprefix(d.span.path))
        lines = sources(d.span.path)
        if lines is not None and d.span.line <= len(lines) and len(lines[d.span.line - 1]) <= _LONGEST:
            yield bar
            yield from _excerpt(d, d.span, lines[d.span.line - 1], paint, width)
            if d.notes or d.help:
                yield bar
    for word, text in [*(("note", note) for note in d.notes), *((("help", d.help),) if d.help else ())]:
        yield from _remark(word, text, gutter, paint, width)


def _remark(word: str, text: str, gutter: int, paint: Callable[[str, str], str], width: int) -> Iterator[str]:
    text = text if word == "note" and _NAMED_NOTE.match(text) else f"{word}: {text}"
    word = text.split(": ", 1)[0]
    indent = " " * (gutter + 3 + len(word) + 2)
    paragraphs = text.split("\n")
    lines = _wrapped(_safe(paragraphs[0]), width - gutter - 3, " " * (len(word) + 2))
    yield paint(" " * gutter + " = ", "gutter") + paint(word + ":", "bold") + lines[0][len(word) + 1 :]
    yield from (" " * (gutter + 3) + line for line in lines[1:])
    yield from (indent + _safe(line) for line in paragraphs[1:])  # commands to copy: never wrapped


def _excerpt(d: Diagnostic, span: Span, line: str, paint: Callable[[str, str], str], width: int) -> Iterator[str]:
    gutter = len(str(span.line))
    end = span.end_column if span.end_line == span.line and span.end_column else None
    stop = end if end is not None else span.column + 1 if span.end_line in (None, span.line) else len(line) + 1
    shown = _hidden(line, span.column, stop) if d.code in SECRET else mask(line)
    text, start, length = _window(shown, span.column - 1, max(stop, span.column + 1) - 1, width - gutter - 3)
    yield paint(f"{span.line} |", "gutter") + (f" {text}" if text else "")
    marks = "^" * length
    label = _safe(d.label or "")
    bar = paint(" " * gutter + " |", "gutter")
    room = width - gutter - 3 - start - length - 1
    if not label or _columns(label) <= room:
        yield f"{bar} {' ' * start}" + paint(f"{marks} {label}".rstrip(), d.severity)
        return
    yield f"{bar} {' ' * start}" + paint(marks, d.severity)
    indent = max(0, min(start, width - gutter - 3 - _columns(label)))
    yield from (f"{bar} {' ' * indent}" + paint(part, d.severity) for part in _wrapped(label, width - gutter - 3 - indent, ""))


def _hidden(line: str, start: int, stop: int) -> str:
    return mask(line[: start - 1]) + "*" * (min(stop, len(line) + 1) - start) + mask(line[stop - 1 :])


def _window(line: str, start: int, stop: int, width: int) -> tuple[str, int, int]:
    """Cut a line to a width around code points start..stop -> (text, first column of the marks, their length)."""
    line, cut = _safe(line.rstrip()), ""
    while start > 0 and _columns(_spaced(line[:start])) + min(_columns(_spaced(line[start:stop])), width // 2) > width - 2:
        step = max(1, start // 4)
        line, start, stop, cut = line[step:], start - step, stop - step, "…"
    head = cut + _spaced(line[:start])
    marked = _spaced(line[:stop])[len(head) - len(cut) :]
    text = cut + _spaced(line)
    column, length = _columns(head), max(_columns(marked), 1)
    clipped = _clip(text, width)
    return clipped, column, max(1, min(length, width - column))


def _spaced(text: str) -> str:
    """Expand tabs to the columns that a person sees."""
    out, column = [], 0
    for char in text:
        piece = " " * (_TAB - column % _TAB) if char == "\t" else char
        out.append(piece)
        column += _columns(piece)
    return "".join(out)


def _clip(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    while text and _columns(text) > width - 1:
        text = text[: -max(1, (_columns(text) - width) // 2)]
    return text + "…"


def _columns(text: str) -> int:
    """Count the columns of a terminal: wide characters take two, combining ones none."""
    return (
        len(text)
        if text.isascii()
        else sum(0 if combining(c) or c in "\u200b\u200d\ufe0f" else 2 if east_asian_width(c) in "WF" else 1 for c in text)
    )


def _safe(text: str) -> str:
    return _UNSAFE.sub("\ufffd", text)


def _wrapped(text: str, width: int, indent: str) -> Sequence[str]:
    """Break prose at spaces; a word that is longer than a line, a link perhaps, stays whole."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + word
        if line.strip() and _columns(longer) > max(width, 20):
            lines.append(line)
            line = indent + word
        else:
            line = longer
    return [*lines, line]

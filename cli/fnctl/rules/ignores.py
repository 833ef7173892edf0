"""`# fnctl: ignore[AWS101] reason` in the manifest: which findings a comment takes back, and which comments take nothing back."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias, cast

from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.manifest.load import Document
from fnctl.pattern import later
from fnctl.rules.settings import CODE
from fnctl.source import Span

if TYPE_CHECKING:
    from yaml import Mark

UNUSED = "FN065"
_MARK = b"fnctl: ignore"
_COMMENT = later(r"(?:^|(?<=\s))#\s*fnctl: ignore(?:\[(?P<codes>[^\]]*)\])?.*$")
_Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Ignore:
    """One code of one comment. `line` is the one that it speaks for: its own, or below a comment that stands alone the next one with content."""

    code: str
    line: int
    span: Span

    def covers(self, found: Diagnostic) -> bool:
        """Tell whether a finding is meant."""
        return found.span is not None and (found.code, found.span.line, found.span.path) == (self.code, self.line, self.span.path)


@dataclass
class Ignores:
    """The comments of one document, and which of them took something back so far, for any target."""

    comments: tuple[Ignore, ...]
    used: set[Ignore]
    refused: set[Ignore]

    def applied(self, found: Iterable[Diagnostic], fixed: Callable[[Diagnostic], bool]) -> list[Diagnostic]:
        """Take back what the comments mean. What is `fixed` stays: it says what cannot work."""
        kept = []
        for d in found:
            comment = next((one for one in self.comments if one.covers(d)), None)
            if comment is None or fixed(d):
                kept.append(d)
            if comment is not None:
                (self.refused if fixed(d) else self.used).add(comment)
        return kept

    def unused(self, looked_for: Callable[[str], bool], rules: Container[str]) -> Iterator[Diagnostic]:
        """Find comments that took nothing back. One for a code that was not looked for, on another target say, is left alone."""
        for comment in self.comments:
            if comment in self.refused:
                yield _finding(comment.span, f"{comment.code} cannot be ignored", "it says what cannot work", "mend what it finds")
            elif comment not in self.used and comment.code not in rules:
                message = f"there is no rule {comment.code}" if comment.code else "the comment names no rule to ignore"
                yield _finding(comment.span, message, "not a rule" if comment.code else "no code of a rule", _FORM)
            elif comment not in self.used and looked_for(comment.code):
                yield _finding(comment.span, f"nothing to ignore: {comment.code} finds nothing here", "unused", "remove the comment")


_FORM = "name the rule, and say why: # fnctl: ignore[AWS101] the quota was raised"


def _finding(span: Span, message: str, label: str, help: str) -> Diagnostic:
    return Diagnostic(UNUSED, "warning", message, span, label, help=help)


def read(document: Document) -> Ignores:
    """Read the comments of every file of a document, once: targets share them. A text without the words is not looked through."""
    if Ignores not in document.memo:
        comments = tuple(one for name, raw in document.files.items() if _MARK in raw for one in _file(name, raw))
        document.memo[Ignores] = Ignores(comments, set(), set())
    found: Ignores = document.memo[Ignores]
    return found


def _file(name: str, raw: bytes) -> Iterator[Ignore]:
    lines = raw.decode("utf-8-sig", errors="replace").splitlines()
    for number, match in _comments(lines, raw):
        line = _line(lines, number, match)
        for part in (match["codes"] or "").split(","):
            code = part.strip()
            column = lines[number - 1].find(code, match.start()) + 1 if code else match.start() + 1
            end = column + (len(code) or len(match[0].rstrip()))
            yield Ignore(code if CODE.fullmatch(code) else "", line, Span(name, number, column, number, end))


def _comments(lines: list[str], raw: bytes) -> Iterator[tuple[int, re.Match[str]]]:
    texts = list(_texts(raw))
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line)
        if match and not any(start <= (number, match.start() + 1) < end for start, end in texts):
            yield number, match


def _texts(raw: bytes) -> Iterator[tuple[_Place, _Place]]:
    """Yield where scalars stand that may hold a `#`: quoted ones and blocks."""
    from fnctl.manifest import libyaml as yaml  # few manifests have such comments
    from fnctl.manifest.compose import events

    get = events(raw)
    while (event := get()).__class__ is not yaml.StreamEndEvent:
        if event.__class__ is yaml.ScalarEvent and event.style:
            start, end = cast("Mark", event.start_mark), cast("Mark", event.end_mark)
            yield (start.line + 1, start.column + 1), (end.line + 1, end.column + 1)


def _line(lines: list[str], number: int, match: re.Match[str]) -> int:
    """Return the line that a comment speaks for."""
    if lines[number - 1][: match.start()].strip():
        return number
    following = range(number, len(lines))
    return next((index + 1 for index in following if lines[index].strip() and not lines[index].lstrip().startswith("#")), number)

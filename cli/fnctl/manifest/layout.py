"""The manifest's layout: spaces, indentation, blank lines and quotes as everybody writes them. Words, comments and their order stay.

The text is written again token by token, so that a value is never read and spelt anew. What stays a person's choice: line breaks, flow or block,
columns of values and comments that stand under one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from fnctl.dataclass import dataclass
from fnctl.manifest import parse
from fnctl.manifest.compose import reader

INDENT = 2
_HEADER = re.compile(r"[|>][-+0-9]*")
_VALUE, _KEY, _ENTRY = yaml.ValueToken, yaml.KeyToken, yaml.BlockEntryToken
_MAP_START, _LIST_START, _COMMA = yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken, yaml.FlowEntryToken
_MAP_END, _LIST_END = yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken
_NO_TEXT = (yaml.StreamStartToken, yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.BlockEndToken)


class UnformattableError(Exception):
    """The text has a form that no manifest needs and that is left alone; the message names it."""


@dataclass(frozen=True)
class _Block:
    """A block map or list that is open: its column as it was and as it is written. `loose`: a list that stood in its map's own column."""

    old: int
    new: int
    is_list: bool
    loose: bool = False


def formatted(raw: bytes) -> bytes:
    """Lay out a YAML text that can be read. Raises UnformattableError; the result always says exactly what the text said."""
    text = raw.decode("utf-8-sig")
    line_end = "\r\n" if "\r\n" in text.partition("\n")[0] + "\n" else "\n"
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        writer = _Writer(text)
        new = writer.write()
        same = _meaning(new.encode()) == _meaning(raw) and _Writer(new).comments() == writer.comments()
    except yaml.YAMLError:
        same, new = False, text
    if not same:
        message = "it cannot be laid out without changing what it says"
        raise UnformattableError(message)
    return new.replace("\n", line_end).encode()


def _meaning(raw: bytes) -> str:
    value, found = parse.parse(raw, "")
    return repr((None if value is parse.NOTHING else value, [(d.code, d.message) for d in found]))


def _tokens(text: str) -> list[Any]:  # PyYAML's tokens
    get = reader(text.encode()).get_token
    out = [get()]
    while out[-1].__class__ is not yaml.StreamEndToken:
        out.append(get())
    return out


class _Writer:
    """One text on its way to its layout."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.columns = _columns(self.tokens)
        self.lines: list[str] = []
        self.line = ""
        self.at = 0  # where the last written token ends in the text
        self.blocks: list[_Block] = []
        self.around: list[_Block] = []  # the blocks that were open there: a comment may belong to one that ends
        self.flow = 0
        self.last: Any = None
        self.keyed = False

    def comments(self) -> list[str]:
        """Return every comment, in order."""
        found, at = [], 0
        for token in self.tokens:
            start = token.start_mark.index
            found += [part.strip() for part in self.text[at:start].split("\n") if part.strip()]
            at = max(at, token.end_mark.index)
        return found

    def write(self) -> str:
        """Return the text in its layout."""
        for token in self.tokens:
            kind = token.__class__
            if kind in _NO_TEXT:
                self._structure(token)
            elif kind is _KEY:
                self._key(token)
            else:
                self._token(token)
        last = next((token for token in reversed(self.tokens) if token.end_mark.index > token.start_mark.index), None)
        unended = not self.text.endswith("\n") and getattr(last, "style", None) in ("|", ">")  # a line end would be the text's own
        return "\n".join(self.lines) + ("" if unended else "\n")

    def _structure(self, token: Any) -> None:
        if token.__class__ is yaml.BlockEndToken:
            self._end_loose()
            self.blocks.pop()
        elif token.__class__ is not yaml.StreamStartToken:
            self.blocks.append(_Block(token.start_mark.column, self._column(token), token.__class__ is yaml.BlockSequenceStartToken))

    def _column(self, token: Any) -> int:
        if "\n" not in self.text[self.at : token.start_mark.index] and self.line:
            return len(self.line) + 1  # it begins behind a dash
        return self.blocks[-1].new + INDENT if self.blocks else 0

    def _key(self, token: Any) -> None:
        if token.end_mark.index > token.start_mark.index:
            message = "it has a key that is marked with `?`"
            raise UnformattableError(message)
        if not self.flow:
            self._end_loose()
        self.keyed = True

    def _end_loose(self) -> None:
        if self.blocks and self.blocks[-1].loose:
            self.blocks.pop()

    def _token(self, token: Any) -> None:
        kind = token.__class__
        if kind is _ENTRY and not self.blocks[-1].is_list:
            self.blocks.append(_Block(token.start_mark.column, self.blocks[-1].new + INDENT, is_list=True, loose=True))
        gap = self.text[self.at : token.start_mark.index]
        if "\n" in gap or kind is yaml.StreamEndToken or not self.last:
            self._break(gap, token)
        else:
            self.line += self._space(token)
        self.flow += (kind in (_MAP_START, _LIST_START)) - (kind in (_MAP_END, _LIST_END))
        self.at = token.end_mark.index
        self._raw(token)
        self.last, self.keyed, self.around = token, False, list(self.blocks)

    def _break(self, gap: str, token: Any) -> None:
        """End the line, write the comments and at most one blank line at a time, and begin the token's line."""
        rest, *more = gap.split("\n")
        old, new = -1, -1
        if not self.last:
            rest, more = "", gap.split("\n")
        elif rest.strip():
            old, new = self._beside(len(rest) - len(rest.lstrip()))
            self.line = self.line.ljust(new) + rest.strip()
        if self.last:
            self.lines.append(self.line)
        indent, written, ends = self._indent(token), len(self.lines), token.__class__ is yaml.StreamEndToken
        for part in more if ends else more[:-1]:
            column = len(part) - len(part.lstrip())
            old = old if column == old else -1  # it goes on with the comment that stands beside a value
            if part.strip():
                self.lines.append(" " * (new if old >= 0 else self._comment_column(column, token, indent)) + part.strip())
            elif self.lines and self.lines[-1]:
                self.lines.append("")
        while ends and len(self.lines) > written and not self.lines[-1]:
            self.lines.pop()
        self.line = " " * indent

    def _beside(self, gap: int) -> tuple[int, int]:
        """Return the column of the comment that follows after a gap, as it was and as it is written. One that stands under another, or above it,
        keeps its column, any other its distance."""
        start = self.text.rfind("\n", 0, self.at) + 1
        column = self.at + gap - start
        above = self.text[self.text.rfind("\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)]
        below = self.text[self.text.find("\n", self.at) + 1 :].partition("\n")[0]
        stands = any(line[column : column + 1] == "#" and line[:column].strip() and line[column - 1].isspace() for line in (above, below))
        return column, max(column, len(self.line) + 1) if stands else len(self.line) + max(gap, 1)

    def _indent(self, token: Any) -> int:
        kind = token.__class__
        if kind in (yaml.StreamEndToken, yaml.DocumentStartToken, yaml.DocumentEndToken, yaml.DirectiveToken) or not self.blocks:
            return 0 if not self.flow else int(token.start_mark.column)
        if self.flow:
            return self._hanging(token.start_mark.column, closing=kind in (_MAP_END, _LIST_END))
        return self.blocks[-1].new + (0 if self.keyed or kind is _ENTRY else INDENT)

    def _hanging(self, column: int, *, closing: bool = False) -> int:
        """Move a line inside a flow collection or a text of several lines along with its block."""
        if not self.blocks:
            return column
        block = self.blocks[-1]
        return max(column + block.new - block.old, block.new + (0 if closing else INDENT))

    def _comment_column(self, column: int, token: Any, indent: int) -> int:
        if self.flow:
            return self._hanging(column)
        inner = self.around[-1] if self.around else None
        if inner and self.last.__class__ is _VALUE and column > inner.old:
            return inner.new + INDENT  # under a key that has nothing, or its first value, below it
        known: dict[int, int] = {block.old: block.new for block in self.around} | {token.start_mark.column: indent}
        return known[max((old for old in known if old <= column), default=min(known))]

    def _space(self, token: Any) -> str:
        last, kind = self.last.__class__, token.__class__
        if last is _VALUE and not self.flow:
            column = self.columns.get(self.last.start_mark.index)
            return " " * max(1, (self.blocks[-1].new + column - len(self.line)) if column is not None else 1)
        if kind is _VALUE or kind is _COMMA:
            return " " if last in (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken) and (kind is _VALUE or last is not yaml.AliasToken) else ""
        empty = last is _MAP_START and kind is _MAP_END
        return "" if empty or last is _LIST_START or kind is _LIST_END else " "

    def _raw(self, token: Any) -> None:
        raw = self.text[token.start_mark.index : token.end_mark.index]
        style = getattr(token, "style", None)
        if style in ("|", ">"):
            self._literal(raw, token)
            return
        if style == "'" and not set(raw[1:-1]) & set("'\"\\\n"):
            raw = f'"{raw[1:-1]}"'
        first, *more = raw.split("\n")
        self.line += first
        for part in more:
            self.lines.append(self.line.rstrip() if style is None else self.line)
            bare = part.lstrip(" \t")
            self.line = " " * self._hanging(len(part) - len(bare)) + bare if bare else ""

    def _literal(self, raw: str, token: Any) -> None:
        first, *more = raw.split("\n")
        header = _HEADER.match(first)
        own = next((len(part) - len(part.lstrip(" ")) for part in more if part.strip(" ")), max(map(len, more), default=0))
        if header and "+" in header[0]:
            more = more[:-1] if more and not more[-1] else more
        else:
            while more and len(more[-1]) <= own and not more[-1].strip(" "):
                more.pop()
        self.at = token.start_mark.index + len("\n".join([first, *more]))
        self.line += first.rstrip()
        shift = self._shift(own, explicit=bool(header and re.search("[0-9]", header[0])))
        for part in more:
            self.lines.append(self.line)
            blank = not part.strip(" ") and len(part) <= own
            self.line = "" if blank else (" " * shift + part if shift >= 0 else part[-shift:])

    def _shift(self, own: int, *, explicit: bool) -> int:
        if not self.blocks:
            return 0
        block = self.blocks[-1]
        return block.new - block.old if explicit else block.new + INDENT - own


def _columns(tokens: list[Any]) -> dict[int, int]:
    """Give the columns, counted from their map, of block values that stand under one another: {index of the colon: column}."""
    out: dict[int, int] = {}
    for run in _runs(_entries(tokens)):
        spare = min(gap for _, _, _, _, gap in run) - 1
        if len(run) > 1:
            out.update({index: column - spare for _, _, index, column, _ in run})
    return out


_Entry = tuple[int, int, int, int, int]
"""The map's number, the line, the colon's index, the value's column counted from the map, the spaces between."""


def _entries(tokens: list[Any]) -> Iterator[_Entry]:
    opened: list[tuple[int, int]] = []
    flow = 0
    for number, token in enumerate(tokens):
        kind = token.__class__
        flow += (kind in (_MAP_START, _LIST_START)) - (kind in (_MAP_END, _LIST_END))
        if kind in (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken):
            opened.append((number, token.start_mark.column))
        elif kind is yaml.BlockEndToken:
            opened.pop()
        elif kind is _VALUE and not flow:
            value, key = tokens[number + 1], tokens[number - 1]
            if value.start_mark.line == token.start_mark.line and value.__class__ not in _NO_TEXT and value.__class__ is not _KEY:
                map_number, column = opened[-1]
                gap = value.start_mark.column - key.end_mark.column - 1
                yield map_number, token.start_mark.line, token.start_mark.index, value.start_mark.column - column, gap


def _runs(entries: Iterator[_Entry]) -> Iterator[list[_Entry]]:
    """Group entries of one map that follow line on line with their values in one column. Entries of inner maps may come between."""
    current: dict[int, list[_Entry]] = {}
    for entry in entries:
        run = current.get(entry[0])
        if run and run[-1][1] + 1 == entry[1] and run[-1][3] == entry[3]:
            run.append(entry)
            continue
        if run:
            yield run
        current[entry[0]] = [entry]
    yield from current.values()

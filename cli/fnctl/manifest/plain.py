"""YAML as manifests are mostly written, read with a few patterns: block maps and lists, words, quoted texts and flow collections.

What is read here is read as libyaml reads it. Whatever else a text may hold (an anchor, a tag, a block scalar, a text over several lines, an escape,
a key that is there twice, an error) is `UNUSUAL`, and libyaml reads the whole of it again: so nothing is reported from here, and nothing is lost.

A manifest says the same things in many functions. A block whose text was seen before is the value that it was then, the very same object; the checks
after this use that.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from fnctl.pattern import later

UNUSUAL = object()
"""The text has to be read by libyaml."""

CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
SUSPECT = frozenset("~nNtTfF+-.0123456789")
"""How a plain word begins that may be another value than its text."""

NUMBER = later(
    r"(?P<int>[-+]?[0-9]+)|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)|(?P<odd>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)

_NUMERIC = "0123456789+-.eExXoabcdefABCDEFinfINFnaNA"
"""What is not made of these is no number: most words that begin like one need no pattern."""

DIGITS = 18
"""A whole number with more of them is too large for a manifest."""

_DEPTH = 32
_REPEATED = 256
"""Characters of a block that may be met again: longer ones are whole functions, which have names."""

_USUAL = bytes([10, *range(32, 127)])
"""Of ASCII: no tab, no other line break, no control character."""
_FOREIGN = later("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Of the rest: what is not printable, breaks a line for YAML, or marks an encoding."""
_ASIDE = later(r"^ *(?:#.*)?\n", re.MULTILINE)

# Shorter than libyaml lets a key be, and no word that could be anything but a text. Groups are not possessive: Python before 3.11.5 gets that wrong.
_KEY = r"""(?P<key>[A-Za-z_/][\w./-]{0,99})|"(?P<quoted>[^"\\\n]{0,99})\""""
_QUOTED = r"""'(?P<single>(?:[^'\n]++|'')*)'(?!')|"(?P<double>[^"\\\n]*)\""""
_WORD = r"""(?P<word>(?:[^\s?:,\[\]{}#&*!|>'"%@`-]|-(?=[\w.-]))(?:[^ \n:#]++|:(?=[^ \n])|(?<! )#| ++(?=[^ \n#]))*)"""
_FLOW_WORD = r"""(?P<word>(?:[^\s?:,\[\]{}#&*!|>'"%@`-]|-(?=[\w.]))(?:[^ \n:#,\[\]{}?]++|:(?=[^ \n:,\[\]{}?])| ++(?=[^ \n:#,\[\]{}?]))*)"""
_END = r" *(?:(?<= )#.*)?(?:\n|\Z)"
_VALUE = rf"(?:{_QUOTED}|{_WORD})"
_ENTRY = re.compile(rf"(?:{_KEY}):(?: +(?P<flow>(?=[\[{{]))|(?: +{_VALUE})?{_END})")
_ASCII = "[A-Za-z_/][A-Za-z0-9_./-]{0,99}"
_SIMPLE = re.compile(rf"({_ASCII}): ([A-Za-z0-9_/.$][^\n:#]*+(?:(?::(?=[^ \n])|(?<! )#)[^\n:#]*+)*)(?<! )").fullmatch
"""An entry that is one usual word on its line, as most are: none of the patterns above would read it otherwise, and all take longer."""
_BLOCK = re.compile(rf"({_ASCII}):\n( *)(?=[^ \n])").match
"""A key with a block below it, and how far that is indented."""
_ITEM = later(rf"(?P<flow>(?=[\[{{]))|{_VALUE}{_END}")
_FLOW_KEY = re.compile(rf"(?:{_KEY}):[ \n]+")
_FLOW_VALUE = re.compile(rf"(?P<flow>(?=[\[{{]))|(?:{_QUOTED}|{_FLOW_WORD})(?=[ \n]*[,\]}}])")
_SPACE = re.compile(r"[ \n]*")
_REST = re.compile(_END)


class _UnusualError(Exception):
    """What follows is for libyaml."""


def read(raw: bytes) -> Any:
    """Return the value of a text: a map of plain values, as JSON has them. UNUSUAL where libyaml has to read it."""
    odd = raw.translate(None, _USUAL)
    if odd and (min(odd) < 128 or _foreign(raw)):
        return UNUSUAL
    text = raw.decode()
    if text.startswith("\n") or "#" in text or "\n\n" in text or " \n" in text:
        text = _ASIDE.sub("", text + "\n")
    try:
        return Reader().map(text.removesuffix("\n"), 0, _DEPTH)
    except _UnusualError:
        return UNUSUAL


def _foreign(raw: bytes) -> bool:
    try:
        return _FOREIGN.search(raw.decode()) is not None
    except UnicodeDecodeError:
        return True


@lru_cache(maxsize=_DEPTH)
def _entries(indent: int) -> re.Pattern[str]:
    """Return what stands between the entries of a map. A list may stand below its key without being indented."""
    return re.compile(rf"\n {{{indent}}}(?![ \n]|-[ \n])")


class Reader:
    """One reading of one text. Blocks come as they are written, less the indentation of their first line; `depth` is how many more may be nested."""

    __slots__ = ("known", "same")

    def __init__(self) -> None:
        self.known: dict[int, dict[str, Any]] = {}
        self.same = dict[str, str]().setdefault

    def map(self, block: str, indent: int, depth: int) -> dict[str, Any]:
        known = self.known.setdefault(indent, {})
        out: dict[str, Any] = {}
        for text in _entries(indent).split(block):
            entry = known.get(text)
            if entry is None:
                entry = self.simple(text) or self.entry(text, indent, depth)
                if len(text) < _REPEATED:
                    known[text] = entry
            key, value = entry
            if key in out:
                raise _UnusualError
            out[key] = value
        return out

    def list(self, block: str, indent: int, depth: int) -> list[Any]:
        known = self.known.setdefault(-1 - indent, {})  # beside the entries of maps
        out: list[Any] = []
        for text in block[1:].split("\n" + " " * indent + "-"):
            item = known.get(text, UNUSUAL)
            if item is UNUSUAL:
                item = self.item(text, indent, depth)
                if len(text) < _REPEATED:
                    known[text] = item
            out.append(item)
        return out

    def simple(self, text: str) -> tuple[str, Any] | None:
        """Return an entry that is one word; None for any other."""
        found = _SIMPLE(text)
        if found is None:
            return None
        key, word = found.groups()
        return None if key in CONSTANTS else (self.same(key, key), _meant(word) if word[0] in SUSPECT else word)

    def entry(self, text: str, indent: int, depth: int) -> tuple[str, Any]:
        block = _BLOCK(text)
        if block is not None and block[1] not in CONSTANTS:
            key = block[1]
            return self.same(key, key), self.nested(text[block.end() :], len(block[2]), indent, depth, or_list=True)
        found = _ENTRY.match(text)
        if found is None:
            raise _UnusualError
        key, quoted = found.group("key", "quoted")
        if key is None:
            key = quoted
        elif key in CONSTANTS:
            raise _UnusualError
        return self.same(key, key), self.value(found, text, indent, depth, or_list=True)

    def item(self, text: str, indent: int, depth: int) -> Any:
        if text[:1] != " ":
            if text[:1] not in ("", "\n"):
                raise _UnusualError
            return self.below(text[1:], indent, depth, or_list=False)
        content = text.lstrip(" ")
        if (simple := self.simple(content)) is not None:
            return dict((simple,))
        found = _ITEM.match(content)
        if found is None:
            return self.map(content, indent + 1 + len(text) - len(content), depth - 1)
        return self.value(found, content, indent, depth, or_list=False)

    def value(self, found: re.Match[str], text: str, indent: int, depth: int, *, or_list: bool) -> Any:
        """Return what an entry or an item says, on its line or below it."""
        kind, end = found.lastgroup, found.end()
        if kind == "flow":
            value, end = self.flow(text, end, depth)
            rest = _REST.match(text, end)
            end = rest.end() if rest else -1
        elif kind == "key" or kind == "quoted":
            return self.below(text[end:], indent, depth, or_list=or_list)
        else:
            value = _scalar(found)
        if end != len(text):
            raise _UnusualError
        return value

    def below(self, block: str, indent: int, depth: int, *, or_list: bool) -> Any:
        """Return the block that is indented more; None where there is none."""
        if not block:
            return None
        content = block.lstrip(" ")
        return self.nested(content, len(block) - len(content), indent, depth, or_list=or_list)

    def nested(self, content: str, deeper: int, indent: int, depth: int, *, or_list: bool) -> Any:
        is_list = content[:2] in ("- ", "-\n")
        if depth == 0 or not (deeper > indent or (or_list and is_list and deeper == indent)):
            raise _UnusualError
        return (self.list if is_list else self.map)(content, deeper, depth - 1)

    def flow(self, text: str, at: int, depth: int) -> tuple[Any, int]:
        """Return the collection that begins with a bracket, and where it ends."""
        if depth == 0:
            raise _UnusualError
        is_map, pairs, items = text[at] == "{", dict[str, Any](), list[Any]()
        at = _past(text, at + 1)
        while text[at : at + 1] != ("}" if is_map else "]"):
            if is_map:
                found = _FLOW_KEY.match(text, at)
                if found is None or found["key"] in CONSTANTS:
                    raise _UnusualError
                key = found["key"] or found["quoted"]
                if key in pairs:
                    raise _UnusualError
                pairs[self.same(key, key)], at = self.member(text, found.end(), depth)
            else:
                item, at = self.member(text, at, depth)
                items.append(item)
            at = _past(text, at)
            if text[at : at + 1] == ",":
                at = _past(text, at + 1)
            elif text[at : at + 1] not in ("}", "]"):
                raise _UnusualError
        return pairs if is_map else items, at + 1

    def member(self, text: str, at: int, depth: int) -> tuple[Any, int]:
        found = _FLOW_VALUE.match(text, at)
        if found is None:
            raise _UnusualError
        return self.flow(text, at, depth - 1) if found.lastgroup == "flow" else (_scalar(found), found.end())


def _past(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _scalar(found: re.Match[str]) -> Any:
    kind = found.lastgroup or ""
    text = found[kind]
    if kind == "word":
        return _meant(text) if text[0] in SUSPECT else text
    return text.replace("''", "'") if kind == "single" else text


def _meant(text: str) -> Any:
    """Read a word by YAML 1.2's core rules, where there is nothing to say about it."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text.isascii() and text.isdigit() and len(text) <= DIGITS and (text[0] != "0" or text == "0"):
        return int(text)
    number = None if text.strip(_NUMERIC) else NUMBER.fullmatch(text)
    if number is None:
        return text
    if number["int"] and len(text) <= DIGITS and (len(text) == 1 or text.lstrip("+-")[0] != "0"):
        return int(text)
    if number["float"] and math.isfinite(value := float(text)):
        return value
    raise _UnusualError

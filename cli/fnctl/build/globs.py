"""Patterns over paths, in gitignore's words: `*` `?` `[a-z]` `**`, a leading `/`, a trailing `/`, and `!` to take back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from fnctl.pattern import later

PIECES = later(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)
WORDS = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _word(piece: str) -> str:
    if len(piece) > 1 and piece.startswith("["):
        return f"[^{piece[2:]}" if piece.startswith("[!") else piece
    return WORDS.get(piece) or re.escape(piece)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return an expression for whole paths, those of folders with a `/` at the end. A pattern with an inner `/` starts at the top."""
    body = pattern.strip("/")
    start = "" if "/" in pattern.rstrip("/") else "(?:.*/)?"
    end = "/.*" if pattern.endswith("/") else "(?:/.*)?"
    expression = start + "".join(map(_word, PIECES.findall(body))) + end
    try:
        return re.compile(expression, re.DOTALL)
    except re.error:  # a character class that is none, such as [z-a]
        return re.compile(start + re.escape(body) + end, re.DOTALL)


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Return a test for paths; the last pattern that fits decides."""
    rules = [(not pattern.startswith("!"), compiled(pattern.removeprefix("!"))) for pattern in reversed(list(patterns))]

    def matches(path: str) -> bool:
        return next((takes for takes, rule in rules if rule.fullmatch(path)), False)

    return matches


def lines(text: str) -> list[str]:
    """Read the patterns of an ignore file: one a line, `#` starts a comment line."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def prefix(pattern: str) -> str:
    """Return the folder (or the file) below which all matches of a pattern are, "" for anywhere."""
    if "/" not in pattern.rstrip("/"):
        return ""
    fixed: list[str] = []
    for part in pattern.strip("/").split("/"):
        if re.search(r"[*?\[]", part):
            break
        fixed.append(part)
    return "/".join(fixed)

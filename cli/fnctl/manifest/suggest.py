"""Did you mean: the word that a misspelt one stands for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache

# What people bring along from serverless.yml, SAM templates, function.json and vercel.json.
_ELSEWHERE = {
    "arch": "architecture",
    "entrypoint": "handler",
    "environment": "env",
    "events": "triggers",
    "iam": "uses",
    "keep_warm": "concurrency",
    "maxduration": "timeout",
    "memorysize": "memory",
    "on": "triggers",
    "package": "include",
    "permissions": "uses",
    "provider": "defaults",
    "reservedconcurrency": "concurrency",
    "trigger": "triggers",
    "uri": "handler",
    "var": "vars",
    "variables": "vars",
}
_LONGEST = 64
_MANY = 200
"""Words among which every one is looked at; of more only the neighbours by alphabet, or a thousand wrong names would take minutes."""
_VERY_NEAR, _APART = 0.8, 0.1


def _folded(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` most likely stands for, None when nothing is near."""
    return _nearest(word, _around(word, known))


def _around(word: str, known: Iterable[str]) -> tuple[str, ...]:
    others = [k for k in known if k != word]
    if len(others) <= _MANY:
        return tuple(others)
    others.sort(key=_folded)
    at = bisect_left(others, _folded(word), key=_folded)
    return tuple(others[max(0, at - 12) : at + 12])


@lru_cache(maxsize=8192)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    folded = _folded(word)
    for candidate in known:
        if _folded(candidate) == folded or _ELSEWHERE.get(folded) == candidate:
            return candidate
    if len(word) > _LONGEST:
        return None
    import difflib  # a finding is being written: its import costs nothing that matters any more

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def clear(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` is another spelling of: the only near one, and very near. Near enough to write it without asking."""
    return _clear(word, _around(word, known))


@lru_cache(maxsize=8192)
def _clear(word: str, known: tuple[str, ...]) -> str | None:
    folded = _folded(word)
    same = [k for k in known if _folded(k) == folded or _ELSEWHERE.get(folded) == k]
    if same or len(word) > _LONGEST:
        return same[0] if len(same) == 1 else None
    import difflib

    near = difflib.get_close_matches(word, known, n=2, cutoff=0.6)
    ratios = [difflib.SequenceMatcher(None, one, word).ratio() for one in near]
    return near[0] if near and ratios[0] >= _VERY_NEAR and all(ratios[0] - other >= _APART for other in ratios[1:]) else None


def respelt(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that differs from `word` in capitals, hyphens and underscores only."""
    same = [k for k in known if _folded(k) == _folded(word)]
    return same[0] if len(same) == 1 and same[0] != word else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """Write the help line of a misspelt word: the near one, else `otherwise`, else (when that is None) what is known."""
    known = list(known)
    near = nearest(word, known)
    if near:
        return f"did you mean `{near}`?"
    if otherwise is not None:
        return otherwise or None
    return f"known: {listed(known)}" if known else None


def listed(words: Iterable[str], most: int = 12) -> str:
    """Write words as a list, cut where it grows long."""
    words = sorted(words)
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")

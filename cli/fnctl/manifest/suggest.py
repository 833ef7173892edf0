"""Did you mean: the word that a misspelt one stands for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable
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
_NEIGHBOURS, _PATIENCE = 6, 1000
"""Neighbours on each side; and how often many words are asked before the next one has to do: whoever has so many findings reads the first."""
_VERY_NEAR, _APART = 0.8, 0.1


def _folded(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` most likely stands for, None when nothing is near."""
    return _nearest(word, _around(word, known))


def _around(word: str, known: Iterable[str]) -> tuple[str, ...]:
    known = known if isinstance(known, Collection) else tuple(known)
    if len(known) <= _MANY:
        return tuple([k for k in known if k != word])
    crowd = _crowd(known)
    crowd.asked += 1
    return tuple([k for k in crowd.around(_folded(word), _NEIGHBOURS if crowd.asked <= _PATIENCE else 1) if k != word])


class _Crowd:
    """Many words in the order of their folded spelling, and of that read backwards: a slip may be at either end. And how often they were asked."""

    def __init__(self, known: Collection[str]) -> None:
        self.known, self.asked = known, 0
        ahead = sorted((_folded(word), word) for word in known)
        self.orders = (ahead, sorted((folded[::-1], word) for folded, word in ahead))

    def around(self, folded: str, reach: int) -> dict[str, None]:
        """Return the neighbours of a spelling in both orders."""
        found: dict[str, None] = {}
        for order, spelt in zip(self.orders, (folded, folded[::-1]), strict=True):
            at = bisect_left(order, (spelt, ""))
            found |= dict.fromkeys(word for _, word in order[max(0, at - reach) : at + reach])
        return found


_crowds: list[_Crowd] = []
"""The last few, by identity: all findings of one kind ask the same words, and sorting them anew each time would be the square of the work."""


def _crowd(known: Collection[str]) -> _Crowd:
    for crowd in _crowds:
        if crowd.known is known and len(crowd.orders[0]) == len(known):
            return crowd
    _crowds[:] = [_Crowd(known), *_crowds[:7]]
    return _crowds[0]


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
    known = known if isinstance(known, Collection) else list(known)
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

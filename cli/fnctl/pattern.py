"""Patterns that are compiled with their first use: `validate` knows fifty of them, needs twenty, and each takes as long as reading a function."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Pattern:
    """Stands for a `re.Pattern`: the first method that is asked for compiles it, and from then on all are the real ones."""

    def __init__(self, text: Any, flags: int) -> None:
        self._given: tuple[Any, int] = text, flags

    def __getattr__(self, name: str) -> Any:
        made = re.compile(*self._given)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn"):
            setattr(self, method, getattr(made, method))
        return getattr(made, name)


def later(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Do what `re.compile` does, later. For a pattern's methods only: `re.sub(pattern, ...)` wants a real one."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))

"""A hook that raises."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fnctl.hookspecs import hookimpl


@hookimpl
def fnctl_rules() -> Iterable[Any]:
    """Look for a file that is on its author's machine only."""
    raise FileNotFoundError("rules.txt")

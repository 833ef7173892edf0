"""The path that `idempotent.key` is: `= data.order.id`, `= data.lines[0].sku`."""

from __future__ import annotations

import re

from fnctl.pattern import later

_PATH = later(r"=\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d{1,9}\])*)\s*", re.ASCII)
_PART = later(r"\[(\d+)\]|(\w+)", re.ASCII)


def path(expression: object) -> tuple[str | int, ...] | None:
    """Return names and list positions; None when it is no such path."""
    found = _PATH.fullmatch(expression) if isinstance(expression, str) else None
    return tuple(int(position) if position else name for position, name in _PART.findall(found[1])) if found else None

"""What a handler returned to whoever waits for JSON: an engine, or `fnctl invoke`."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def written(value: Any) -> str:
    """Write it as an answer to a request would have it: decimals as numbers, times as RFC 3339, dataclasses as objects."""
    return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def values(value: Any) -> Any:
    """Give the same as values, for a platform that writes them itself, and knows less of them."""
    return json.loads(written(value))


def _plain(value: Any) -> Any:
    from fnctl_runtime.http import plain  # only few answers need it

    return plain(value)

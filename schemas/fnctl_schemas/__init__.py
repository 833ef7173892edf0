"""Schemas and data tables, read by name."""

from __future__ import annotations

import json
import os.path
from typing import Any


def text(name: str) -> str:
    """Return one file of this package, from a folder or a zip. Raises FileNotFoundError or OSError for a name that is not there.

    The loader is asked directly: importlib.resources costs more to import than the manifest takes to check.
    """
    path = os.path.join(os.path.dirname(__file__), name)  # noqa: PTH118, PTH120  # inside a zip there is no Path
    data: bytes = __loader__.get_data(path)  # type: ignore[name-defined]
    return data.decode()


def read(name: str) -> Any:  # a JSON document: its reader knows the shape
    """Parse one JSON file of this package."""
    return json.loads(text(name))

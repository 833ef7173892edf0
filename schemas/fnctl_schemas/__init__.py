"""Schemas and data tables, read by name."""

from __future__ import annotations

import os.path
from importlib import import_module
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
    return parse(text(name))


def parse(raw: str) -> Any:  # likewise
    """Parse a JSON document of ours, such as an adapter's words."""
    try:  # what json itself reads with; the rest of it takes longer to import than this package's files to read
        scanner: Any = import_module("_json").make_scanner
        return scanner(_Plainly)(raw, 0)[0]
    except (ImportError, AttributeError, StopIteration):  # another Python than CPython, or no JSON: json says what
        import json

        return json.loads(raw)


class _Plainly:
    """How the scanner is to read: as `json.loads` does."""

    strict, object_hook, object_pairs_hook, parse_float, parse_int, parse_constant = True, None, None, float, int, float

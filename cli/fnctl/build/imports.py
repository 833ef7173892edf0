"""Which names a Python file imports, so that a function does not carry the handlers of others."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from threading import Lock

QUIET = Lock()  # warning filters are the whole process's: two threads that put them back in the wrong order would lose them
LOADERS = {"import_module", "__import__", "find_spec", "run_module"}


def names(source: bytes) -> frozenset[str]:
    """Return every part of every module name that is imported, `a`, `b` and `c` for `from a.b import c`.

    A file that this Python cannot parse (newer syntax, or none) counts with all its words: rather too many than too few.
    """
    try:
        with QUIET, warnings.catch_warnings(action="ignore"):  # an invalid escape in someone's string is not ours to report
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset(re.findall(r"\w+", source.decode("utf-8", "replace")))
    return frozenset(part for name in _modules(tree) for part in name.split("."))


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _loaded(node)


def _loaded(call: ast.Call) -> Iterator[str]:
    """Yield the constant name in `importlib.import_module("a.b")` and its like."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in LOADERS and call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str):
        yield call.args[0].value

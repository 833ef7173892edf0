"""Does a file hold the name that the manifest calls? Read, never imported."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from fnctl.dataclass import dataclass
from fnctl.pattern import later

if TYPE_CHECKING:  # most files are seen through without a parse
    import ast

Answer: TypeAlias = Literal["yes", "no", "unsure"]


@dataclass(frozen=True)
class Names:
    """What a file gives. `open`: more may come at run time (`from x import *`, `export *`). `broken`: line, column and words of a syntax error."""

    found: frozenset[str]
    open: bool = False
    broken: tuple[int, int, str] | None = None


_MOST = 32 * 1024 * 1024
"""Bytes of a handler's file: more is no source, and what is named may have no end."""

_CHUNK = 64 * 1024
_SHORT = 16 * 1024
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""A pipe that nobody writes into is empty, and not waited for."""

PYTHON = (".py",)
NODE = (".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx")
_STRINGS = later(r'"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'(?:\\.|[^\\])*?(?:\'\'\'|\Z)|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*', re.DOTALL)
# Texts, which `re` compiles when the first JavaScript file is read: most manifests have none.
_JS_NOISE = r"""(?s)("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|`(?:\\.|[^`\\])*`|//[^\n]*|/\*.*?\*/"""
_WORD = r"[A-Za-z_$][\w$]*"
_DECLARED = rf"\bexport\s+(?:declare\s+)?(?:default\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|var|enum)\s+({_WORD})"
_LISTED = r"\bexport\s*\{([^}]*)\}"
_UNPACKED = r"\bexport\s+(?:const|let|var)\s*[{\[]([^=]*)[}\]]\s*="
_ASSIGNED = rf"\b(?:module\.)?exports\.({_WORD})\s*="
_MODULE = r"\bmodule\.exports\s*=\s*(\{[^{}]*\})?"
_OPEN = r"\bexport\s*\*\s*from|\bexports\s*\[|__exportStar\(|Object\.(?:assign|defineProperty)\(\s*(?:module\.)?exports|\bexport\s*="


def says(path: str, name: str) -> bool:
    """See at once the usual, a short Python file with `def name(` at its left margin; what is not seen may be there. Raises OSError, ValueError."""
    file = os.open(path, _READ)
    try:
        raw = os.read(file, _SHORT)
    finally:
        os.close(file)
    first, later_on = _defined(name)
    return (raw.startswith(first) or later_on in raw) and raw.isascii() and len(raw) < _SHORT and b'"""' not in raw and b"'''" not in raw


@lru_cache(maxsize=64)
def _defined(name: str) -> tuple[bytes, bytes]:
    first = b"def %b(" % name.encode()
    return first, b"\n" + first


def readable(path: str) -> None:
    """Raise OSError where a file cannot be read."""
    file = os.open(path, _READ)
    try:
        os.read(file, 1)
    finally:
        os.close(file)


def defines(path: str, name: str) -> Answer | Names:
    """Say whether a file defines a name; the Names themselves when it cannot be parsed. Raises OSError, UnicodeDecodeError."""
    stat = os.stat(path)  # noqa: PTH116  # pathlib would take longer than the system does
    return defined(path, name.split(".")[0], stat.st_mtime_ns, stat.st_size)


def names(path: Path) -> frozenset[str]:
    """Return every name that a file gives, for a suggestion."""
    text = content(str(path)).decode("utf-8-sig")
    return (python(text) if path.suffix in PYTHON else node(text)).found


def python(text: str) -> Names:
    """Read the top-level names of Python source, those under `if`, `try` and `with` too."""
    import ast

    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        return Names(frozenset(), broken=(error.lineno or 1, error.offset or 1, error.msg))
    except ValueError:
        return Names(frozenset(), broken=(1, 1, "there is a NUL in it"))
    except (RecursionError, MemoryError):
        return Names(frozenset(), broken=(1, 1, "it is nested deeper than Python goes"))
    found: set[str] = set()
    _collect(tree.body, found)
    return Names(frozenset(found - {"*"}), "*" in found or "__getattr__" in found)


def node(text: str) -> Names:
    """Scan the exports of JavaScript or TypeScript."""
    code = re.sub(_JS_NOISE, lambda m: m[1] or " ", text)
    found = set(re.findall(_DECLARED, code)) | set(re.findall(_ASSIGNED, code))
    for listed in re.findall(_LISTED, code):
        found |= {part.split(" as ")[-1].strip().split(" ")[-1] for part in listed.split(",")}
    for unpacked in re.findall(_UNPACKED, code):
        found |= set(re.findall(_WORD, unpacked))
    if re.search(r"\bexport\s+default\b", code):
        found.add("default")
    unclear = bool(re.search(_OPEN, code))
    for literal in re.findall(_MODULE, code):
        found |= set(re.findall(rf"({_WORD})\s*(?=[,:}}(])", literal))
        unclear = unclear or not literal or "..." in literal
    return Names(frozenset(found - {""}), unclear)


@lru_cache(maxsize=4096)
def defined(path: str, name: str, _modified: int, size: int) -> Answer | Names:
    """Look into a file once for each state that it was in."""
    raw = content(path, size)
    if len(raw) > _MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    text = raw.decode().removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if path.endswith(PYTHON) and _plainly(text, name):
        return "yes"
    read = python(text) if path.endswith(PYTHON) else node(text)
    if read.broken:
        return read
    return "yes" if name in read.found else "unsure" if read.open else "no"


def content(path: str, size: int = 0) -> bytes:
    """Read a file; its size, where it is known. Asking the system itself takes half the time that a stream does, and there are thousands of files."""
    file = os.open(path, _READ)
    try:
        raw = os.read(file, min(size, _MOST) + 1)  # a read sets aside as much memory as it is allowed to fill
        while len(raw) != size and len(raw) <= _MOST and (more := os.read(file, _CHUNK)):  # it has changed, or is no plain file and has no size
            raw += more
    finally:
        os.close(file)
    return raw


def _plainly(text: str, name: str) -> bool:
    """See a `def name` or `name =` at the left margin, outside strings: thirty times faster than a parse, and the usual case."""
    found = (at for words in ("def ", "async def ", "") if (at := _at_the_margin(text, words, name)) is not None)
    if '"""' not in text and "'''" not in text:
        return next(found, None) is not None
    starts = list(found)
    return bool(starts) and any(all(not (m.start() <= start < m.end()) for m in _STRINGS.finditer(text)) for start in starts)


def _at_the_margin(text: str, words: str, name: str) -> int | None:
    """Find the first line that begins with these words and the name. A pattern for each name would take longer to compile than to search."""
    wanted = words + name
    start = 0 if text.startswith(wanted) else text.find(f"\n{wanted}") + 1
    if start == 0 and not text.startswith(wanted):
        return None
    rest = text[start + len(wanted) : start + len(wanted) + 80]
    if words:
        return None if rest[:1].isalnum() or rest[:1] == "_" else start
    rest = rest.lstrip(" ")
    return start if rest.startswith("=") and not rest.startswith("==") else None


def _collect(body: Iterable[ast.stmt], found: set[str]) -> None:
    import ast

    for statement in body:
        found |= _bound(statement)
        if isinstance(statement, ast.If | ast.Try | ast.TryStar | ast.With | ast.For | ast.While):
            for part in ("body", "orelse", "finalbody"):
                _collect(getattr(statement, part, ()), found)
            for handler in getattr(statement, "handlers", ()):
                _collect(handler.body, found)


def _bound(statement: ast.stmt) -> set[str]:
    import ast

    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    if isinstance(statement, ast.Assign):
        return {n.id for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        return {statement.target.id}
    walrus = (n.target for n in ast.walk(statement) if isinstance(n, ast.NamedExpr)) if isinstance(statement, ast.Expr | ast.If) else ()
    return {t.id for t in walrus}

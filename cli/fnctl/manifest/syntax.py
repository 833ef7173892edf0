"""Why a text is not YAML, or not text at all, in sentences that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fnctl.diagnostics import Diagnostic
from fnctl.pattern import later
from fnctl.source import Span

if TYPE_CHECKING:  # a text that is plain never meets libyaml
    from fnctl.manifest.libyaml import YAMLError

MAX_BYTES = 8 * 1024 * 1024

BREAK = later("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for a YAML parser."""


class UnreadableError(Exception):
    """The text ends here; carries the one finding that says why."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def contents(path: Path) -> bytes:
    """Read a file as far as a manifest may go, and one byte more: what is named may have no end. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def lines(raw: bytes) -> list[str]:
    """Split a text into its lines, as positions count them; what is not UTF-8 becomes a mark."""
    found = BREAK.split(raw.decode("utf-8", "replace").removeprefix("\ufeff"))
    return found if found[-1] else found[:-1]


def encoded(raw: bytes, name: str) -> None:
    """Refuse what is too large or not UTF-8. Raises UnreadableError."""
    if len(raw) > MAX_BYTES:
        notes = (f"a manifest has at most {MAX_BYTES // 1024 // 1024} MB",)
        raise UnreadableError(Diagnostic("FN006", "error", f"{name} is too large", notes=notes, help="split it with `include`"))
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        form = "UTF-32" if raw[:4] == b"\xff\xfe\x00\x00" else "UTF-16"
        raise UnreadableError(
            Diagnostic("FN002", "error", f"{name} is not UTF-8", notes=(f"it begins with the mark of {form}",), help="save it as UTF-8")
        )
    if raw[:2].count(0) == 1:
        raise UnreadableError(Diagnostic("FN002", "error", f"{name} is not UTF-8", notes=("it looks like UTF-16",), help="save it as UTF-8"))
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        label, span = f"the byte 0x{raw[error.start]:02x}", _behind(raw[: error.start], name)
        raise UnreadableError(Diagnostic("FN002", "error", f"{name} is not UTF-8", span, label, help="save it as UTF-8")) from None


def _behind(before: bytes, name: str) -> Span:
    """Find the place that follows some text."""
    lines = BREAK.split(before.decode(errors="replace").removeprefix("\ufeff"))
    return Span(name, len(lines), len(lines[-1]) + 1)


def broken(error: YAMLError, raw: bytes, name: str) -> Diagnostic:
    """Turn a parser's exception into a finding."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        where = getattr(error, "position", None)
        reason = str(getattr(error, "reason", "")) or "control characters are not allowed"
        span = _behind(raw[:where], name) if isinstance(where, int) else None
        return Diagnostic("FN003", "error", f"not YAML: {reason}", span, help="remove the character, or write it as an escape in double quotes")
    lines = BREAK.split(raw.decode().removeprefix("\ufeff"))
    # The parser counts the end of the text as one line more; that one is not there when the text does not end with a line break.
    number, column = (mark.line, mark.column) if mark.line < len(lines) else (len(lines) - 1, len(lines[-1]))
    line, span = lines[number], Span(name, number + 1, column + 1)
    if "\t" in line[: len(line) - len(line.lstrip())] or line[column : column + 1] == "\t":
        span = Span(name, number + 1, line.index("\t") + 1)
        return Diagnostic("FN003", "error", "a tab in the indentation", span, "a tab", help="YAML indents with spaces")
    problem = str(getattr(error, "problem", "") or "it cannot be read")
    context = str(getattr(error, "context", "") or "")
    context_mark = getattr(error, "context_mark", None)
    notes = (f"{context}, which starts on line {context_mark.line + 1}",) if context and context_mark is not None else ()
    return Diagnostic("FN003", "error", f"not YAML: {problem}", span, notes=notes, help=_advice(problem, line))


def _advice(problem: str, line: str) -> str:
    if "expected ',' or" in problem and "/{" in line:
        return 'inside `{ }` a route with a parameter needs quotes: { http: "GET /orders/{id}" }'
    return next(
        (help for words, help in _ADVICE if words in problem),
        "look at the indentation here and above, and at quotes and brackets that are not closed",
    )


_ADVICE = (
    ("mapping values are not allowed", "a value with `: ` in it needs quotes; a missing line or wrong indentation looks like this too"),
    ("cannot start any token", "a value that begins with `@`, `` ` `` or `%` needs quotes"),
    ("unexpected end of stream", "a quote or bracket that is opened above is never closed"),
    ("block sequence entries are not allowed", "a list begins on a line of its own, each entry with `- `"),
)

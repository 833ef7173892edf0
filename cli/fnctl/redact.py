"""The redactor at the boundary: whatever leaves this process as text goes through it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from fnctl.pattern import later

MASK = "[redacted]"
SHORTEST = 8
"""Shorter values (`test`, `yes`) would mask half the screen and protect nothing."""

# Erring on the safe side: a name that only looks like a secret's costs a masked word, the reverse costs a key.
_NAME = later(r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_KEY$|_CONNECTION(_STRING)?$", re.IGNORECASE)
_PLAIN = later(r"_(ID|URL|URI|FILE|PATH|NAME|REF|ARN|REGION|EXPIRATION)$", re.IGNORECASE)
_NAMED = ("SECRET", "TOKEN", "PASSW", "CREDENTIAL", "PRIVATE", "KEY", "_CONNECTION")
"""What such a name has in any case: most names have none of it, and no pattern is asked."""
_WORDS = r"secret(?:[_-]?access[_-]?key)?|token|password|passwd|signature|api[_-]?key|accountkey"
_SHAPES = (
    (("akia", "asia", "a3t"), later(r"\b(A3T[A-Z0-9]|AKIA|ASIA)[A-Z0-9]{16}\b"), MASK),
    (("bearer", "basic"), later(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}"), rf"\1 {MASK}"),
    (("=", ":"), later(rf"(?i)((?:{_WORDS})[\"']?\s*[=:]\s*[\"']?)[^\s\"'&;,]{{8,}}"), rf"\1{MASK}"),
    (("://",), later(r"(://[^\s/:@]+:)[^\s/@]+@"), rf"\1{MASK}@"),
    (("-----begin",), later(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL), MASK),
)
"""What has the shape of a key, and before it texts of which it has one in any case: most lines have none, and no pattern is asked."""


def redactor(environ: Mapping[str, str], more: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that masks the values of secret-looking variables, the given values, and what has the shape of a key."""
    named = [name for name in environ if not name.isascii() or any(hint in name.upper() for hint in _NAMED)]
    known = {environ[name] for name in named if _NAME.search(name) and not _PLAIN.search(name)} | set(more)
    spellings = {form for value in known if len(value) >= SHORTEST for form in (value, _in_json(value))}
    values = re.compile("|".join(re.escape(form) for form in sorted(spellings, key=len, reverse=True))) if spellings else None

    def redact(text: str) -> str:
        if values is not None:
            text = values.sub(MASK, text)
        folded = text.lower() if text.isascii() else None  # a pattern knows more ways to write an `i` than `lower` does
        for hints, shape, mask in _SHAPES:
            if folded is None or any(hint in folded for hint in hints):
                text = shape.sub(mask, text)
        return text

    return redact


def _in_json(value: str) -> str:
    import json  # for values that there most often are not

    return json.dumps(value)[1:-1]


class Guarded(io.TextIOBase):
    """A stream that redacts each text before it passes it on. Writers hand it whole lines, so that no value is cut in two."""

    def __init__(self, inner: TextIO, redact: Callable[[str], str]) -> None:
        super().__init__()
        self.inner, self._redact = inner, redact

    def write(self, text: str) -> int:
        """Write, redacted. Answers for the whole of what it was given."""
        self.inner.write(self._redact(text))
        return len(text)

    def flush(self) -> None:
        """Pass it on, unless there is nothing to pass it to any more."""
        if not self.inner.closed:
            self.inner.flush()

    def isatty(self) -> bool:
        """As the stream behind it."""
        return self.inner.isatty()

    def fileno(self) -> int:
        """As the stream behind it."""
        return self.inner.fileno()

    def writable(self) -> bool:
        """Always."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the stream behind it."""
        return getattr(self.inner, "encoding", None) or "utf-8"

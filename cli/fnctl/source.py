"""Where something stands in a file: the place that every diagnostic points at."""

from __future__ import annotations

from fnctl.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one file. Lines and columns are 1-based, columns count code points, `end_column` is exclusive.

    `path` is relative to the manifest's folder and always written with `/`.
    """

    path: str
    line: int
    column: int
    end_line: int | None = None
    end_column: int | None = None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

"""The command line as people and CI run it: what a finished run of it is, and the environment that it gets."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class Done:
    """A finished run of fnctl."""

    code: int
    out: str
    err: str

    def document(self) -> dict[str, Any]:
        """Stdout as one JSON document."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Stdout as NDJSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    def result(self) -> dict[str, Any]:
        """The last line of an NDJSON stream."""
        last = self.lines()[-1]
        assert last["type"] == "result", last
        return last


class Fnctl(Protocol):
    """Runs the command in a folder; a code other than `code` fails the test with the whole screen."""

    def __call__(self, *words: str, cwd: Path, code: int | None = 0, env: Mapping[str, str] | None = None, stdin: str = "") -> Done: ...


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The machine's environment without anything that would reach a real account, and with bytecode, as installed tools have it."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AWS_", "AZURE_", "VERCEL_", "FNCTL_", "PYTHONDONTWRITEBYTECODE")) or key.startswith("FNCTL_PYTHON")
    }
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "NO_COLOR": "1", "COLUMNS": "80", **(extra or {})}

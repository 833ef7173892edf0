"""The platforms' limits as data: every number with its unit, its source, its date and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fnctl.diagnostics import Severity


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit for one plan and region. `value` in `unit`; `sure` as in the platform's documents; contested numbers only warn."""

    id: str
    value: float
    unit: str
    severity: Severity
    effect: str
    source: str
    date: str
    sure: Literal["documented", "observed", "quoted", "unsure"] = "documented"

    def note(self) -> str:
        """Name the source, as a diagnostic's note."""
        return f"limit: {self.source}, read {self.date}"


@dataclass(frozen=True)
class Limits:
    """The limits that hold for one target, plan and region, with the manifest's own `limits:` laid over them."""

    target: str
    plan: str | None = None
    table: Mapping[str, Limit] = field(default_factory=dict)

    def __getitem__(self, id_: str) -> Limit:
        return self.table[id_]

    def get(self, id_: str) -> Limit | None:
        """Return a limit, None where this plan has no such limit."""
        return self.table.get(id_)

"""What the engine says while it works. It knows no screen: a view, a JSON stream or a plugin listens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fnctl.graph import Address, Json

EventType: TypeAlias = Literal["start", "phase", "change", "log", "finding", "result"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    - `start`: data {verb, service, stage, target, identity?}
    - `phase`: data {phase: load|build|observe|plan|lock|prepare|switch|retire|verify|record|restore, total?: int}
    - `change`: address; data {action, status: started|done|failed|skipped, error?: message, seconds?}
    - `log`: address?; data {message}: waiting for propagation, a retry, a bootstrap
    - `finding`: data is one diagnostic as in fnctl/diagnostics/1
    - `result`: data {status, release, outputs, timings, ...}; always the last
    """

    type: EventType
    data: Mapping[str, Json] = field(default_factory=dict)
    address: Address | None = None

"""What the engine says while it works, and what it is told: to stop. It knows no screen: a view, a JSON stream or a plugin listens."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from fnctl.dataclass import dataclass, field

if TYPE_CHECKING:  # `validate` needs no graph
    from fnctl.graph import Address, Json

EventType: TypeAlias = Literal["start", "phase", "change", "log", "finding", "result"]


class Cancel(IntEnum):
    """How far an interrupt has gone: finish what is in flight, or stop now."""

    NO = 0
    FINISH = 1
    NOW = 2


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

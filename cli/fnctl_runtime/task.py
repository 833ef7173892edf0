"""A step of a workflow: the envelope that it is called with, what its handler sees of it, and failures that a workflow knows by name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ENVELOPE = "fnctl"
"""The key under which an engine says which step it calls; `input` stands beside it."""


class HandlerError(Exception):
    """A failure that workflows match by name: `raise HandlerError("PaymentDeclined", "no funds")`.

    It is of a class of that name, so that logs and platforms call it what the handler called it.
    """

    name: str

    def __new__(cls, name: str, message: str = "") -> HandlerError:  # noqa: ARG004  # __init__'s; both get what the class is called with
        """Make the class of that name."""
        return Exception.__new__(type(name, (cls,), {"name": name, "__module__": cls.__module__}))

    def __init__(self, name: str, message: str = "") -> None:  # noqa: ARG002  # __new__'s
        super().__init__(message)


class TaskContext:
    """Which step of which run calls.

    Attributes:
        run: the workflow's run.
        step: the step's id; `lines[2]/pick` inside of maps.
        key: names this piece of work, the same for every attempt at it and different for its compensation: hand it on where an idempotency key
            is asked for.
        attempt: 1 for the first.
        compensation: the step undoes what another did.
        native: what the platform handed over.
    """

    __slots__ = ("attempt", "compensation", "key", "native", "run", "step")

    def __init__(self, run: str, step: str, key: str, *, attempt: int = 1, compensation: bool = False, native: Any = None) -> None:
        self.run = run
        self.step = step
        self.key = key
        self.attempt = attempt
        self.compensation = compensation
        self.native = native

    def __repr__(self) -> str:
        return f"TaskContext(key={self.key!r}, attempt={self.attempt}, compensation={self.compensation})"


def read(payload: Any, *, step: str, request_id: str, native: Any = None) -> tuple[Any, TaskContext]:
    """Take an engine's call apart: the input, and the context. `step` and `request_id` speak for a payload that somebody sent by hand.

    An engine counts attempts from 0 (`$states.context.State.RetryCount`), a handler from 1 as in events.
    """
    about: Mapping[str, Any] | None = payload.get(ENVELOPE) if isinstance(payload, dict) else None
    if not isinstance(about, dict) or not about.get("key"):
        return payload, TaskContext(request_id, step, request_id, native=native)
    context = TaskContext(
        str(about.get("run", "")),
        str(about.get("step", step)),
        str(about["key"]),
        attempt=int(about.get("attempt") or 0) + 1,
        compensation=bool(about.get("compensation")),
        native=native,
    )
    return payload.get("input"), context


def fields(context: TaskContext) -> dict[str, Any]:
    """Give what each log line of a step carries."""
    return {"run": context.run, "step": context.step, "key": context.key, "attempt": context.attempt}

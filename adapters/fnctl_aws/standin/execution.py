"""An invocation from the event to the answer: which function, in which environment, with what in its log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from fnctl_aws.standin.environment import Environment, Gone, Outcome
from fnctl_aws.standin.layout import Function, Machine, Unsupported, setup
from fnctl_aws.standin.logs import Journal
from fnctl_aws.standin.pool import Full, Pool, Slot
from fnctl_aws.standin.runtime_api import Invocation

Put: TypeAlias = "Callable[[Function], Callable[[str, int, str], None]]"
"""For a function, what stores an event of its log: stream, milliseconds, message."""

ATTEMPTS = 3
"""How many idle environments may turn out dead before something else must be wrong."""


@dataclass(frozen=True)
class Result:
    """What the emulator needs: the payload as JSON value (bytes when streamed), the log, and whether the function failed or was not run at all."""

    body: Any
    log: str
    error: bool = False
    throttled: bool = False


def execute(function: Function, invocation: Invocation, pool: Pool, machine: Machine, put: Put) -> Result:
    """Run one invocation, in a warm environment or a new one."""
    for _ in range(ATTEMPTS):
        try:
            slot = pool.acquire(function.key, max(invocation.seconds, 10.0))
        except Full:
            return Result(None, "", error=True, throttled=True)
        alive = False
        try:
            outcome, log = _run(slot, function, invocation, machine, put)
            alive = outcome.alive
        except Gone:
            continue
        except Unsupported as error:
            return Result({"errorType": "Runtime.Unsupported", "errorMessage": str(error)}, "", error=True)
        finally:
            pool.release(slot, alive=alive)
        return Result(_value(outcome), log, error=outcome.error)
    return Result({"errorType": "Runtime.ExitError", "errorMessage": "Runtime exits while it is idle"}, "", error=True)


def _run(slot: Slot, function: Function, invocation: Invocation, machine: Machine, put: Put) -> tuple[Outcome, str]:
    failed = None
    if slot.environment is None or slot.journal is None:
        slot.journal, slot.environment = _start(function, machine, put)
        failed = slot.environment.init()
    slot.journal.begin(invocation.id, time.time())
    outcome = failed or slot.environment.invoke(invocation)
    slot.journal.end(invocation.id, outcome, time.time())
    return outcome, slot.journal.take()


def _start(function: Function, machine: Machine, put: Put) -> tuple[Journal, Environment]:
    how, stream = setup(function, machine)
    store = put(function)
    journal = Journal(function, lambda milliseconds, message: store(stream, milliseconds, message))
    return journal, Environment(how, journal.write)


def _value(outcome: Outcome) -> Any:  # any JSON value
    if outcome.streamed:
        return outcome.body
    text = outcome.body.decode("utf-8", "replace")
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text

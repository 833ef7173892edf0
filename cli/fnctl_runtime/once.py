"""Doing one piece of work once: a claim before it and its answer after it, in any store that can write on a condition.

What can be promised is this: while the store remembers a key, the handler is not run to its end a second time, and whoever comes again gets the
first answer. A process that dies between the work and its answer leaves a claim; when that has run out, the work is done again.
"""

from __future__ import annotations

import json
import logging
import time
from functools import partial

from fnctl_runtime.invocation import call, current, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    class Store(Protocol):
        """Where claims are kept. Times are Unix seconds. `owner` names one attempt: its own claim, met again after a lost answer, is its own."""

        def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
            """Write a claim that holds to `until`, unless there is one that holds or an answer that has not expired.

            Returns:
                None when it is ours; the answer's JSON when it is done; "" when somebody is at it.
            """
            ...

        def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
            """Put the answer in the place of our claim; False when the claim is not ours any more."""
            ...

        def release(self, key: str, owner: str) -> None:
            """Take our claim back, if it still is ours."""
            ...


log = logging.getLogger("fnctl")
SLACK = 1.0
"""Seconds that a claim outlives the call that made it: clocks differ."""
_LONGEST = 512  # characters of a key as it is; a longer one is kept as its digest
_ATTRIBUTES = frozenset({"id", "source", "type", "subject", "time", "data", "extensions"})


class InProgress(Exception):  # not an error of anybody's; the message comes again
    """Another call is at this very piece of work, or died at it a moment ago: come again."""


class KeyMissing(Exception):  # named like the finding
    """The manifest's `idempotent.key` leads to nothing in this event."""


def once(handler: Callable[..., Any], config: Mapping[str, Any], store: Store, *, task: bool = False, waiting: bool = False) -> Callable[..., Any]:
    """Wrap a handler so that one key is worked on once.

    Args:
        handler: takes an event, or a task's input and context.
        config: `service`, `stage`, `function`, and under `idempotent` the `key` (a path: names and list positions; None for the event's id or the
            task's key), the `ttl` of answers and the `lease` of claims in seconds.
        store: keeps claims and answers.
        task: the handler is a task's.
        waiting: it is async, and so is what is returned: it works on the loop that runs, while a thread waits for the store.
    """
    said: Mapping[str, Any] = config["idempotent"]
    place = "/".join(config[name] for name in ("service", "stage", "function"))

    def run(work: Callable[..., Any], *arguments: Any) -> Any:
        key = f"{place}#{_short(_key(arguments, said['key'], task=task))}"
        from os import urandom  # of the standard library's ways to a random name the one that is loaded already

        owner, now = urandom(16).hex(), time.time()
        until = _until(now, said["lease"])
        known = store.claim(key, owner, now=now, until=until, expires=max(until, now + said["ttl"]))
        if known == "":
            message = f"{key} is being worked on"
            raise InProgress(message)
        if known is not None:
            log.info("done before", extra={"idempotency_key": key})
            return json.loads(known)
        return _worked(partial(work, *arguments), key, owner, store, said["ttl"])

    return _beside(run, handler) if waiting else partial(run, partial(call, handler))


def _beside(run: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    """Let the handler work on the loop that its other calls share, with all that is bound to that; only the store has a thread."""
    from asyncio import get_running_loop, run_coroutine_threadsafe, to_thread

    async def kept(*arguments: Any) -> Any:
        try:
            return await handler(*arguments)
        except SystemExit as error:  # let out of a task, it would end the loop
            raise left(error) from error

    async def beside(*arguments: Any) -> Any:
        loop = get_running_loop()
        return await to_thread(run, lambda *given: run_coroutine_threadsafe(kept(*given), loop).result(), *arguments)

    return beside


def _worked(work: Callable[[], Any], key: str, owner: str, store: Store, ttl: float) -> Any:
    from fnctl_runtime.http import plain

    try:
        answer = json.dumps(work(), default=plain, ensure_ascii=False, separators=(",", ":"))
    except BaseException:
        _safely("release", key, partial(store.release, key, owner))
        raise
    # The work is done. Whatever the store says now, to fail would only have it done again.
    if _safely("complete", key, partial(store.complete, key, owner, answer, expires=time.time() + ttl)) is False:
        log.warning("a claim ran out before the work was done", extra={"idempotency_key": key})
    return json.loads(answer)


def _safely(what: str, key: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except Exception:
        log.exception("cannot %s a claim", what, extra={"idempotency_key": key})
        return None


def _until(now: float, lease: float) -> float:
    """Say how long a claim holds: as long as this call can run at all."""
    running = current()
    deadline = running.deadline if running else None
    return (now + lease if deadline is None else deadline) + SLACK


def _key(arguments: Sequence[Any], path: Sequence[str | int] | None, *, task: bool) -> str:
    subject = arguments[0]
    if path is None:
        return str(arguments[1].key if task else subject.id)
    found: Any = subject if task else {name: getattr(subject, name) for name in _ATTRIBUTES}
    for part in path:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            found = None
    if found is None:
        message = f"idempotent.key: there is no {'.'.join(map(str, path))} in {'the input' if task else f'the event {subject.id}'}"
        raise KeyMissing(message)
    return found if isinstance(found, str) else json.dumps(found, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _short(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    from hashlib import sha256

    return f"sha256:{sha256(key.encode()).hexdigest()}"

"""Sync and async handlers on one road: async ones on the worker's event loop, sync ones in its threads."""

from __future__ import annotations

import asyncio
import inspect

from fnctl_runtime.invocation import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, TypeAlias

    Handle: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, Any]]
    Call: TypeAlias = Callable[..., Awaitable[Any]]


def waits(handler: Any) -> bool:
    """Tell whether calling a handler gives something to wait for: an async function, or an object with an async `__call__`."""
    inner = inspect.unwrap(getattr(handler, "func", handler))
    return inspect.iscoroutinefunction(inner) or inspect.iscoroutinefunction(getattr(type(inner), "__call__", None))  # noqa: B004  # the method, not whether


async def on_loop(handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call an async handler on the loop that runs."""
    try:
        answer = handler(*arguments)
        return await answer if inspect.isawaitable(answer) else answer
    except SystemExit as error:
        raise left(error) from error


async def in_thread(handler: Callable[..., Any], *arguments: Any) -> Any:
    """Call a sync handler in the thread that we are in; what it leaves to wait for is waited for here. Never gives way itself."""
    try:
        answer = handler(*arguments)
        return asyncio.run(_whole(answer)) if inspect.isawaitable(answer) else answer
    except SystemExit as error:
        raise left(error) from error


async def _whole(answer: Awaitable[Any]) -> Any:
    return await answer


def entry(handle: Handle, *, waiting: bool, raw: bool = False) -> Callable[..., Any]:
    """Make what the worker calls: async on its loop, or sync in one of its threads. `raw` asks for the binding's text as it came.

    The worker goes by the names and annotations of parameters: `trigger` is the binding's, `context` its own.
    """

    async def on_its_loop(trigger: Any, context: Any) -> Any:
        return await handle(trigger, context)

    def in_its_thread(trigger: Any, context: Any) -> Any:
        return _run(handle(trigger, context))

    called: Callable[..., Any] = on_its_loop if waiting else in_its_thread
    called.__annotations__ = {"trigger": str} if raw else {}
    return called


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never gives way, without a loop."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    message = "a sync handler gave way to an event loop that is not there"
    raise RuntimeError(message)

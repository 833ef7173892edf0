"""Rules about `idempotent`: a table that can remember, and a handler that has something to be remembered by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.manifest import keys
from fnctl.manifest.model import Function, Resource
from fnctl.rules.model import Found, Rule, Subject, rule

EVENT = ("id", "source", "type", "subject", "time", "data", "extensions")
"""What a path into an event may begin with."""


@rule("FN080", "error", fixed=True, needs="idempotent")
def nothing_remembers(subject: Subject) -> Iterator[Found]:
    """Find `idempotent` without a table that can remember: none is named, or its key is not one text.

    Why: Doing something once means to remember that it was done. fnctl makes no table that you did not ask for.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: true }

    Use instead:
      resources: { jobs: { type: queue }, done: { type: table, ttl: expires } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Sources: docs/handlers.md
    """
    for function in _idempotent(subject):
        table = str((function.idempotent or {}).get("table") or "")
        span = subject.service.span("functions", function.name, "idempotent", *(("table",) if table else ()))
        if not table:
            help = "name a table: resources: { done: { type: table, ttl: expires } }, and idempotent: { table: done }"
            yield Found(f"`idempotent` of `{function.name}` names no table", span, "remembers nothing", help=help)
        elif (made := subject.service.resources.get(table)) and made.type == "table" and (problem := _unfit(made)):
            help = "take a table of its own: resources: { done: { type: table, ttl: expires } }"
            yield Found(f"the table `{table}` cannot remember what `{function.name}` did: {problem}", span, "not one text", help=help)


def _unfit(table: Resource) -> str | None:
    if table.options.get("sort"):
        return "it has a sort key"
    key = table.options.get("key")
    return "its key is not a text" if isinstance(key, Mapping) and key.get("type") not in (None, "string") else None


@rule("FN081", "error", fixed=True, needs="idempotent")
def nothing_to_remember_by(subject: Subject) -> Iterator[Found]:
    """Find `idempotent` where the runtime cannot tell one piece of work from another.

    Why: An event has an id, and a step of a workflow has a key. A request has neither, and a batch that is handed over whole has many. What `key`
    names must be a path into the event or the input.

    Example:
      resources: { done: { type: table, ttl: expires } }
      functions:
        api: { handler: "api.py:charge", triggers: [{ http: POST /charges }], idempotent: { table: done } }

    Use instead:
      resources: { jobs: { type: queue }, done: { type: table, ttl: expires } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done, key: = data.order.id } }

    Sources: docs/handlers.md
    """
    for function in _idempotent(subject):
        at = ("functions", function.name, "idempotent")
        key = (function.idempotent or {}).get("key")
        if function.interface not in ("event", "task"):
            message = f"`{function.name}` is of interface `{function.interface}`: `idempotent` is for `event` and `task`"
            yield Found(
                message, subject.service.span(*at, key=True), "no id to go by", help="hand the work to a queue, and say it of what listens there"
            )
        elif any(trigger.options.get("batch") == "whole" for trigger in function.triggers):
            help = "take the messages one by one: leave out `batch: whole`"
            yield Found(f"`{function.name}` takes whole batches, and `idempotent` is for one message", subject.service.span(*at, key=True), help=help)
        elif key is not None and not _leads(keys.path(key), function):
            help = "key: = data.order.id" if function.interface == "event" else "key: = order.id"
            label = f"begins with none of {', '.join(EVENT)}" if keys.path(key) else "not a path"
            message = f"`{key}` leads nowhere in what `{function.name}` gets"
            yield Found(message, subject.service.span(*at, "key"), label, help=help)


def _leads(path: tuple[Any, ...] | None, function: Function) -> bool:
    return path is not None and (function.interface == "task" or path[0] in EVENT)


@rule("FN082", "warning", needs="idempotent")
def never_forgotten(subject: Subject) -> Iterator[Found]:
    """Find tables of `idempotent` that keep what they remember for ever.

    Why: `ttl` says for how long an answer counts; the table's own `ttl` names the attribute by which the platform removes it then. Without it the
    table grows with every message.

    Example:
      resources: { jobs: { type: queue }, done: { type: table } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Use instead:
      resources: { jobs: { type: queue }, done: { type: table, ttl: expires } }
      functions:
        charge: { handler: "pay.py:charge", triggers: [{ queue: jobs }], idempotent: { table: done } }

    Sources: docs/handlers.md
    """
    for function in _idempotent(subject):
        name = str((function.idempotent or {}).get("table") or "")
        table = subject.service.resources.get(name)
        if table is not None and table.type == "table" and table.existing is None and not table.options.get("ttl"):
            span = subject.service.span("resources", name, key=True)
            yield Found(f"nothing removes what `{function.name}` leaves in `{name}`", span, "no `ttl`", help="name an attribute: ttl: expires")


def _idempotent(subject: Subject) -> Iterator[Function]:
    return (function for function in subject.service.functions.values() if function.idempotent is not None)


RULES: tuple[Rule, ...] = (nothing_remembers, nothing_to_remember_by, never_forgotten)

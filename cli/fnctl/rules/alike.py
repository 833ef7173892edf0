"""Functions that are alike: hundreds in a large manifest say the same, and differ in what they are called and where they listen.

A rule that is `alike` is first asked about one function of each kind. When it finds nothing there it would find nothing in all of them; when it finds
something it is asked about all, so what it says is what it always says. Such a rule may look at everything in a function but what is left out here:
its name, its handler, the text of its description, the path of a route, the minutes of a `cron`, what a resource is called; and it must not count
functions. Functions are of one kind only where that is certain: maps are told apart by what they are, not by what is in them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, MutableMapping
from operator import attrgetter, is_
from typing import Any

from fnctl.dataclass import replace
from fnctl.manifest.model import Function
from fnctl.rules.model import Subject

FEW = 8
"""So many functions are faster asked than told apart."""
MOST = 0.5
"""Kinds for each function from which one of each is hardly fewer than all."""

EACH = ("path", "cron")
"""Options of triggers that each has for itself."""

_values = attrgetter(
    *("interface", "runtime", "memory", "timeout", "secrets", "reserved", "provisioned", "per_instance", "architecture", "layers", "include"),
    *("exclude", "artifact", "tracing", "dead_letter", "renamed_from"),
)
_resource = attrgetter("type", "options", "existing", "retain", "renamed_from", "own")
_maps = attrgetter("env", "budget", "bundle", "image", "logs", "retry", "tags", "idempotent", "own")


def sample(subject: Subject, memo: MutableMapping[Any, Any]) -> Subject:
    """Return a subject with one function of each kind, the first; the same subject where that would save nothing.

    `memo` holds what was told apart for the target before: most often all targets have the same functions and resources.
    """
    service = subject.service
    functions = service.functions
    if len(functions) < FEW:
        return subject
    types = {name: repr(_resource(resource)) for name, resource in service.resources.items()}
    types |= dict.fromkeys(service.workflows, "workflow")
    known = memo.get(sample)
    if known is None or known[0] != types or len(known[1]) != len(functions) or not all(map(is_, known[1], functions.values())):
        first: dict[Hashable, Function] = {}
        for function in functions.values():
            first.setdefault(_kind(function, types), function)
        known = memo[sample] = (types, list(functions.values()), {function.name: function for function in first.values()})
    if len(known[2]) > MOST * len(functions):
        return subject
    return replace(subject, service=replace(service, functions=known[2]))


def _kind(function: Function, types: Mapping[str, str]) -> Hashable:
    """Say of what kind a function is. What it uses and listens to counts by its type, and by whether it is the same thing.

    One flat tuple, with the number of what follows before it: a tuple in it for each use and trigger would take twice the time.
    """
    order: dict[str | None, int] = {}
    said: list[Hashable] = [*_values(function), *map(id, _maps(function)), bool(function.description), len(function.uses)]
    for name, verbs in function.uses.items():
        said += (order.setdefault(name, len(order)), types.get(name), verbs)
    for trigger in function.triggers:
        resource = trigger.resource
        said += (trigger.kind, len(trigger.options))
        if resource is not None:
            said += (order.setdefault(resource, len(order)), types.get(resource))
        for option, value in trigger.options.items():
            said.append(option)
            if option not in EACH:
                said.append(value if isinstance(value, str) else repr(value))
    said.append(order.get(function.dead_letter))
    return tuple(said)

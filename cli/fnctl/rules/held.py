"""What a service holds, as the words that rules name in `needs`: a rule about layers is not asked about a service that has none.

A word is a field of `Function` that says something (`layers`, `timeout`), or one of

- `resources`, `workflows`, `protect`, `rollout`, `tags`, `built`: the service has any; `tags` are those of the service or of any function.
- `trigger:KIND` and `resource:TYPE`: there is one; `uses:TYPE`: a function uses a resource of that type, a `function` or a `workflow`.
- `trigger.OPTION` and `resource.OPTION`: any trigger, any resource says it; what a schedule says stands under `cron` or `every`.
- `own:WORD`: a function says it for this target alone; `interface:NAME`: a handler has it.

Words say too much rather than too little: a rule that is asked in vain costs a moment, one that is not asked could have found something.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from operator import attrgetter

from fnctl.manifest.model import Service
from fnctl.rules.model import Subject

FIELDS = (
    *("memory", "timeout", "env", "secrets", "uses", "triggers", "reserved", "provisioned", "per_instance", "layers", "include", "exclude", "budget"),
    *("bundle", "artifact", "image", "tracing", "retry", "dead_letter", "description", "tags", "own", "renamed_from"),
)
_values = attrgetter(*FIELDS)


def held(subject: Subject) -> frozenset[str]:
    """Collect the words of one service, in one pass over its functions and resources."""
    service = subject.service
    parts = (("resources", service.resources), ("workflows", service.workflows), ("protect", service.protect), ("rollout", service.rollout))
    words = {name for name, value in (*parts, ("tags", service.tags), ("built", subject.built)) if value}
    return frozenset(chain(words, _of_functions(service), _of_triggers(service), _of_resources(service)))


def _of_functions(service: Service) -> Iterator[str]:
    functions = service.functions.values()
    for name, column in zip(FIELDS, zip(*map(_values, functions), strict=True), strict=False):  # without functions there are no columns
        if any(column) or 0 in column:  # `reserved: 0` says something, an empty map does not
            yield name
    if any(function.idempotent is not None for function in functions):
        yield "idempotent"
    yield from (f"interface:{interface}" for interface in {function.interface for function in functions})
    yield from (f"own:{word}" for word in set[str]().union(*(function.own for function in functions)))
    for name in set[str]().union(*(function.uses for function in functions)):
        resource = service.resources.get(name)
        yield f"uses:{resource.type}" if resource is not None else "uses:workflow" if name in service.workflows else "uses:function"


def _of_triggers(service: Service) -> Iterator[str]:
    triggers = [trigger for function in service.functions.values() for trigger in function.triggers]
    yield from (f"trigger:{kind}" for kind in {trigger.kind for trigger in triggers})
    yield from (f"trigger.{option}" for option in set[str]().union(*(trigger.options for trigger in triggers)))


def _of_resources(service: Service) -> Iterator[str]:
    resources = service.resources.values()
    yield from (f"resource:{type_}" for type_ in {resource.type for resource in resources})
    yield from (f"resource.{option}" for option in set[str]().union(*(resource.options for resource in resources)))

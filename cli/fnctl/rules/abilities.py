"""What an adapter says of its platform in `abilities.json`, looked up; and what of a service there is to look up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial, wraps
from operator import attrgetter
from typing import Any

from fnctl.diagnostics import Severity
from fnctl.manifest.model import Function, Logs, Service, tasks_of
from fnctl.rules.model import Check, Found, Subject
from fnctl.source import Span

_SEVERITY: Mapping[str, Severity | None] = {"no": None, "differs": "warning", "advice": "advice"}


def title(subject: Subject) -> str:
    """Name the platform for people."""
    return str(subject.abilities.get("title", subject.service.target))


def look_up(subject: Subject, section: str, key: str, value: Any = True, plan: str | None = None) -> Mapping[str, Any] | None:
    """Look up what the target says of a thing. None where it can do it: on this plan (the target's, or a function's own), with this value."""
    entry: Mapping[str, Any] | None = subject.abilities.get(section, {}).get(key)
    if entry is None or value in (None, False) or value in entry.get("fine", ()):
        return None
    if "plans" in entry and (plan or subject.limits.plan) not in entry["plans"]:
        return None
    return entry if "is" not in entry or value in entry["is"] else None


def lacking(subject: Subject, entry: Mapping[str, Any], message: str, span: Span | None, function: str | None = None) -> Found:
    """Make a finding of an entry: its reason as the label, what to use instead as the help, its source as a note."""
    source = subject.abilities["sources"][entry["source"]]
    help = entry["instead"]
    if entry["able"] == "no" and function is not None:
        help += f"; or leave `{function}` out with `targets.{subject.service.target}.only`"
    note = f"platform: {source['title']} ({source['date']})"
    return Found(message, span, entry["why"], (note,), help, _SEVERITY[entry["able"]])


def about(section: str) -> Callable[[Check], Check]:
    """Ask a rule only where the adapter says something in a section: one that does all that a manifest can say has nothing in any."""

    def limited(check: Check) -> Check:
        @wraps(check)
        def asked(subject: Subject) -> Iterable[Found]:
            return check(subject) if subject.abilities.get(section) else ()

        return asked

    return limited


def kinds_of(function: Function) -> set[str]:
    """Name the kinds of a function's triggers."""
    return {trigger.kind for trigger in function.triggers}


OPTIONS: Mapping[str, Callable[[Function], Any]] = {
    "reserved": attrgetter("reserved"),
    "provisioned": attrgetter("provisioned"),
    "per_instance": attrgetter("per_instance"),
    "architecture": attrgetter("architecture"),
    "artifact": attrgetter("artifact"),
    "image": attrgetter("image"),
    "tracing": attrgetter("tracing"),
    "retry": lambda function: dict(function.retry) or None,
    "dead_letter": attrgetter("dead_letter"),
    "retention": lambda function: function.logs.retention if function.logs.retention != Logs.retention else None,
    "layers": lambda function: list(function.layers) or None,
}


def options_of(function: Function, words: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield those of the words that a function can say and platforms keep or not, with their values; None where the manifest says nothing."""
    return ((word, OPTIONS[word](function)) for word in words if word in OPTIONS)


def users_of(service: Service, *, triggers: bool = False) -> dict[str, list[str]]:
    """Map each resource in use here to the functions that use it; `triggers` counts listening to it, too."""
    users: dict[str, list[str]] = {}
    for function in service.functions.values():
        heard = [t.resource for t in function.triggers if t.resource] if triggers else []
        for name in dict.fromkeys((*function.uses, *heard)):
            if name in service.resources:
                users.setdefault(name, []).append(function.name)
    return users


def grants_of(service: Service) -> Iterator[tuple[Function, str, str, str]]:
    """Yield every grant: function, what it uses, verb, type of what it uses."""
    for function in service.functions.values():
        for used, verbs in function.uses.items():
            yield from ((function, used, verb, type_of(service, used)) for verb in verbs)


def type_of(service: Service, name: str) -> str:
    """Say what a name in `uses` is."""
    if name in service.resources:
        return service.resources[name].type
    return "workflow" if name in service.workflows else "function"


def first_of_each(service: Service) -> Iterator[tuple[str, str, Callable[[], Span | None]]]:
    """Yield the first place where a type of resource, or a workflow, is in use here."""
    seen: set[str] = set()
    for function in service.functions.values():
        heard = [(trigger.resource, partial(service.span, *trigger.at, trigger.kind, key=True)) for trigger in function.triggers if trigger.resource]
        used = [(name, partial(service.span, "functions", function.name, "uses", name, key=True)) for name in function.uses]
        for name, span in (*heard, *used):
            if (type_ := type_of(service, name)) not in seen and type_ != "function":
                seen.add(type_)
                yield type_, name, span


def called(service: Service) -> set[str]:
    """Name every function that a workflow calls."""
    return set[str]().union(*map(tasks_of, service.workflows.values()))

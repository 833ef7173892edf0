"""Whether a resolved service makes sense: names, verbs, routes, triggers, secrets, handlers. Pure but for looking at handler files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from operator import is_
from typing import Any

from fnctl.dataclass import dataclass, field
from fnctl.diagnostics import Diagnostic, Severity
from fnctl.manifest import files as handler_files
from fnctl.manifest import image, steps
from fnctl.manifest.leaks import looks_secret
from fnctl.manifest.model import Function, Service, Trigger
from fnctl.manifest.suggest import did_you_mean
from fnctl.manifest.triggers import misrouted
from fnctl.source import Span

VERBS: dict[str, tuple[str, ...]] = {
    "table": ("read", "write"),
    "bucket": ("read", "write"),
    "queue": ("send",),
    "topic": ("publish",),
    "stream": ("put",),
    "bus": ("emit",),
    "function": ("invoke",),
    "workflow": ("start",),
}
"""What `uses` may say of each type."""

_HTTP_ONLY = ("asgi", "wsgi", "fetch")
_LANGUAGES = {"asgi": "python", "wsgi": "python", "fetch": "nodejs"}


@dataclass(frozen=True)
class Looked:
    """What was seen while one manifest was checked: in files, which functions are fine, and all of a target where nothing was found.

    `kinds` are what many functions have in common, with the first that has it, where that is fine.
    """

    files: handler_files.Looked = field(default_factory=dict)
    fine: dict[str, Function] = field(default_factory=dict)
    kinds: dict[Any, Function] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Names:
    """Every name of the manifest and its type, hosted here or not."""

    types: dict[str, str]
    secrets: frozenset[str]
    sorts: dict[str, list[str]] = field(default_factory=dict)

    def of(self, type_: str) -> list[str]:
        """Return the names of one type, the same list each time."""
        if not self.sorts:
            for name, its in self.types.items():
                self.sorts.setdefault(its, []).append(name)
        return self.sorts.setdefault(type_, [])


def check(service: Service, *, files: bool = True, families: Collection[str] = (), looked: Looked | None = None) -> list[Diagnostic]:
    """Find what is wrong with a service.

    Args:
        service: the manifest for one stage and target.
        files: look at handler files too.
        families: the words that runtimes can begin with, where it is known which languages can be built.
        looked: what was seen for other targets of the same manifest: most of it holds for all of them.
    """
    names = _Names(_types(service), frozenset(service.secrets))
    looked = looked or Looked()
    parts = {"types": names.types, "secrets": service.secrets, "workflows": service.workflows, "elsewhere": tuple(service.elsewhere)}
    functions = tuple(service.functions.values())
    known = looked.clean.get("functions", ())
    if looked.clean.get("parts") == parts and len(known) == len(functions) and all(map(is_, known, functions)):
        return []
    found, doubtful = [*_whole(service)], _doubtful(service, names)
    for function in functions:
        if not doubtful.isdisjoint(function.uses):
            found += _uses(service, function, names)
        if looked.fine.get(function.name) is function:  # a function that says nothing of any target is the same object for all
            continue
        own = [] if _listens(function, names) else [*_triggers(service, function, names)]
        own += _common(service, function, names, families, looked.kinds)
        own += handler_files.check(service, function, looked.files) if files and not function.image else ()
        found += own
        if not own:
            looked.fine[function.name] = function
    found += _routes(service)
    for name, workflow in service.workflows.items():
        found += steps.check(service, workflow.get("steps"), ("workflows", name, "steps"))
    if not found:
        looked.clean.update(parts=parts, functions=functions)
    return found


def _common(service: Service, function: Function, names: _Names, families: Collection[str], kinds: dict[Any, Function]) -> list[Diagnostic]:
    """Check what has nothing to do with the function's name: once for all that say the same, if that is fine."""
    kind = (function.interface, function.runtime, function.artifact, *[trigger.kind for trigger in function.triggers])
    values = (id(function.env), function.secrets, tuple(function.uses), function.dead_letter)  # the function that is kept keeps its map too
    if kind in kinds and values in kinds and function.image is None:
        return []
    found = [*_interface(service, function), *_unbuilt(service, function, families), *image.check(service, function)]
    found += _values(service, function, names)
    if not found:
        kinds[kind] = kinds[values] = function
    return found


def _types(service: Service) -> dict[str, str]:
    types = {name: resource.type for name, resource in service.resources.items()}
    return {**dict.fromkeys(service.workflows, "workflow"), **dict.fromkeys((*service.functions, *service.elsewhere), "function"), **types}


def _finding(
    code: str,
    message: str,
    span: Span | None,
    label: str | None = None,
    help: str | None = None,
    severity: Severity = "error",
    notes: tuple[str, ...] = (),
    target: str | None = None,
) -> Diagnostic:
    return Diagnostic(code, severity, message, span, label, notes, help, target)


def _whole(service: Service) -> Iterator[Diagnostic]:
    if not service.functions:
        reason = "`only` leaves none" if service.elsewhere else "there is nothing under `functions`"
        yield _finding(
            "FN060",
            f"no function is on {service.target}",
            service.span("functions", key=True),
            reason,
            help="a deploy of nothing is never what was meant",
        )
    yield from _twice(service)
    every = (*service.functions.values(), *service.elsewhere.values())
    used = {secret for function in every for secret in function.secrets}.union(service.lent)
    for index, secret in enumerate(service.secrets):
        if secret not in used:
            yield _finding(
                "FN035",
                f"the secret {secret} is granted to no function",
                service.span("secrets", index),
                "unused",
                "grant it with `secrets: [...]` in a function, or remove it",
                "warning",
            )


def _twice(service: Service) -> Iterator[Diagnostic]:
    sections = {"functions": (*service.functions, *service.elsewhere), "resources": tuple(service.resources), "workflows": tuple(service.workflows)}
    seen: dict[str, str] = {}
    for section, members in sections.items():
        for name in members:
            if name in seen:
                help = "`uses` and addresses name things without saying what they are: names are unique"
                yield _finding(
                    "FN038", f"`{name}` is in `{seen[name]}` and in `{section}`", service.span(section, name, key=True), "a second one", help
                )
            seen.setdefault(name, section)


def _doubtful(service: Service, names: _Names) -> set[str]:
    """Return what functions use, and cannot use like that: what they use is looked at once, however many use it."""
    pairs = {pair for function in service.functions.values() for pair in function.uses.items()}
    known = {used: set(VERBS[names.types[used]]) for used, _ in pairs if used in names.types and used not in service.elsewhere}
    return {used for used, verbs in pairs if used not in known or not known[used].issuperset(verbs)}


def _uses(service: Service, function: Function, names: _Names) -> Iterator[Diagnostic]:
    for used, verbs in function.uses.items():
        table = (function.idempotent or {}).get("table")
        at = ("functions", function.name, *(("idempotent", "table") if used == table else ("uses", used)))
        kind = names.types.get(used)
        if kind is None:
            help = did_you_mean(used, names.types, f"declare it: resources: {{ {used}: {{ type: ... }} }}")
            yield _finding(
                "FN030", f"`{function.name}` uses `{used}`, and there is nothing of that name", service.span(*at, key=True), "not declared", help
            )
            continue
        for verb in verbs:
            if verb not in VERBS[kind]:
                yield _finding(
                    "FN031", f"a {kind} has no verb `{verb}`", service.span(*at), f"`{used}` is a {kind}", f"{kind}: {', '.join(VERBS[kind])}"
                )
        if used in service.elsewhere:
            help = f"add `{used}` to targets.{service.target}.only, or say `uses` under the targets that host it"
            yield _finding("FN047", f"`{function.name}` invokes `{used}`, which is not on {service.target}", service.span(*at, key=True), help=help)


def _listens(function: Function, names: _Names) -> bool:
    """Tell whether all triggers of a function are as they should be."""
    triggers = function.triggers
    for trigger in triggers:
        if trigger.resource is not None:
            if names.types.get(trigger.resource) != trigger.kind:
                return False
        elif trigger.kind == "http" and ("{" in (path := str(trigger.options["path"])) or "}" in path) and misrouted(path.split("/")[1:]):
            return False
    return len(triggers) < 2 or len({(trigger.kind, trigger.key) for trigger in triggers}) == len(triggers)


def _triggers(service: Service, function: Function, names: _Names) -> Iterator[Diagnostic]:
    seen: set[tuple[str, str]] = set()
    for trigger in function.triggers:
        if (trigger.kind, trigger.key) in seen:
            way = "give one of them a `name`" if trigger.resource is None else "give one of them an `id`, or make it one trigger"
            yield _finding(
                "FN037", f"`{function.name}` has the trigger `{trigger.kind} {trigger.key}` twice", service.span(*trigger.at, key=True), "again", way
            )
        seen.add((trigger.kind, trigger.key))
        if trigger.resource is not None:
            yield from _source(service, function, trigger, names)
        elif trigger.kind == "http":
            yield from _path(service, trigger)


def _source(service: Service, function: Function, trigger: Trigger, names: _Names) -> Iterator[Diagnostic]:
    name = trigger.resource or ""
    kind = names.types.get(name)
    if kind == trigger.kind:
        return
    span = service.span(*trigger.at, trigger.kind, "name")
    if kind is None:
        help = did_you_mean(name, names.of(trigger.kind), f"declare it: resources: {{ {name}: {{ type: {trigger.kind} }} }}")
        yield _finding(
            "FN032", f"`{function.name}` listens to the {trigger.kind} `{name}`, and there is no such resource", span, "not declared", help
        )
    else:
        yield _finding(
            "FN033",
            f"`{name}` is a {kind}, and the trigger asks for a {trigger.kind}",
            span,
            f"a {kind}",
            f"write `{kind}: {name}`" if kind in VERBS and kind not in ("function", "workflow") else None,
        )


def _path(service: Service, trigger: Trigger) -> Iterator[Diagnostic]:
    path = str(trigger.options["path"])
    if problem := misrouted(path.split("/")[1:]) if "{" in path or "}" in path else None:
        message, label, help = problem
        yield _finding("FN042", message, service.span(*trigger.at, "http", "path"), label, help)


def _routes(service: Service) -> Iterator[Diagnostic]:
    seen: dict[tuple[str, str], Trigger] = {}
    for function, trigger in service.started.get("http", ()):
        method, given = str(trigger.options["method"]), str(trigger.options["path"])
        path = "/".join(["{*}" if p.endswith("*}") else "{}" if p.startswith("{") else p for p in given.split("/")]) if "{" in given else given
        first = seen.setdefault((method, path.rstrip("/")), trigger)
        if first is not trigger and (other := str(first.at[1]), first.key) != (function.name, trigger.key):
            message = f"the route {method} {given} belongs to `{other}` already"
            help = "one request goes to one function: change the method or the path"
            yield _finding("FN036", message, service.span(*trigger.at, "http"), "a second time", help)


def _interface(service: Service, function: Function) -> Iterator[Diagnostic]:
    name, interface = function.name, function.interface
    if problem := _mismatched(function, sorted({trigger.kind for trigger in function.triggers} - {"http"})):
        message, label, help = problem
        yield _finding("FN043", message, service.span("functions", name, "interface"), label, help)
    wanted = _LANGUAGES.get(interface)
    if wanted and function.runtime and not function.runtime.startswith(wanted):
        use = "use fetch" if wanted == "python" else "use asgi, wsgi or function"
        label = f"{interface} is for {'Python' if wanted == 'python' else 'Node.js'}"
        yield _finding("FN044", f"{function.runtime} has no interface `{interface}`", service.span("functions", name, "interface"), label, use)
    if function.artifact and interface != "native":
        message = f"the artifact of `{name}` goes up as it is, so fnctl cannot adapt `{interface}` in it"
        help = "leave `interface` out: what is in it takes the platform's own event; or let fnctl build the function"
        yield _finding("FN056", message, service.span("functions", name, "interface"), "an archive is given", help)
    elif interface == "native":
        message = f"`{name}` takes the platform's own event: it runs on {service.target} only"
        word = "image" if function.image else "interface"
        yield _finding("FN045", message, service.span("functions", name, word), "not portable", severity="advice", target=service.target)


def _unbuilt(service: Service, function: Function, families: Collection[str]) -> Iterator[Diagnostic]:
    family = function.runtime[: next((at for at, letter in enumerate(function.runtime) if not "a" <= letter <= "z"), None)]
    if families and family and family not in families:
        message = f"no builder for {function.runtime} is installed"
        help = did_you_mean(family, families, f"install it in fnctl's environment: pip install fnctl-builder-{family}")
        yield _finding("FN055", message, service.span("functions", function.name, "runtime"), f"there are {', '.join(sorted(families))}", help)


def _mismatched(function: Function, others: list[str]) -> tuple[str, str, str] | None:
    name, interface = function.name, function.interface
    if interface in _HTTP_ONLY and others:
        help = f"make the {others[0]} consumer a function of its own with `interface: event`"
        return f"`{interface}` speaks http, and `{name}` has a {others[0]} trigger", "http only", help
    if interface == "event" and len(others) < len({trigger.kind for trigger in function.triggers}):
        return f"`{name}` takes events, and it has an http trigger", "takes events", "`interface: function` answers requests"
    if interface == "task" and function.triggers:
        return f"`{name}` is a workflow's step, and it has triggers", "called by a workflow only", "remove the triggers, or use `interface: event`"
    return None


def _values(service: Service, function: Function, names: _Names) -> Iterator[Diagnostic]:
    at = ("functions", function.name)
    for index, secret in enumerate(function.secrets):
        if secret not in names.secrets:
            help = did_you_mean(secret, names.secrets, f"declare it at the top: secrets: [{secret}]")
            yield _finding("FN034", f"the secret {secret} is not declared", service.span(*at, "secrets", index), "not in `secrets` at the top", help)
    given = {f"{used}_{names.types[used]}".replace("-", "_").upper() for used in function.uses if used in names.types} | set(function.secrets)
    for key, value in function.env.items():
        if key in given:
            yield _finding(
                "FN061",
                f"{key} is set by fnctl for what `{function.name}` uses",
                service.span(*at, "env", key, key=True),
                "would be overwritten",
                "remove it, or take another name",
            )
        if looks_secret(key, value):
            help = f"declare the name under `secrets`, grant it here, and store the value: fnctl secret set {key}"
            yield _finding("SEC001", f"the value of {key} looks like a secret", service.span(*at, "env", key), "in plain text", help)
    target = function.dead_letter
    if target is not None and service.resources.get(target) is None:
        yield _finding(
            "FN039",
            f"the dead-letter queue `{target}` does not exist",
            service.span(*at, "dead_letter"),
            "not declared",
            did_you_mean(target, names.of("queue"), "declare it under `resources`"),
        )
    elif target is not None and service.resources[target].type != "queue":
        yield _finding(
            "FN039",
            f"`{target}` is a {service.resources[target].type}, not a queue",
            service.span(*at, "dead_letter"),
            "not a queue",
            "dead letters go to a queue",
        )

"""Rules about how the parts of a service hang together: what nothing uses, what nothing starts, what starts itself again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fnctl.manifest.model import Service
from fnctl.rules.model import Found, Rule, Subject, rule

WRITES = frozenset({"write", "send", "publish", "put", "emit"})
"""The verbs after which a resource has something new that may start a function."""


@rule("FN062", "warning", needs="uses", alone=True)
def trigger_cycle(subject: Subject) -> Iterator[Found]:
    """Find functions that start one another in a circle, through what they write or invoke.

    Why: One message goes round for ever, and every round is paid for. Platforms stop such loops in part, and late.

    Example:
      resources: { raw: { type: queue }, clean: { type: queue } }
      functions:
        wash: { handler: "wash.py:run", triggers: [{ queue: raw }], uses: { clean: send } }
        check: { handler: "check.py:run", triggers: [{ queue: clean }], uses: { raw: send } }

    Use instead:
      resources: { raw: { type: queue }, clean: { type: queue }, refused: { type: queue } }
      functions:
        wash: { handler: "wash.py:run", triggers: [{ queue: raw }], uses: { clean: send } }
        check: { handler: "check.py:run", triggers: [{ queue: clean }], uses: { refused: send } }

    Sources: `lambda.recursion`
    """
    service, starts = subject.service, _starts(subject.service)
    for circle in _circles(starts):
        first = circle[0]
        label = f"{' -> '.join((*circle, first))}"
        help = "break the circle: write to something that starts none of them, or count the rounds in the message"
        yield Found("functions start one another in a circle", service.span("functions", first, key=True), label, help=help)


def _starts(service: Service) -> Mapping[str, list[str]]:
    """Return which functions each one starts, where it starts any; itself left out, which is a rule of its own. Nothing where no circle can be."""
    functions, started = service.functions, service.started
    invoked = functions.keys() & set[str]().union(*[function.uses for function in functions.values()])
    listening = (function for kind, pairs in started.items() if kind not in ("http", "schedule") for function, _ in pairs)
    if not any(function.uses for function in (*listening, *map(functions.__getitem__, invoked))):
        return {}  # most services: none that is started by another function starts one
    listeners: dict[str, list[str]] = {}
    for function in service.functions.values():
        for trigger in function.triggers:
            if trigger.resource is not None:
                listeners.setdefault(trigger.resource, []).append(function.name)
    starts: dict[str, list[str]] = {}
    for function in service.functions.values():
        reached = [name for used, verbs in function.uses.items() for name in _reached(service, listeners, used, verbs)]
        if others := [name for name in reached if name != function.name]:
            starts[function.name] = others
    return starts


def _reached(service: Service, listeners: Mapping[str, list[str]], used: str, verbs: tuple[str, ...]) -> Sequence[str]:
    if used in service.functions:
        return (used,)
    return listeners.get(used, ()) if not WRITES.isdisjoint(verbs) else ()


def _circles(starts: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Yield circles that have no function in common. Without recursion: a chain may be thousands long."""
    left = _leading_on(starts)
    while left:
        path: dict[str, int] = {}
        name = next(name for name in starts if name in left)
        while name not in path:
            path[name] = len(path)
            name = next(following for following in starts[name] if following in left)
        circle = tuple(path)[path[name] :]
        yield circle
        left = _leading_on({name: [n for n in starts[name] if n in left] for name in starts if name in left and name not in circle})


def _leading_on(starts: Mapping[str, list[str]]) -> set[str]:
    """Leave out what leads to an end, again and again: what stays is in a circle, or leads to one."""
    callers: dict[str, list[str]] = {}
    for name, following in starts.items():
        for other in following:
            callers.setdefault(other, []).append(name)
    open_ends = {name: sum(other in starts for other in following) for name, following in starts.items()}
    ends = [name for name, count in open_ends.items() if not count]
    while ends:
        end = ends.pop()
        del open_ends[end]
        for caller in callers.get(end, ()):
            open_ends[caller] -= 1
            if not open_ends[caller]:
                ends.append(caller)
    return set(open_ends)


@rule("FN073", "warning", "azure", "vercel", needs="uses", alike=True)
def starts_itself(subject: Subject) -> Iterator[Found]:
    """Find functions that write to the resource that starts them. On AWS, which stops some of these loops, ADV012 looks for them.

    Why: One event makes the next, for ever, and nothing on these platforms stops it before the bill does.

    Example:
      targets: { azure: {} }
      resources: { uploads: { type: bucket } }
      functions:
        shrink: { handler: "shrink.py:run", triggers: [{ bucket: uploads }], uses: { uploads: write } }

    Use instead:
      targets: { azure: {} }
      resources: { uploads: { type: bucket }, thumbs: { type: bucket } }
      functions:
        shrink: { handler: "shrink.py:run", triggers: [{ bucket: uploads }], uses: { thumbs: write } }

    Sources: Azure Functions error handling and retries, as read 2026-11
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if trigger.resource and not WRITES.isdisjoint(function.uses.get(trigger.resource, ())):
                span = subject.service.span("functions", function.name, "uses", trigger.resource, key=True)
                help = "write elsewhere, or leave out in the handler what it wrote itself"
                yield Found(f"`{function.name}` writes to the {trigger.kind} that starts it", span, "nothing stops it", help=help)


@rule("FN063", "warning", needs="resources", alone=True)
def unused_resource(subject: Subject) -> Iterator[Found]:
    """Find resources that no function, workflow or other resource uses.

    Why: It would be created and paid for, and holds nothing.

    Example:
      resources: { jobs: { type: queue } }

    Use instead:
      resources: { jobs: { type: queue } }
      functions:
        api: { handler: "api.py:app", uses: { jobs: send } }

    Sources: docs/manifest.md
    """
    service = subject.service
    if not service.resources:
        return
    used = _used(service)
    for name, resource in service.resources.items():
        if name not in used and not resource.retain:
            help = "say who uses it, remove it, or keep it for others with `retain: true`"
            yield Found(f"nothing uses the {resource.type} `{name}`", service.span("resources", name, key=True), "unused", help=help)


def _used(service: Service) -> set[str]:
    functions = (*service.functions.values(), *service.elsewhere.values())
    used = {str(step["emit"]["bus"]) for step in _steps(service) if "emit" in step}.union(*(function.uses for function in functions))
    used |= {function.dead_letter or "" for function in functions} | {t.resource or "" for function in functions for t in function.triggers}
    return used | {str(resource.options.get("dead_letter")) for resource in service.resources.values()}


def _steps(service: Service) -> Iterator[Mapping[str, Any]]:
    """Yield every step of every workflow, however deep."""
    waiting: list[Any] = [workflow.get("steps") for workflow in service.workflows.values()]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            yield part
            waiting += [value for key, value in part.items() if key in ("steps", "saga", "parallel", "choice", "catch", "else", "compensate")]
            waiting += [value for value in part.values() if isinstance(value, list)]
        elif isinstance(part, list):
            waiting += part


@rule("FN064", "warning", needs="interface:task")
def task_never_called(subject: Subject) -> Iterator[Found]:
    """Find functions with `interface: task` that no workflow calls.

    Why: A task has no triggers: nothing ever starts it.

    Example:
      functions:
        charge: { handler: "pay.py:charge", interface: task }

    Use instead:
      functions:
        charge: { handler: "pay.py:charge", interface: task }
      workflows:
        fulfil: { steps: [{ id: charge, task: charge }] }

    Sources: docs/handlers.md
    """
    service = subject.service
    tasks = [function for function in service.functions.values() if function.interface == "task"]
    called = {str(step.get("task")) for step in _steps(service)} if tasks else set[str]()
    for function in tasks:
        if function.name not in called:
            help = f"call it in a workflow's step: {{ task: {function.name} }}"
            yield Found(f"no workflow calls `{function.name}`", service.span("functions", function.name, key=True), "never started", help=help)


@rule("FN067", "advice", preset="strict")
def function_never_started(subject: Subject) -> Iterator[Found]:
    """Point at functions without a trigger that no other function invokes.

    Why: Only `fnctl invoke` starts them. That may be meant; often a trigger was forgotten.

    Example:
      functions:
        report: { handler: "report.py:run", interface: event }

    Use instead:
      functions:
        report: { handler: "report.py:run", triggers: [{ schedule: "0 6 * * *" }] }

    Sources: docs/manifest.md
    """
    service = subject.service
    invoked = {used for function in service.functions.values() for used in function.uses}
    for function in service.functions.values():
        if not function.triggers and function.interface != "task" and function.name not in invoked:
            help = f"give it a trigger, or let another function invoke it: uses: {{ {function.name}: invoke }}"
            yield Found(f"nothing starts `{function.name}`", service.span("functions", function.name, key=True), "no trigger", help=help)


@rule("FN068", "advice", preset="strict", needs="workflows")
def workflow_never_started(subject: Subject) -> Iterator[Found]:
    """Point at workflows that no function starts.

    Why: Only a person with an account starts them then.

    Example:
      functions:
        charge: { handler: "pay.py:charge", interface: task }
      workflows:
        fulfil: { steps: [{ id: charge, task: charge }] }

    Use instead:
      functions:
        charge: { handler: "pay.py:charge", interface: task }
        api: { handler: "api.py:app", triggers: [{ http: POST / }], uses: { fulfil: start } }
      workflows:
        fulfil: { steps: [{ id: charge, task: charge }] }

    Sources: docs/manifest.md
    """
    service = subject.service
    started = {used for function in service.functions.values() for used in function.uses}
    for name in service.workflows:
        if name not in started:
            help = f"let a function start it: uses: {{ {name}: start }}"
            yield Found(f"no function starts the workflow `{name}`", service.span("workflows", name, key=True), "never started", help=help)


@rule("FN072", "advice", needs="uses:function")
def callee_outlives_caller(subject: Subject) -> Iterator[Found]:
    """Point at functions that invoke one which may take longer than they may themselves.

    Why: The caller is stopped while it waits; the other runs on, and its answer is lost.

    Example:
      functions:
        api: { handler: "api.py:app", timeout: 10s, triggers: [{ http: GET / }], uses: { render: invoke } }
        render: { handler: "render.py:run", timeout: 60s }

    Use instead:
      resources: { renders: { type: queue } }
      functions:
        api: { handler: "api.py:app", timeout: 10s, triggers: [{ http: GET / }], uses: { renders: send } }
        render: { handler: "render.py:run", timeout: 60s, triggers: [{ queue: renders }] }

    Sources: docs/handlers.md
    """
    functions = subject.service.functions
    for function in functions.values():
        for used in function.uses:
            other = functions.get(used)
            if other is not None and function.timeout is not None and (other.timeout or 0) > function.timeout:
                message = f"`{function.name}` waits {function.timeout:,} s for `{used}`, which may take {other.timeout:,} s"
                help = "give it more time than what it waits for, or hand the work over through a queue"
                yield Found(message, subject.service.span("functions", function.name, "uses", used, key=True), "ends first", help=help)


RULES: tuple[Rule, ...] = (
    trigger_cycle,
    starts_itself,
    unused_resource,
    task_never_called,
    function_never_started,
    workflow_never_started,
    callee_outlives_caller,
)

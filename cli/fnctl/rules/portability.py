"""Portability: what a target cannot do as the manifest says, and the nearest thing that it can.

An adapter writes down in `abilities.json` what it lacks or does otherwise; what it does not name, it does. The rules here only look it up, so a third
party's platform has them all by writing the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fnctl.manifest.model import Key
from fnctl.rules.abilities import about, called, first_of_each, grants_of, kinds_of, lacking, look_up, options_of, title, users_of
from fnctl.rules.alike import EACH
from fnctl.rules.model import Found, Rule, Subject, rule

_WORDS: Mapping[str, tuple[Key, ...]] = {
    "reserved": ("concurrency", "reserved"),
    "provisioned": ("concurrency", "provisioned"),
    "per_instance": ("concurrency", "per_instance"),
    "retention": ("logs", "retention"),
}


@rule("FN101", "error", alike=True)
@about("triggers")
def trigger_not_on_target(subject: Subject) -> Iterator[Found]:
    """Find functions whose trigger the target does not have.

    Why: Platforms start code for different reasons. Where a platform sends no such event, the function would be deployed and never run.

    Example:
        targets: { vercel: {} }
        resources: { uploads: { type: bucket } }
        functions:
          thumbs: { handler: "thumbs.py:made", triggers: [{ bucket: uploads }] }

    Use instead: What the finding names for the platform, or another target for this function: `targets.vercel.only` lists those that stay.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if entry := look_up(subject, "triggers", trigger.kind):
                lacks = f"{title(subject)} has no `{trigger.kind}` trigger"
                message = lacks if entry["able"] == "no" else f"a `{trigger.kind}` trigger is not quite the same on {title(subject)}"
                yield lacking(subject, entry, message, subject.service.span(*trigger.at, trigger.kind, key=True), function.name)


@rule("FN102", "error", needs="uses", alike=True)
@about("resources")
def resource_not_on_target(subject: Subject) -> Iterator[Found]:
    """Find resources in use that the target cannot make.

    Why: A resource that a platform has no service for has to live elsewhere, and its functions have to be told where.

    Example:
        targets: { vercel: {} }
        resources: { orders: { type: table, key: id } }
        functions:
          api: { handler: "api.py:app", interface: asgi, triggers: [{ http: GET / }], uses: { orders: read } }

    Use instead: What the finding names for the platform; often `existing:` with a resource that you own already.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    service = subject.service
    for name, users in users_of(service).items():
        resource = service.resources[name]
        entry = look_up(subject, "resources", resource.type)
        if resource.existing is None and entry and not resource.own.get(entry.get("unless", "")):
            message = f"{title(subject)} cannot make the {resource.type} `{name}`, which `{users[0]}` uses"
            yield lacking(subject, entry, message, service.span("resources", name, "type"), users[0])


@rule("FN103", "error", needs="uses", alike=True)
@about("verbs")
def verb_not_on_target(subject: Subject) -> Iterator[Found]:
    """Find grants in `uses` that the target cannot give.

    Why: Calling a function, or writing to a resource, needs a way in. Where the platform has none the call fails at run time.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:app", triggers: [{ http: GET / }], uses: { report: invoke } }
          report: { handler: "report.py:run", triggers: [{ schedule: every 1d }] }

    Use instead: `send` to a queue that starts the other function.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for function, used, verb, type_ in grants_of(subject.service):
        entry = look_up(subject, "verbs", f"{type_}.{verb}")
        if entry and not (used in subject.service.functions and entry.get("unless") in kinds_of(subject.service.functions[used])):
            message = f"{title(subject)} cannot let `{function.name}` {verb} `{used}`"
            yield lacking(subject, entry, message, subject.service.span("functions", function.name, "uses", used), function.name)


@rule("FN105", "warning", needs="uses", alike=True)
@about("grants")
def grant_is_wider(subject: Subject) -> Iterator[Found]:
    """Find grants that give more on the target than the manifest asks for.

    Why: A platform's roles are as coarse as it makes them. Who reads the manifest should know what a function can really do.

    Example:
        targets: { vercel: {} }
        resources: { uploads: { type: bucket } }
        functions:
          list: { handler: "list.py:list", triggers: [{ http: GET / }], uses: { uploads: read } }

    Use instead: Keep data that must not be changed in a service of its own, or on a target with finer roles.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for function, used, verb, type_ in grants_of(subject.service):
        entry = look_up(subject, "grants", f"{type_}.{verb}")
        if entry and not set(entry["also"]) <= set(function.uses[used]):
            more = " and ".join(word for word in entry["also"] if word not in function.uses[used])
            message = f"on {title(subject)} `{function.name}` can also {more} `{used}`"
            yield lacking(subject, entry, message, subject.service.span("functions", function.name, "uses", used))


@rule("FN106", "warning")
def grants_are_shared(subject: Subject) -> Iterator[Found]:
    """Find services whose functions have different rights, on a target where they share them all.

    Why: The manifest grants per function. A platform without identities per function gives every function what any of them is given.

    Example:
        targets: { vercel: {} }
        secrets: [STRIPE_KEY]
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }] }
          pay: { handler: "pay.py:pay", triggers: [{ http: POST /pay }], secrets: [STRIPE_KEY] }

    Use instead: One service for each group of functions that may know the same.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    service, entry = subject.service, look_up(subject, "shared", "grants")
    rights = {(tuple(sorted(f.uses.items())), tuple(sorted(f.secrets))) for f in service.functions.values()}
    if entry and len(rights) > 1:
        message = f"on {title(subject)} all functions of `{service.name}` share their rights and secrets"
        yield lacking(subject, entry, message, service.span("targets", service.target, key=True))


@rule("FN107", "error", alike=True)
@about("trigger_options")
def trigger_option_not_kept(subject: Subject) -> Iterator[Found]:
    """Find options of triggers that the target does not keep.

    Why: The function would be started with other events, or in other numbers, than the manifest says.

    Example:
        targets: { vercel: {} }
        resources: { jobs: { type: queue } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: { name: jobs, batch: 10 } }] }

    Use instead: What the finding names; often the handler can do it itself.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for kind, _, option in (name.partition(".") for name in subject.abilities["trigger_options"]):
        for function, trigger in subject.service.started.get(kind, ()):
            value = True if option in EACH else trigger.options.get(option)  # functions that are alike have other paths and minutes
            if option in trigger.options and (entry := look_up(subject, "trigger_options", f"{kind}.{option}", value)):
                message = f"{title(subject)} does not keep `{option}` of {kind} triggers"
                yield lacking(subject, entry, message, subject.service.span(*trigger.at, kind, option), function.name)


@rule("FN108", "error", needs="resources", alike=True)
@about("resource_options")
def resource_option_not_kept(subject: Subject) -> Iterator[Found]:
    """Find options of resources in use that the target does not keep.

    Why: Order, retention or old images of a record are promises that code relies on. Where the platform gives none, the code is wrong there.

    Example:
        targets: { vercel: {} }
        resources: { jobs: { type: queue, fifo: true } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: jobs }] }

    Use instead: What the finding names; for order, a handler that can be run twice, or a workflow.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    service = subject.service
    for name, users in users_of(service, triggers=True).items():
        resource = service.resources[name]
        options = {**resource.options, "existing": resource.existing}
        for option, value in options.items():
            entry = look_up(subject, "resource_options", f"{resource.type}.{option}", value)
            if entry and not _otherwise(entry, {**resource.options, **resource.own}):
                message = f"{title(subject)} does not keep `{option}` of the {resource.type} `{name}`"
                yield lacking(subject, entry, message, service.span("resources", name, option), users[0])


def _otherwise(entry: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Tell whether the manifest makes a resource of something that an entry is not about."""
    return any(said.get(word) in values for word, values in entry.get("unless", {}).items())


@rule("FN109", "error", alike=True)
@about("functions")
def function_option_not_kept(subject: Subject) -> Iterator[Found]:
    """Find options of functions that the target does not keep.

    Why: Limits on concurrency, warm instances, retries and the processor are different machinery on each platform, or not there at all.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], concurrency: { provisioned: 2 } }

    Use instead: What the finding names, or the option under the targets that keep it: `functions.api.targets.aws`.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for function in subject.service.functions.values():
        for word, value in options_of(function, subject.abilities["functions"]):
            entry = look_up(subject, "functions", word, value)
            if entry and ("triggers" not in entry or set(entry["triggers"]) & kinds_of(function)):
                message = f"{title(subject)} does not keep `{word}` of `{function.name}`"
                span = subject.service.span("functions", function.name, *_WORDS.get(word, (word,)))
                yield lacking(subject, entry, message, span, function.name)


@rule("FN110", "error", needs="rollout")
@about("rollout")
def rollout_not_kept(subject: Subject) -> Iterator[Found]:
    """Find roll-outs that the target cannot do step by step.

    Why: A canary needs two versions behind one address. Where the platform keeps one, everybody would get the new version at once.

    Example:
        targets: { azure: { plan: flex } }
        rollout: { canary: 10%, bake: 10m }

    Use instead: What the finding names; `targets: { azure: { rollout: null } }` goes without on one target and keeps the roll-out for the others.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    plans = sorted({str(function.own.get("plan") or subject.limits.plan) for function in subject.service.functions.values()})
    for word, value in subject.service.rollout.items():
        entries = (look_up(subject, "rollout", word, value, plan) for plan in plans)
        if entry := next(filter(None, entries), None):
            yield lacking(subject, entry, f"{title(subject)} does not keep `rollout.{word}`", subject.service.span("rollout", word))


@rule("FN111", "warning", alike=True)
@about("beta")
def beta_on_target(subject: Subject) -> Iterator[Found]:
    """Find uses of what is a beta on the target.

    Why: What is in beta may change, or bill differently, without notice.

    Example:
        targets: { vercel: {} }
        resources: { jobs: { type: queue } }
        functions:
          work: { handler: "work.py:work", triggers: [{ queue: jobs }] }

    Use instead: What the finding names, or turn this rule off where you accept it: `rules: { FN111: "off" }`.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for type_, name, span in first_of_each(subject.service):
        if entry := look_up(subject, "beta", type_):
            yield lacking(subject, entry, f"{title(subject)} has what `{name}` needs as a beta only", span())


@rule("FN112", "advice", needs="workflows")
def step_may_run_twice(subject: Subject) -> Iterator[Found]:
    """Find steps of workflows that nothing protects from running twice.

    Why: Each platform repeats a step whose answer was lost. A charge or a shipment then happens twice.

    Example:
        functions:
          charge: { handler: "pay.py:charge", interface: task }
        workflows:
          order: { steps: [{ id: charge, task: charge }] }

    Use instead: `idempotent: { table: done }`, so that a repeated step gives its first answer, or pass `context.key` to the service that it calls.

    Sources: Each finding names the page of the platform that it rests on, and its date.
    """
    for name in sorted(called(subject.service)):
        function = subject.service.functions.get(name)
        entry = look_up(subject, "steps", "twice")
        if function is not None and function.idempotent is None and entry:
            message = f"on {title(subject)} the workflow's step `{name}` may run more than once"
            yield lacking(subject, entry, message, subject.service.span("functions", name, key=True))


RULES: tuple[Rule, ...] = (
    trigger_not_on_target,
    resource_not_on_target,
    verb_not_on_target,
    grant_is_wider,
    grants_are_shared,
    trigger_option_not_kept,
    resource_option_not_kept,
    function_option_not_kept,
    rollout_not_kept,
    beta_on_target,
    step_may_run_twice,
)

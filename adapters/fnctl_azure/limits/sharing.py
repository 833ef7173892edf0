"""What functions of one app get because they share it: settings, environment and rights."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Function, Service
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.apps import App, apart, apps, service_bus
from fnctl_azure.limits.plans import limits_of, size_of

APP = ("platform: Azure Functions Flex Consumption plan hosting (2025-05-12)",)
HOST = ("platform: host.json reference for Azure Functions 2.x (2023-07-10)",)
OWN = "where that matters, split one off: {}"
SPLIT = "give both one value; or split one off: {}"
SHOWN = 3
"""Functions that a finding about an app tells of one by one: there may be hundreds."""

_QUEUES = (("batch", "trigger"), ("max_receives", "resource"), ("visibility", "resource"))


@rule("AZ406", "error", "azure", alike=True)
def app_settings_differ(subject: Subject) -> Iterator[Found]:
    """Find functions of one app that ask for different memory or timeouts, and queues that ask for different tries.

    Why: Memory, timeout and the settings of queues belong to the app. One of its functions would get what another one asks for.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", timeout: 30s, triggers: [{ http: GET / }] }
          fold: { handler: "jobs.py:fold", timeout: 10m, triggers: [{ schedule: every 1d }] }

    Use instead: The same values; or an app of its own for the function that needs more: `targets: { azure: { app: ... } }`.

    Sources: host.json reference for Azure Functions 2.x, 2023-07-10; Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    for app in apps(subject.service):
        sizes = {f.name: size_of(f, limits_of(subject, f)) for f in app.functions}
        yield from _largest(subject, app, "memory", sizes, "MB")
        yield from _largest(subject, app, "timeout", {f.name: f.timeout for f in app.functions}, "s")
        for word, where in _QUEUES:
            yield from _queues(subject, app, word, where)


@rule("AZ407", "advice", "azure", needs=("uses", "secrets"))
def rights_are_shared(subject: Subject) -> Iterator[Found]:
    """Find functions that get rights and secrets only because another function of their app needs them.

    Why: An app has one identity and one environment. Whoever gets into one of its functions has what all of them may do.

    Example:
        targets: { azure: {} }
        secrets: [STRIPE_KEY]
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }] }
          pay: { handler: "pay.py:pay", triggers: [{ http: POST /pay }], secrets: [STRIPE_KEY] }

    Use instead: An app of its own for the function with the wider rights: `targets: { azure: { app: pay } }`.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    for app in apps(subject.service):
        granted = {function.name: _rights(function) for function in app.functions}
        everything = set().union(*granted.values())
        gained = [name for name, own in granted.items() if own != everything]
        if gained:
            message = f"the functions of the app `{app.name}` share one identity: {len(gained)} of {len(granted)} may do more than they ask for"
            widest = max(granted, key=lambda name: len(granted[name]))
            notes = [f"{name} also gets {_few(sorted(everything - granted[name]))}" for name in gained[:SHOWN]]
            more = [f"and {len(gained) - SHOWN} more"] if len(gained) > SHOWN else []
            yield Found(
                message,
                subject.service.span("targets", "azure", key=True),
                "one identity for each app",
                (*APP, *notes, *more),
                OWN.format(apart(widest)),
            )


@rule("AZ408", "error", "azure", needs="env", alike=True)
def environments_differ(subject: Subject) -> Iterator[Found]:
    """Find variables that functions of one app set to different values.

    Why: Variables are settings of the app, and one name has one value.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { MODE: read } }
          admin: { handler: "admin.py:admin", triggers: [{ http: GET /users }], env: { MODE: write } }

    Use instead: Two names; or an app of its own for one of them: `targets: { azure: { app: admin } }`.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    for app in apps(subject.service):
        first: dict[str, tuple[str, str]] = {}
        for function in app.functions:
            for name, value in function.env.items():
                holder, other = first.setdefault(name, (function.name, value))
                if other != value:
                    span = subject.service.span("functions", function.name, "env", name)
                    message = f"`{holder}` and `{function.name}` share the app `{app.name}`, and give {name} two values"
                    yield Found(message, span, f"another value than in `{holder}`", APP, f"take two names; or split one off: {apart(function.name)}")


RULES: tuple[Rule, ...] = (app_settings_differ, rights_are_shared, environments_differ)


def _largest(subject: Subject, app: App, word: str, values: dict[str, int | None], unit: str) -> Iterator[Found]:
    """Yield one finding an app, at the function that gets the most it did not ask for."""
    said = {name: value for name, value in values.items() if value is not None}
    if len(set(said.values())) < 2:
        return
    most, least = max(said, key=lambda name: said[name]), min(said, key=lambda name: said[name])
    span = subject.service.span("functions", least, word)
    message = f"`{least}` and `{most}` share the app `{app.name}`, and ask for two values of `{word}`"
    yield Found(
        message, span, f"{said[least]} {unit} here, {said[most]} {unit} in `{most}`", HOST if word == "timeout" else APP, SPLIT.format(apart(most))
    )


def _queues(subject: Subject, app: App, word: str, where: str) -> Iterator[Found]:
    said = dict(_said(subject.service, app, word, where))
    if len(set(said.values())) > 1:
        most, least = max(said, key=lambda name: said[name]), min(said, key=lambda name: said[name])
        function = next(f for f in app.functions if any(trigger.resource == least for trigger in f.triggers))
        span = subject.service.span("resources", least, word) if where == "resource" else subject.service.span("functions", function.name, key=True)
        message = f"the queues `{least}` and `{most}` share the app `{app.name}`, and ask for two values of `{word}`"
        yield Found(message, span, f"{said[least]} here, {said[most]} in `{most}`", HOST, SPLIT.format(apart(function.name)))


def _said(service: Service, app: App, word: str, where: str) -> Iterator[tuple[str, int]]:
    """Yield what an app's Storage queues say: a Service Bus queue has settings of its own."""
    for function in app.functions:
        for trigger in function.triggers:
            queue = service.resources.get(trigger.resource or "")
            if trigger.kind == "queue" and queue and not service_bus(queue):
                value = (queue.options if where == "resource" else trigger.options).get(word)
                if isinstance(value, int):
                    yield queue.name, value


def _rights(function: Function) -> set[str]:
    return {f"`{verb}` on `{name}`" for name, verbs in function.uses.items() for verb in verbs} | {f"the secret {name}" for name in function.secrets}


def _few(rights: list[str]) -> str:
    shown = ", ".join(rights[:3])
    return f"{shown} and {len(rights) - 3} more" if len(rights) > 3 else shown

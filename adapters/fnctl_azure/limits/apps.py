"""What functions share on Azure: an app has one identity, one runtime, one memory size and one host.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.manifest.model import Function
from fnctl.rules.breach import Fact, breach
from fnctl.rules.limits import Limits
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_azure.apps import apart, app_of, apps, engine, family
from fnctl_azure.limits.plans import limits_of, plan_of
from fnctl_azure.names import stored

FLEX = "platform: Azure Functions Flex Consumption plan hosting (2025-05-12)"
_KINDS: Mapping[tuple[str, str], str] = {
    ("queue", "storage"): "storage.queue",
    ("bucket", "storage"): "storage.container",
    ("table", "storage"): "storage.table",
    ("table", "cosmos"): "cosmos.container",
    ("queue", "service_bus"): "service_bus.entity",
    ("topic", "service_bus"): "service_bus.entity",
    ("topic", "event_grid"): "event_grid.topic",
    ("bus", "event_grid"): "event_grid.topic",
    ("stream", "event_hubs"): "event_hubs",
}
"""Whose limits a name has to keep, by what the resource is and what it is made of."""


@rule("AZ401", "error", "azure", alike=True)
def app_members_differ(subject: Subject) -> Iterator[Found]:
    """Find functions of one app that ask for different runtimes or plans.

    Functions of one language share an app unless `app` says otherwise.

    Why: An app has one runtime of one version, and one plan. One of the functions would get what the other asks for.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], targets: { azure: { app: shop } } }
          page: { handler: "page.ts:page", runtime: nodejs24, triggers: [{ http: GET /page }], targets: { azure: { app: shop } } }

    Use instead: An app of its own for one of them, with `app`; or the same version for both.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    for app in apps(subject.service):
        first = app.functions[0]
        theirs = _fixed(subject, first)
        for function in app.functions[1:]:
            if different := {word: mine for word, mine in _fixed(subject, function).items() if mine != theirs[word]}:
                message = f"`{function.name}` and `{first.name}` cannot share the app `{app.name}`"
                word = "app" if function.own.get("app") else "runtime"
                span = subject.service.span("functions", function.name, word)
                label = f"other {' and '.join(different)} than `{first.name}`"
                # Functions that differ in the same way can share the other app.
                yield Found(message, span, label, (FLEX,), f"split it off: {apart(function.name, '-'.join(different.values()).replace('.', ''))}")


@rule("AZ402", "advice", "azure", needs="trigger:http", alike=True)
def routes_on_several_apps(subject: Subject) -> Iterator[Found]:
    """Find http functions that end in different apps: those of another language, or with an `app` of their own.

    Why: Each app has a host name of its own, so one service answers under several. A browser then needs CORS between them.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }] }
          pay: { handler: "pay.py:pay", triggers: [{ http: POST /pay }], targets: { azure: { app: pay } } }

    Use instead: One language and one app, where that is acceptable; or API Management or Front Door in front.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    answering = [f for f in subject.service.functions.values() if any(trigger.kind == "http" for trigger in f.triggers)]
    for function in answering[1:]:
        app = app_of(subject.service, function)
        if app != app_of(subject.service, answering[0]):
            message = f"`{function.name}` answers under another host name than `{answering[0].name}`"
            span = subject.service.span("functions", function.name, key=True)
            help = "write them in one language and one app, or put API Management or Front Door in front"
            yield Found(message, span, f"in the app `{app}`", (FLEX,), help)


@rule("AZ403", "error", "azure", needs="own:app")
def app_name_not_allowed(subject: Subject) -> Iterator[Found]:
    """Find names in `app` that no function app can have.

    Why: The name becomes part of a host name: letters, digits and hyphens, at most 60.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], targets: { azure: { app: shop_api } } }

    Use instead: Letters, digits and hyphens; or leave it out, and fnctl makes a name.

    Sources: naming-patterns.md, microsoft/azure-skills @1a03acf, 2026-08-21; `functions.app.name`
    """
    limit, pattern = subject.limits["functions.app.name"], subject.limits.patterns["functions.app.name"]
    for name, function in _apps(subject).items():
        span = subject.service.span("functions", function.name, "app")
        if not pattern.matches(name):
            yield breach(pattern, f"no app can be called `{name}`", span, f"has {pattern.means} only", "take another name, or leave it out")
        elif len(name) > limit.value:
            label = f"{len(name)} characters, and at most {limit.amount()}"
            yield breach(limit, f"no app can be called `{name}`", span, label, "take a shorter name, or leave it out")


@rule("AZ405", "error", "azure", needs="resources")
def stored_name_not_allowed(subject: Subject) -> Iterator[Found]:
    """Find queues, buckets, tables, topics, streams and buses whose names Azure does not take.

    Why: A Storage queue and a bucket have small letters, digits and single hyphens, from 3 to 63 characters; a name of the manifest may have two
    hyphens in a row. Service Bus, Event Hubs, Event Grid and Cosmos DB have rules of their own for a `name` that you choose.

    Example:
        targets: { azure: {} }
        resources: { jobs--new: { type: queue } }

    Use instead: A name with single hyphens; or one for this target alone: `targets: { azure: { name: ... } }`.

    Sources: Microsoft.Storage resource schema 2026-04-01, 2026-08-16; `storage.queue.name`, `storage.container.name`, `storage.table.name`,
    `service_bus.entity.name`, `event_hubs.name`, `event_grid.topic.name`, `cosmos.container.name`
    """
    for resource in subject.service.resources.values():
        kind = _KINDS.get((resource.type, engine(resource)))
        if kind is None or resource.existing is not None:
            continue
        name = stored(subject.service, resource)
        if found := _refused(subject.limits, kind, name):
            own = resource.own.get("name") is not None
            span = subject.service.span("resources", resource.name, "name") if own else subject.service.span("resources", resource.name, key=True)
            fact, why = found
            yield breach(fact, f"no {resource.type} can be called `{name}`", span, why, "targets: { azure: { name: ... } } gives it another name")


@rule("AZ411", "error", "azure")
def remote_build_not_there(subject: Subject) -> Iterator[Found]:
    """Find apps whose packages Azure is to install, on a plan or in a language that has no such thing.

    A warning for Python 3.14, whose builder on Flex is reported not to work.

    Why: One Deploy installs packages on Flex. The builder of Consumption keeps its work by the key of the host's storage, and fnctl's accounts have
    none; that of Premium changes the app's settings, so that no release would be what it says. A Node app has its packages in its bundles.

    Example:
        targets: { azure: { plan: premium } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], targets: { azure: { remote_build: true } } }

    Use instead:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], targets: { azure: { remote_build: true } } }

    Sources: Deployment technologies in Azure Functions, 2026-08-28; microsoft/vscode-azurefunctions#3688, 2023-05-22;
    PublishFunctionAppAction.cs, Azure/azure-functions-core-tools @3ee97a6, 2026-08-20.
    """
    for function in subject.service.functions.values():
        own = function.own.get("remote_build")
        asked = own if own is not None else subject.service.settings.get("remote_build")
        python = family(function) == "python"
        if not asked:
            continue
        where = ("functions", function.name, "remote_build") if own is not None else ("targets", "azure", "remote_build")
        span, help = subject.service.span(*where), "leave `remote_build` out"
        if (not python and own) or (python and plan_of(subject, function) != "flex"):
            why = f"the plan {plan_of(subject, function)} installs none" if python else "they are in its bundle"
            notes = ("platform: Deployment technologies in Azure Functions (2026-08-28)",)
            yield Found(f"Azure installs no packages for `{function.name}`", span, why, notes, help)
        elif function.runtime == "python3.14":
            notes = ("platform: PublishFunctionAppAction.cs, Azure/azure-functions-core-tools @3ee97a6 (2026-08-20)",)
            yield Found(f"Azure may not be able to install packages for `{function.name}`", span, "not for Python 3.14 yet", notes, help, "warning")


@rule("AZ413", "error", "azure", needs="own:app")
def too_many_apps(subject: Subject) -> Iterator[Found]:
    """Find more apps than one plan holds.

    Why: On Premium the apps of a service share one plan, which is paid by the instance, and it holds 100. On the other plans each app has its own.

    Example: `plan: premium`, and 101 functions with an `app` of their own.

    Use instead: Functions that may know the same in one app; or a service of its own for a part of them.

    Sources: Azure Functions hosting options, 2026-09-16; `functions.apps_per_plan`
    """
    shared = [app for app in apps(subject.service) if plan_of(subject, app.functions[0]) == "premium"]
    limit = limits_of(subject, shared[0].functions[0]).get("functions.apps_per_plan") if shared else None
    if limit and len(shared) > limit.value:
        first = shared[int(limit.value)].functions[0]
        span = subject.service.span("functions", first.name, "app")
        yield breach(limit, "one plan holds no more apps", span, f"{len(shared)} apps, and at most {limit.amount()}", "put functions into fewer apps")


@rule("AZ410", "error", "azure", needs="uses:function")
def apps_call_one_another(subject: Subject) -> Iterator[Found]:
    """Find functions of two apps that call one another, directly or through others.

    Why: A setting of one app holds the other's address, which is known once that app is there. In a circle there is no first.

    Example:
        targets: { azure: {} }
        functions:
          ask: { handler: "a.py:ask", triggers: [{ http: GET /ask }], uses: { tell: invoke } }
          tell: { handler: "b.ts:tell", runtime: nodejs24, triggers: [{ http: GET /tell }], uses: { ask: invoke } }

    Use instead: A queue for one of the ways; or both functions in one app, where they find each other.

    Sources: Azure Functions Flex Consumption plan hosting, 2025-05-12.
    """
    service = subject.service
    calls: dict[str, dict[str, tuple[str, str]]] = {}
    for function in service.functions.values():
        for name in function.uses:
            if name in service.functions and (other := app_of(service, service.functions[name])) != (mine := app_of(service, function)):
                calls.setdefault(mine, {}).setdefault(other, (function.name, name))
    for mine, others in calls.items():
        for other, (caller, called) in others.items():
            if _reaches(calls, other, mine):
                span = service.span("functions", caller, "uses", called)
                label = f"the app `{other}` calls `{mine}` back"
                yield Found(
                    f"the apps `{mine}` and `{other}` wait for each other's address", span, label, (FLEX,), "`send` to a queue on one of the ways"
                )


def _reaches(calls: Mapping[str, Mapping[str, object]], start: str, end: str) -> bool:
    seen, ahead = set[str](), [start]
    while ahead:
        here = ahead.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            ahead += calls.get(here, ())
    return False


RULES: tuple[Rule, ...] = (
    app_members_differ,
    routes_on_several_apps,
    app_name_not_allowed,
    stored_name_not_allowed,
    apps_call_one_another,
    too_many_apps,
    remote_build_not_there,
)


def _refused(table: Limits, kind: str, name: str) -> tuple[Fact, str] | None:
    pattern, most, least = table.patterns[f"{kind}.name"], table[f"{kind}.name"], table.get(f"{kind}.name.min")
    if not pattern.matches(name):
        return pattern, pattern.means
    if len(name) > most.value:
        return most, f"{len(name)} characters, and at most {most.amount()}"
    if least and len(name) < least.value:
        return least, f"{len(name)} characters, and at least {least.amount()}"
    return None


def _apps(subject: Subject) -> dict[str, Function]:
    """Map every app that the manifest names to the first function that names it."""
    apps: dict[str, Function] = {}
    for function in subject.service.functions.values():
        if isinstance(app := function.own.get("app"), str):
            apps.setdefault(app, function)
    return apps


def _fixed(subject: Subject, function: Function) -> dict[str, str]:
    """Return what a function must have in common with all others of its app."""
    return {"runtime": function.runtime, "plan": plan_of(subject, function)}

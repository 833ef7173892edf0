"""Runtimes, app settings and names on Azure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from fnctl.manifest.model import Function, Service
from fnctl.rules import limits
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limits, Runtime
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl.source import Span
from fnctl_azure.limits.plans import limits_of, plan_of

SOON = timedelta(days=183)


@rule("AZ201", "error", "azure", alike=True)
def runtime_not_supported(subject: Subject) -> Iterator[Found]:
    """Find runtimes that the platform, or the function's plan, does not have.

    Why: The platform refuses the app, or starts it with nothing that can run it. Consumption on Linux gets no new versions: Python 3.12 and Node 22
    are its last.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.ts:api", runtime: nodejs20, triggers: [{ http: GET / }] }

    Use instead: A version from `fnctl limits -t azure`, for this target alone if need be: `targets: { azure: { runtime: nodejs24 } }`.

    Sources: Supported languages in Azure Functions, 2026-08-27.
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        runtime = table.runtimes.get(function.runtime)
        if function.runtime and (runtime is None or runtime.state == "gone"):
            yield _unsupported(subject, function, table, runtime)


@rule("AZ202", "warning", "azure", alike=True)
def runtime_past_its_end(subject: Subject) -> Iterator[Found]:
    """Find runtimes that get no more fixes.

    Why: The app goes on running, without security updates and without support. New apps may be refused at any time.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", runtime: python3.10, triggers: [{ http: GET / }] }

    Use instead: The next version: what changed is in its release notes, and the tests run on both.

    Sources: Supported languages in Azure Functions, 2026-08-27.
    """
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        runtime = table.runtimes.get(function.runtime)
        if runtime and runtime.state != "gone" and runtime.deprecated and runtime.deprecated < subject.today.isoformat():
            span = subject.service.span("functions", function.name, "runtime")
            yield breach(runtime, f"{function.runtime} is past its end of life", span, f"ended {runtime.deprecated}", _newer(table, function.runtime))


@rule("AZ208", "advice", "azure", alike=True)
def runtime_ends_soon(subject: Subject) -> Iterator[Found]:
    """Point at runtimes that get no more fixes within the next half year.

    Why: A new version is a change to be tried out, and half a year goes by quickly.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.ts:api", runtime: nodejs22, triggers: [{ http: GET / }] }

    Use instead:
        targets: { azure: {} }
        functions:
          api: { handler: "api.ts:api", runtime: nodejs24, triggers: [{ http: GET / }] }

    Sources: Supported languages in Azure Functions, 2026-08-27; `nodejs22`, `nodejs24`
    """
    today, soon = subject.today.isoformat(), (subject.today + SOON).isoformat()
    for function in subject.service.functions.values():
        table = limits_of(subject, function)
        runtime = table.runtimes.get(function.runtime)
        if runtime and runtime.state != "gone" and runtime.deprecated and today <= runtime.deprecated <= soon:
            span = subject.service.span("functions", function.name, "runtime")
            yield breach(runtime, f"{function.runtime} ends on {runtime.deprecated}", span, "soon without patches", _newer(table, function.runtime))


@rule("AZ204", "error", "azure", needs="env", alike=True)
def setting_not_on_flex(subject: Subject) -> Iterator[Found]:
    """Find variables in `env` that are settings of other plans, and break an app on Flex.

    Why: On Flex the runtime, the package and the time zone are properties of the app. Deploys are refused where the old settings are there.

    Example:
        targets: { azure: { plan: flex } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { WEBSITE_RUN_FROM_PACKAGE: "1" } }

    Use instead: Nothing: fnctl sets what the plan needs. A variable of your own needs another name.

    Sources: PublishFunctionAppAction.cs, Azure/azure-functions-core-tools @3ee97a6, 2026-08-20; `functions.settings.refused`
    """
    words = subject.limits.words.get("functions.settings.refused")
    for name, function in _variables(subject.service) if words else ():
        if words and name in words.values:
            yield breach(
                words,
                f"{name} must not be set on Flex",
                _place(subject, function, name),
                "breaks the app",
                "remove it; fnctl sets what the plan needs",
            )


@rule("AZ205", "error", "azure", needs="env", alike=True)
def setting_is_reserved(subject: Subject) -> Iterator[Found]:
    """Find variables in `env` that fnctl and the host need for themselves.

    Why: They hold the app's own storage and telemetry. Another value there stops the app.

    Example:
        targets: { azure: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { AzureWebJobsStorage: x } }

    Use instead: Another name for a value of your own.

    Sources: host.json reference for Azure Functions 2.x, 2023-07-10; `functions.settings.reserved`
    """
    words = subject.limits.words["functions.settings.reserved"]
    for name, function in _variables(subject.service):
        if name in words.values:
            yield breach(words, f"{name} is set by fnctl", _place(subject, function, name), "would be overwritten", "remove it, or take another name")


@rule("AZ206", "warning", "azure")
def plan_is_retired(subject: Subject) -> Iterator[Found]:
    """Find targets on the Consumption plan, which gets no new languages on Linux and ends on 30 September 2028.

    Why: A service that starts there now has to move, and its newer runtimes are missing already.

    Example:
        targets: { azure: { plan: consumption } }
        defaults: { runtime: python3.12 }

    Use instead: `plan: flex`, which bills by use as well and scales faster.

    Sources: Azure Functions hosting options, 2026-09-16; Supported languages in Azure Functions, 2026-08-27.
    """
    if subject.limits.plan == "consumption":
        notes = ("limit: Azure Functions hosting options (2026-09-16)",)
        span = subject.service.span("targets", "azure", "plan")
        yield Found("the plan consumption ends on 2028-09-30", span, "ends 2028-09-30", notes, "say `plan: flex`")


@rule("AZ207", "error", "azure")
def resource_group_name_too_long(subject: Subject) -> Iterator[Found]:
    """Find names of resource groups over 90 characters.

    Why: There can be no such group, so it is misspelt.

    Example:
        targets: { azure: { resource_group: a-name-that-goes-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on-and-on } }

    Use instead: The group's name, as `az group list` prints it.

    Sources: Microsoft.Storage resource schema 2026-04-01, 2026-08-16; `resource_group.name`
    """
    limit, name = subject.limits["resource_group.name"], subject.service.settings.get("resource_group")
    if isinstance(name, str) and len(name) > limit.value:
        span = subject.service.span("targets", "azure", "resource_group")
        yield breach(
            limit,
            "no resource group has so long a name",
            span,
            f"{len(name)} characters, and at most {limit.amount()}",
            "take a shorter one, such as `az group list` prints",
        )


RULES: tuple[Rule, ...] = (
    runtime_not_supported,
    runtime_past_its_end,
    runtime_ends_soon,
    setting_not_on_flex,
    setting_is_reserved,
    plan_is_retired,
    resource_group_name_too_long,
)


def _variables(service: Service) -> Iterator[tuple[str, Function]]:
    """Yield every variable's name, and whose it is."""
    for function in service.functions.values():
        yield from ((name, function) for name in function.env)


def _place(subject: Subject, function: Function, name: str) -> Span | None:
    return subject.service.span("functions", function.name, "env", name, key=True)


def _unsupported(subject: Subject, function: Function, table: Limits, runtime: Runtime | None) -> Found:
    """Say why a runtime cannot be had: gone, not on this plan, or not known, which only warns."""
    name, help = function.runtime, _newer(table, function.runtime)
    span = subject.service.span("functions", function.name, "runtime")
    if runtime is not None:
        return breach(runtime, f"Azure no longer has {name}", span, "gone", help)
    if name in limits.document("azure")["runtimes"]:
        notes = ("limit: Supported languages in Azure Functions (2026-08-27)",)
        return Found(f"the plan {plan_of(subject, function)} has no {name}", span, "not on this plan", notes, "`plan: flex` has it")
    return Found(f"fnctl does not know {name} on Azure", span, "may be refused", help=help, severity="warning")


def _newer(table: Limits, given: str) -> str:
    """Name the versions of the same language that the plan has."""
    family = given.rstrip("0123456789.")
    names = [name for name, runtime in table.runtimes.items() if name.startswith(family) and runtime.state == "supported" and name != given]
    return f"there is {', '.join(names)}"

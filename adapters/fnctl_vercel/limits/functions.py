"""Time, memory, regions and runtimes of functions on Vercel's plans."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Function
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limits
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_vercel.output.places import places


@rule("VC101", "error", "vercel", needs="timeout", alike=True)
def timeout_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find timeouts that the plan does not take.

    Between 800 and 1800 s it is a beta on Pro and Enterprise, and a warning here.

    Why: The deployment is refused, or the function is stopped with 504 FUNCTION_INVOCATION_TIMEOUT.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:
          api: { handler: "api.py:api", timeout: 10m, triggers: [{ http: GET / }] }

    Use instead: A workflow, whose runs have no limit; or `plan: pro` for up to 800 s.

    Sources: vercel.com/docs/functions/configuring-functions/duration, 2026-08-24; `function.timeout`, `function.timeout.beta`
    """
    limit, beta = subject.limits["function.timeout"], subject.limits.get("function.timeout.beta")
    for function in subject.service.functions.values():
        seconds = function.timeout or 0
        if seconds <= limit.value:
            continue
        span = subject.service.span("functions", function.name, "timeout")
        help = "use a workflow: its runs have no limit" if subject.limits.plan != "hobby" else "`plan: pro` takes up to 800 s; or use a workflow"
        if beta and seconds <= beta.value:
            yield breach(beta, f"the timeout of `{function.name}` is a beta", span, f"{seconds:,} s, and without the beta {limit.amount()}", help)
        else:
            message = f"the timeout of `{function.name}` is over the maximum of the plan {subject.limits.plan}"
            yield breach(limit, message, span, f"{seconds:,} s, and a function is stopped at {limit.amount()}", help)


@rule("VC102", "advice", "vercel", needs="timeout", alike=True)
def timeout_needs_fluid(subject: Subject) -> Iterator[Found]:
    """Find timeouts that a project without fluid compute refuses.

    Why: New projects have fluid compute. An older one that was never switched keeps the older and much shorter limits.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:
          api: { handler: "api.py:api", timeout: 2m, triggers: [{ http: GET / }] }

    Use instead: Fluid compute, in the project's settings.

    Sources: vercel.com/docs/functions/limitations before fluid compute, 2024-05-17; `function.timeout.without_fluid`, `function.timeout`
    """
    limit, fluid = subject.limits["function.timeout.without_fluid"], subject.limits["function.timeout"]
    for function in subject.service.functions.values():
        if limit.value < (function.timeout or 0) <= fluid.value:
            span = subject.service.span("functions", function.name, "timeout")
            notes = (limit.note(),)
            label = f"{function.timeout:,} s, and without fluid compute {limit.amount()}"
            help = "new projects have it; an older project gets it in its settings"
            yield Found(f"the timeout of `{function.name}` needs fluid compute", span, label, notes, help)


@rule("VC103", "error", "vercel", needs="memory", alike=True)
def memory_over_maximum(subject: Subject) -> Iterator[Found]:
    """Find functions that ask for more memory than the plan has, or for less than any function has.

    Why: Hobby has 2 GB, the other plans 4 GB at most; a number under 128 MB is none. The deployment is refused.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:
          fold: { handler: "fold.py:fold", memory: 4GB, triggers: [{ http: GET / }] }

    Use instead: `plan: pro` up to 4 GB, and another target above: `targets.vercel.only` lists the functions that stay.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `function.memory`, `function.memory.min`
    """
    limit, least = subject.limits["function.memory"], subject.limits["function.memory.min"]
    for function in subject.service.functions.values():
        if function.memory is not None and function.memory < least.value:
            span = subject.service.span("functions", function.name, "memory")
            label = f"{function.memory} MB, and at least {least.amount()} is asked for"
            yield breach(least, f"`{function.name}` asks for less memory than there is", span, label, "leave it out: a function gets 2 GB anyway")
        elif (function.memory or 0) > limit.value:
            message = f"`{function.name}` asks for more memory than the plan {subject.limits.plan} has"
            span = subject.service.span("functions", function.name, "memory")
            help = "host it on another target" if subject.limits.plan != "hobby" else "`plan: pro` has up to 4 GB"
            yield breach(limit, message, span, f"{function.memory:,} MB, and a function gets {limit.amount()}", help)


@rule("VC104", "advice", "vercel", needs="memory", alike=True)
def memory_is_not_smaller(subject: Subject) -> Iterator[Found]:
    """Find memory sizes below 2 GB, which every function has at least.

    Why: A function has 2 GB or 4 GB. A smaller number changes neither the machine nor the bill: what is billed is time.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", memory: 256MB, triggers: [{ http: GET / }] }

    Use instead: Nothing; the number counts on the other targets.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `function.memory.default`
    """
    limit = subject.limits["function.memory.default"]
    for function in subject.service.functions.values():
        if function.memory and subject.limits["function.memory.min"].value <= function.memory < limit.value:
            span = subject.service.span("functions", function.name, "memory")
            yield breach(limit, f"functions get {limit.amount()} here, and cost no less with fewer", span, "not smaller here", "nothing to do")


@rule("VC105", "error", "vercel")
def too_many_functions(subject: Subject) -> Iterator[Found]:
    """Find services with more functions than a deployment of the plan Hobby has: 12.

    Each queue and topic that a function listens to makes one more, beside the one that answers requests and crons.

    Why: The deployment fails with `exceeded_serverless_functions_per_deployment`, after the build.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:  # and eleven more
          one: { handler: "api.py:one", triggers: [{ http: GET /1 }] }
          two: { handler: "api.py:two", triggers: [{ http: GET /2 }] }

    Use instead: One `asgi` function for many routes; `plan: pro`; or fewer functions in `targets.vercel.only`.

    Sources: vercel.com/docs/functions/runtimes, 2026-07-29; `function.count`
    """
    limit = subject.limits.get("function.count")
    found = list(places(subject.service)) if limit else []
    if limit and len(found) > limit.value:
        span = subject.service.span("functions", found[int(limit.value)].function.name, key=True)
        help = "serve several routes from one `asgi` function, or use `plan: pro`"
        yield breach(limit, f"the plan {subject.limits.plan} deploys no more than {limit.amount()}", span, f"{len(found)} in all", help)


@rule("VC106", "error", "vercel", alike=True)
def runtime_not_supported(subject: Subject) -> Iterator[Found]:
    """Find runtimes that the platform does not have.

    Why: Vercel's own Python runtime wants 3.12, and Node 20 ended on 1 October 2026: the build fails.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", runtime: python3.11, triggers: [{ http: GET / }] }

    Use instead: A version from `fnctl limits -t vercel`, for this target alone if need be: `targets: { vercel: { runtime: python3.13 } }`.

    Sources: vercel.com/docs/functions/runtimes/python, 2026-07-22; vercel build 64.0.2 (ran), 2026-11.
    """
    for function in subject.service.functions.values():
        runtime = subject.limits.runtimes.get(function.runtime)
        if not function.runtime or (runtime is not None and runtime.state != "gone"):
            continue
        span, help = subject.service.span("functions", function.name, "runtime"), _newer(subject.limits, function)
        if runtime is None:
            yield Found(f"fnctl does not know {function.runtime} on Vercel", span, "may be refused", help=help, severity="warning")
        else:
            yield breach(runtime, f"Vercel has no {function.runtime}", span, "the build fails", help)


@rule("VC107", "error", "vercel", alike=True)
def region_unknown(subject: Subject) -> Iterator[Found]:
    """Find names in `region` and `regions` that are not in the platform's list.

    Why: The deployment is refused. Vercel's regions have names of their own: fra1, not eu-central-1.

    Example:
        targets: { vercel: { region: eu-central-1 } }

    Use instead: A name from the platform's list; `fnctl limits -t vercel` prints it.

    Sources: vercel.com/docs/functions/configuring-functions/region, 2026-07-15.
    """
    words = subject.limits.words["regions"]
    named = [(subject.service.settings.get("region"), ("targets", "vercel", "region"))]
    for function in subject.service.functions.values():
        named += [(name, ("functions", function.name, "regions")) for name in _regions(function)]
    for name, at in named:
        if name is not None and name not in words.values:
            yield breach(
                words, f"Vercel has no region `{name}`", subject.service.span(*at), "not a region", f"one of {', '.join(map(str, words.values))}"
            )


@rule("VC108", "error", "vercel", needs="own:regions")
def too_many_regions(subject: Subject) -> Iterator[Found]:
    """Find functions in more regions than the plan lets them have.

    Why: The deployment fails before the build: one region on Hobby, five on Pro.

    Example:
        targets: { vercel: { plan: hobby } }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], targets: { vercel: { regions: [fra1, iad1] } } }

    Use instead: The region nearest to the data; or a larger plan.

    Sources: vercel.com/docs/functions/configuring-functions/region, 2026-07-15; `function.regions`
    """
    limit = subject.limits["function.regions"]
    for function in subject.service.functions.values():
        count = len(_regions(function))
        if count > limit.value:
            message = f"`{function.name}` is in more regions than the plan {subject.limits.plan} has"
            span = subject.service.span("functions", function.name, "regions")
            yield breach(limit, message, span, f"{count}, and at most {limit.amount()}", "keep the one nearest to the data")


RULES: tuple[Rule, ...] = (
    timeout_over_maximum,
    timeout_needs_fluid,
    memory_over_maximum,
    memory_is_not_smaller,
    too_many_functions,
    runtime_not_supported,
    region_unknown,
    too_many_regions,
)


def _regions(function: Function) -> list[str]:
    given = function.own.get("regions")
    return [str(name) for name in given] if isinstance(given, list | tuple) else []


def _newer(table: Limits, function: Function) -> str:
    """Name the versions of the same language that there are."""
    family = function.runtime.rstrip("0123456789.")
    return f"there is {', '.join(name for name, runtime in table.runtimes.items() if name.startswith(family) and runtime.state == 'supported')}"

"""What all functions of a Vercel project share: its name, its variables, its routes."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.manifest.model import Function, Service
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl.source import Span
from fnctl_vercel.names import project


@rule("VC201", "error", "vercel")
def project_name_not_allowed(subject: Subject) -> Iterator[Found]:
    """Find names of projects that the platform does not take.

    Why: A name has at most 100 small letters, digits, `.`, `_` and `-`, and no three `-` in a row.

    Example:
        targets: { vercel: { project: My Shop } }

    Use instead: Another name, or none: fnctl makes one of the service and the stage. An id (`prj_...`) is taken as well.

    Sources: Vercel REST API description, 2025-10-27; `project.name`
    """
    limit, pattern, name = subject.limits["project.name"], subject.limits.patterns["project.name"], project(subject.service)
    if name.startswith("prj_") or (len(name) <= limit.value and pattern.matches(name)):
        return
    given = subject.service.settings.get("project") is not None
    span = subject.service.span("targets", "vercel", "project") if given else subject.service.span("service")
    if len(name) > limit.value:
        yield breach(limit, "no project has so long a name", span, f"{len(name)} characters, and at most {limit.amount()}", "take a shorter name")
    else:
        yield breach(pattern, f"no project can be called `{name}`", span, f"has {pattern.means}", "take another name, or leave it out")


@rule("VC202", "error", "vercel", needs="env", alike=True)
def variables_too_large(subject: Subject) -> Iterator[Found]:
    """Find services whose variables are over 64 KB together, names and values.

    Why: All functions of a deployment share the limit, and secrets count as well: what is in the vault comes on top of what is found here.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { TABLE: "a very long text" } }

    Use instead: A file beside the code, or a bucket.

    Sources: vercel.com/docs/environment-variables, 2026-06-16; `project.environment`
    """
    limit = subject.limits["project.environment"]
    values = {(name, value): function for function, name, value in _variables(subject.service)}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in values)
    if size > limit.in_bytes():
        largest = max(values, key=lambda pair: len(pair[1]))
        message = "the variables of all functions are too large together"
        span = _place(subject, values[largest], largest[0])
        yield breach(limit, message, span, f"{size:,} bytes in all, and at most {limit.amount()}", "read large values from a file or a bucket")


@rule("VC203", "error", "vercel", needs=("env", "secrets"), alike=True)
def too_many_variables(subject: Subject) -> Iterator[Found]:
    """Find services with more than 1,000 variables and secrets.

    Why: The platform refuses another variable for the project.

    Example:
        targets: { vercel: {} }
        functions:  # and a thousand more variables
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { A1: "1", A2: "2" } }

    Use instead: One variable that holds JSON, or a file beside the code.

    Sources: vercel.com/docs/environment-variables, 2026-06-16; `project.environment.count`
    """
    limit = subject.limits["project.environment.count"]
    secrets = {name for function in subject.service.functions.values() for name in function.secrets}
    users = {name: function for function, name, _ in _variables(subject.service)}
    count = len(users.keys() | secrets)
    if count > limit.value:
        span = next((_place(subject, function, name) for name, function in users.items()), None)
        yield breach(limit, "the project has too many variables", span, f"{count:,}, and at most {limit.amount()}", "put several into one, as JSON")


@rule("VC205", "error", "vercel", needs="env", alike=True)
def variable_is_reserved(subject: Subject) -> Iterator[Found]:
    """Find variables in `env` that fnctl or the platform sets itself, and names that begin with `AWS_`, which fluid compute hides from the code.

    Why: The function would see another value than the manifest's, or none.

    Example:
        targets: { vercel: {} }
        functions:
          api: { handler: "api.py:api", triggers: [{ http: GET / }], env: { AWS_REGION: eu-west-1 } }

    Use instead: Another name, such as `APP_REGION`.

    Sources: vercel.com/docs/functions/limitations, 2026-07-01; `environment.reserved`, `environment.reserved.prefixes`
    """
    words, prefixes = subject.limits.words["environment.reserved"], subject.limits.words["environment.reserved.prefixes"]
    for function, name, _ in _variables(subject.service):
        if name in words.values:
            yield breach(
                words, f"{name} is set by fnctl or the platform", _place(subject, function, name), "would be overwritten", "take another name"
            )
        elif name.startswith(tuple(map(str, prefixes.values))):
            yield breach(prefixes, f"{name} never reaches the code", _place(subject, function, name), "hidden by fluid compute", "take another name")


@rule("VC206", "error", "vercel", needs="trigger:http")
def too_many_routes(subject: Subject) -> Iterator[Found]:
    """Find services with more than 2,048 http routes.

    Why: Each http trigger becomes a route of the deployment, which is refused with more.

    Example:
        targets: { vercel: {} }
        functions:  # and two thousand more
          api: { handler: "api.py:api", triggers: [{ http: GET /1 }, { http: GET /2 }] }

    Use instead: One `asgi` function with its own router: `http: ANY /{path*}`.

    Sources: vercel.com/docs/limits, 2025-10-22; `project.routes`
    """
    limit = subject.limits["project.routes"]
    routes = subject.service.started.get("http", ())
    if len(routes) > limit.value:
        span = subject.service.span(*routes[int(limit.value)][1].at, "http")
        yield breach(
            limit,
            "the deployment has too many routes",
            span,
            f"{len(routes):,}, and at most {limit.amount()}",
            "let one app route: http: ANY /{path*}",
        )


@rule("VC207", "error", "vercel", needs="rollout")
def canary_needs_another_plan(subject: Subject) -> Iterator[Found]:
    """Find `rollout.canary` on the plan Hobby, which has no rolling releases.

    Why: A part of the traffic can go to a new deployment on Pro and Enterprise alone. On Hobby everybody would get it at once, and in silence.

    Example:
        targets: { vercel: { plan: hobby } }
        rollout: { canary: 10%, bake: 10m }

    Use instead: `plan: pro`; or no `rollout`: the new deployment is asked by its own address before it gets any traffic.

    Sources: vercel.com/docs/rolling-releases, 2026-08-11.
    """
    if subject.service.rollout.get("canary") and subject.limits.plan == "hobby":
        notes = ("platform: vercel.com/docs/rolling-releases (2026-08-11)",)
        span, help = subject.service.span("rollout", "canary"), "`plan: pro` has them; or leave `rollout` out for this target"
        yield Found("the plan hobby has no rolling releases", span, "everybody at once", notes, help)


RULES: tuple[Rule, ...] = (
    project_name_not_allowed,
    variables_too_large,
    too_many_variables,
    variable_is_reserved,
    too_many_routes,
    canary_needs_another_plan,
)


def _variables(service: Service) -> Iterator[tuple[Function, str, str]]:
    """Yield every variable: whose it is, name and value."""
    for function in service.functions.values():
        yield from ((function, name, value) for name, value in function.env.items())


def _place(subject: Subject, function: Function, name: str) -> Span | None:
    return subject.service.span("functions", function.name, "env", name, key=True)

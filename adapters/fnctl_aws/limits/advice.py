"""Advice that rests on AWS's own prices and habits: processors, memory, warm starts, logs, what is open to the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.rules.breach import megabytes
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import at
from fnctl_aws.translate.http import behind_api, has_url

SMALL = 256
"""MB from which a Python with an SDK starts in a bearable time."""


@rule("ADV001", "advice", "aws", preset="strict", alike=True)
def arm_is_cheaper(subject: Subject) -> Iterator[Found]:
    """Point at services that run on x86_64 alone.

    Why: A GB-second on arm64 costs a fifth less, and is at least as fast for most work. Only packages with machine code of their own need a look.

    Example:
      functions:
        api: { handler: "api.py:app" }

    Use instead:
      defaults: { runtime: python3.13, architecture: arm64 }
      functions:
        api: { handler: "api.py:app" }

    Sources: AWS Price List for us-east-1, AWSLambda, 2026-09-19
    """
    functions = subject.service.functions
    if functions and all(function.architecture == "x86_64" for function in functions.values()):
        first = next(iter(functions))
        label = "on x86_64" if len(functions) == 1 else f"on x86_64, as all {len(functions)}"
        help = "say it once for all: defaults: { architecture: arm64 }"
        yield Found("a GB-second on arm64 costs 20 % less", subject.service.span("functions", first, key=True), label, help=help)


@rule("ADV002", "advice", "aws", needs="memory", alike=True)
def too_little_memory(subject: Subject) -> Iterator[Found]:
    """Point at Python functions with less than 256 MB.

    Why: The processor grows with the memory. Importing an SDK with 128 MB takes seconds, which are billed, and seen by whoever waits.

    Example:
      functions:
        api: { handler: "api.py:app", memory: 128MB }

    Use instead:
      functions:
        api: { handler: "api.py:app", memory: 512MB }

    Sources: `lambda.memory.vcpu`, `lambda.memory.min`
    """
    for function in subject.service.functions.values():
        if function.memory is not None and function.memory < SMALL and function.runtime.startswith("python"):
            label = f"{function.memory} MB has {function.memory / subject.limits['lambda.memory.vcpu'].value:.0%} of a processor"
            help = "256 or 512 MB often cost the same, because they take half the time: measure both"
            yield Found(f"`{function.name}` starts slowly", at(subject, function, "memory"), label, help=help)


@rule("ADV003", "advice", "aws", preset="strict", needs="timeout", alike=True)
def maximum_to_be_safe(subject: Subject) -> Iterator[Found]:
    """Point at functions with the longest timeout that there is.

    Why: A call that hangs is billed to its end. Two or three times the slowest normal call is safe.

    Example:
      functions:
        api: { handler: "api.py:app", timeout: 15m }

    Use instead:
      functions:
        api: { handler: "api.py:app", timeout: 1m }

    Sources: `lambda.timeout`
    """
    limit = subject.limits["lambda.timeout"]
    for function in subject.service.functions.values():
        if function.timeout == limit.value:
            help = "two or three times the slowest normal call; split what really takes this long"
            yield Found(
                f"a hung call of `{function.name}` is billed for {limit.amount()}", at(subject, function, "timeout"), "the maximum", help=help
            )


@rule("ADV008", "advice", "aws", alike=True)
def logs_kept_for_ever(subject: Subject) -> Iterator[Found]:
    """Point at functions whose logs are never deleted.

    Why: Storage is paid for every month, for every line there ever was; and personal data in logs must go some day.

    Example:
      functions:
        api: { handler: "api.py:app", logs: { retention: forever } }

    Use instead:
      functions:
        api: { handler: "api.py:app", logs: { retention: 30d } }

    Sources: `logs.retention`; AWS Price List for us-east-1, AmazonCloudWatch, 2026-09-18
    """
    for function in subject.service.functions.values():
        if function.logs.retention is None:
            help = "14 to 30 days are enough to find a fault; export what has to stay"
            yield Found(f"the logs of `{function.name}` grow for ever", at(subject, function, "logs", "retention"), "never deleted", help=help)


@rule("ADV009", "advice", "aws", alike=True)
def open_url_without_cap(subject: Subject) -> Iterator[Found]:
    """Point at function URLs that answer everybody and have no reserved concurrency.

    Why: A function URL has no throttle. A flood takes the account's whole concurrency, and is paid for.

    Example:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], targets: { aws: { http: function_url } } }

    Use instead:
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], targets: { aws: { http: function_url } }, concurrency: { reserved: 20 } }

    Sources: `lambda.requests.per_concurrency`, `lambda.concurrency`
    """
    service, rate = subject.service, subject.limits["lambda.requests.per_concurrency"]
    for function in service.functions.values():
        if function.reserved is None and has_url(service, function):
            note = f"each unit of reserved concurrency allows {rate.amount()}"
            help = "cap it: concurrency: { reserved: ... }, or take the HTTP API, which throttles"
            yield Found(f"nothing limits calls of `{function.name}`", at(subject, function, "triggers"), "open, and no cap", (note,), help)


@rule("ADV010", "advice", "aws", preset="strict", needs="protect", alike=True)
def cold_starts_are_felt(subject: Subject) -> Iterator[Found]:
    """Point at functions of a protected stage that people wait for and of which none is kept warm.

    Why: The first call of an instance waits until the code is loaded: a tenth of a second to several.

    Example:
      protect: true
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }] }

    Use instead:
      protect: true
      functions:
        api: { handler: "api.py:app", triggers: [{ http: GET / }], concurrency: { provisioned: 2 } }

    Sources: `lambda.init`; AWS Price List for us-east-1, AWSLambda, 2026-09-19
    """
    service = subject.service
    for function in (*behind_api(service), *(f for f in service.functions.values() if has_url(service, f))) if service.protect else ():
        if not function.provisioned and not function.own.get("snap_start"):
            help = "where it matters: concurrency: { provisioned: ... } (8.76 USD a month for each GB on arm64), or snap_start"
            span = service.span("functions", function.name, key=True)
            yield Found(f"callers of `{function.name}` may wait for a cold start", span, "none kept warm", help=help)


@rule("ADV011", "advice", "aws", needs="built")
def package_is_large(subject: Subject) -> Iterator[Found]:
    """Point at packages of more than 50 MB. Known after a build: `fnctl validate --built`.

    Why: They are loaded at every cold start, and most of what is in them is never imported.

    Example: A function that brings pandas to read one CSV file.

    Use instead: `exclude:` for tests and data, a smaller library, an import inside the function that needs it.

    Sources: `lambda.zip.upload`, `lambda.init`
    """
    for built in subject.built.values():
        if built.size > subject.limits["lambda.zip.upload"].in_bytes():
            name = built.functions[0]
            largest = "; ".join(f"{path} {megabytes(size)}" for path, size in built.largest[:3])
            span = subject.service.span("functions", name, "handler")
            label, help = f"{megabytes(built.size)} packed", "leave out what it never loads: exclude: [...]"
            notes = (subject.limits["lambda.zip.upload"].note(), f"largest: {largest}")
            yield Found(f"`{name}` has a large package", span, label, notes, help)


@rule("SEC010", "warning", "aws", needs="own:policies")
def rights_to_everything(subject: Subject) -> Iterator[Found]:
    """Find statements under `targets.aws.policies` that allow every action, or name AdministratorAccess.

    Why: Whoever gets to run code in the function owns the account.

    Example:
      functions:
        api: { handler: "api.py:app", targets: { aws: { policies: [{ Effect: Allow, Action: "*", Resource: "*" }] } } }

    Use instead:
      functions:
        api: { handler: "api.py:app", targets: { aws: { policies: [{ Effect: Allow, Action: "ses:SendEmail", Resource: "*" }] } } }

    Sources: IAM User Guide, Security best practices, "least-privilege permissions", read 2026-11
    """
    for function in subject.service.functions.values():
        policies = function.own.get("policies")
        for index, policy in enumerate(policies) if isinstance(policies, list) else ():
            if _everything(policy):
                span = at(subject, function, "policies", index)
                help = "name the actions that it needs; `uses` grants what its resources need"
                yield Found(f"`{function.name}` may do everything", span, "every action", help=help)


def _everything(policy: object) -> bool:
    if isinstance(policy, Mapping):
        actions = policy.get("Action")
        return policy.get("Effect") != "Deny" and (actions == "*" or (isinstance(actions, list) and "*" in actions))
    return str(policy).endswith(":policy/AdministratorAccess")


RULES: tuple[Rule, ...] = (
    arm_is_cheaper,
    too_little_memory,
    maximum_to_be_safe,
    logs_kept_for_ever,
    open_url_without_cap,
    cold_starts_are_felt,
    package_is_large,
    rights_to_everything,
)

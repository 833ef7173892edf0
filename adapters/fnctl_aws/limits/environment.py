"""What surrounds a function: its runtime and how long AWS keeps it, its environment, its names and tags, and its size once it is built."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from fnctl.manifest.model import Function, Key, Resource
from fnctl.rules.breach import breach, megabytes, note
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import at
from fnctl_aws.names import ADDRESS_TAG, SERVICE_TAG, STAGE_TAG, physical

SOON = timedelta(days=90)
ADDED = 300
"""Bytes that no variable of fnctl's own exceeds: a name, and an address or an ARN."""
OWN_TAGS = len((SERVICE_TAG, STAGE_TAG, ADDRESS_TAG))
NAMES = {"queue": "sqs.name", "topic": "sns.name", "table": "dynamodb.name", "bucket": "s3.name", "stream": "kinesis.name", "bus": "events.bus.name"}
"""The limit and the pattern of a resource's physical name."""


@rule("AWS104", "error", "aws", needs="env", alike=True)
def environment_name_reserved(subject: Subject) -> Iterator[Found]:
    """Find environment variables that Lambda sets itself.

    Why: CreateFunction refuses them.

    Example:
      functions:
        api: { handler: "api.py:app", env: { AWS_REGION: eu-west-1 } }

    Use instead:
      functions:
        api: { handler: "api.py:app", env: { SHOP_REGION: eu-west-1 } }

    Sources: `lambda.environment.reserved`
    """
    reserved = subject.limits.words["lambda.environment.reserved"]
    for function in subject.service.functions.values():
        for name in sorted(set(function.env).intersection(map(str, reserved.values))):
            span = subject.service.span("functions", function.name, "env", name, key=True)
            yield breach(reserved, f"the environment name {name} belongs to Lambda", span, "reserved", "use another name, or read what Lambda sets")


@rule("AWS114", "error", "aws", needs="env", alike=True)
def environment_name_refused(subject: Subject) -> Iterator[Found]:
    """Find names of environment variables that Lambda does not take: one letter alone, or `_` first.

    Why: CreateFunction refuses them.

    Example:
      functions:
        api: { handler: "api.py:app", env: { _LEVEL: info } }

    Use instead:
      functions:
        api: { handler: "api.py:app", env: { LEVEL: info } }

    Sources: `lambda.environment.name`
    """
    pattern, reserved = subject.limits.patterns["lambda.environment.name"], subject.limits.words["lambda.environment.reserved"].values
    for function in subject.service.functions.values():
        for name in function.env:
            if not pattern.matches(name) and name not in reserved:
                span = subject.service.span("functions", function.name, "env", name, key=True)
                yield breach(pattern, f"Lambda does not take the environment name {name}", span, "not a name", f"use {pattern.means}")


@rule("AWS115", "error", "aws")
def environment_too_large(subject: Subject) -> Iterator[Found]:
    """Find environments that are too large together: names and values, with those that fnctl adds for what a function uses and for its secrets.

    Why: CreateFunction refuses more than 4 KB in all.

    Example: An `env` with a table of prices of 5 KB.

    Use instead: A file in the package (`include:`), a bucket, or the parameter store.

    Sources: `lambda.environment`
    """
    limit = subject.limits["lambda.environment"]
    sizes: dict[int, int] = {}  # many functions have the same map
    for function in subject.service.functions.values():
        said = sizes.get(id(function.env))
        if said is None:
            said = sizes[id(function.env)] = sum(len(key) + len(value) for key, value in function.env.items())
        if 4 * said + ADDED * (len(function.uses) + len(function.secrets)) <= limit.value:
            continue  # nearly every function: nothing needs to be measured
        from fnctl_aws.limits.filled import filled
        from fnctl_aws.translate.function import environment

        variables = environment(subject.service, function)
        size = sum(len(key.encode()) + len(str(filled(subject.service, value)).encode()) for key, value in variables.items())
        if size > limit.value:
            label = f"{size:,} bytes with what fnctl adds, and at most {limit.amount()}"
            yield breach(
                limit,
                f"the environment of `{function.name}` is too large",
                at(subject, function, "env"),
                label,
                "keep it in a file of the package, or in a bucket",
            )


@rule("AWS105", "error", "aws", alike=True)
def runtime_ended(subject: Subject) -> Iterator[Found]:
    """Find runtimes that AWS has deprecated. From the day on which it creates none any more the finding is an error.

    Why: Functions run on without security patches; a while later they can be neither created nor updated.

    Example:
      functions:
        api: { handler: "api.py:app", runtime: python3.9 }

    Use instead:
      functions:
        api: { handler: "api.py:app", runtime: python3.14 }

    Sources: `python3.14`, `python3.13`, `python3.12`, `python3.11`, `python3.10`, `python3.9`, `nodejs24`, `nodejs22`, `nodejs20`
    """
    today = subject.today.isoformat()
    for function in subject.service.functions.values():
        runtime = subject.limits.runtimes.get(function.runtime)
        if runtime is None or not runtime.deprecated or runtime.deprecated > today:
            continue
        blocked = runtime.create_blocked is not None and runtime.create_blocked <= today
        label = f"no new ones since {runtime.create_blocked}" if blocked else f"no new ones from {runtime.create_blocked} on"
        message = f"AWS ended {runtime.platform} on {runtime.deprecated}"
        span, help = at(subject, function, "runtime"), f"move to {_newest(subject, function)}"
        yield Found(message, span, label, (note(runtime),), help, "error" if blocked else "warning")


@rule("AWS116", "advice", "aws", alike=True)
def runtime_ends_soon(subject: Subject) -> Iterator[Found]:
    """Point at runtimes that AWS deprecates within three months.

    Why: Moving to the next version is a day's work when there is time for it.

    Example: `runtime: python3.11` from 2027-04-01 on.

    Use instead:
      functions:
        api: { handler: "api.py:app", runtime: python3.14 }

    Sources: `python3.14`, `python3.13`, `python3.12`, `python3.11`, `nodejs24`, `nodejs22`
    """
    today, soon = subject.today.isoformat(), (subject.today + SOON).isoformat()
    for function in subject.service.functions.values():
        runtime = subject.limits.runtimes.get(function.runtime)
        if runtime is not None and runtime.deprecated and today < runtime.deprecated <= soon:
            message = f"AWS ends {runtime.platform} on {runtime.deprecated}"
            span, help = at(subject, function, "runtime"), f"move to {_newest(subject, function)}"
            yield Found(message, span, "soon without patches", (note(runtime),), help)


@rule("AWS117", "warning", "aws", alike=True)
def runtime_not_known(subject: Subject) -> Iterator[Found]:
    """Find runtimes that fnctl does not know of AWS, and such as are a preview there.

    Why: CreateFunction refuses a runtime that it does not have, and no support covers a preview.

    Example:
      functions:
        api: { handler: "api.py:app", runtime: python3.99 }

    Use instead:
      functions:
        api: { handler: "api.py:app", runtime: python3.14 }

    Sources: `python3.15`, `python3.14`, `nodejs26`, `nodejs24`
    """
    runtimes = subject.limits.runtimes
    for function in subject.service.functions.values():
        runtime = runtimes.get(function.runtime)
        if runtime is not None and runtime.state != "preview":
            continue
        span = at(subject, function, "runtime")
        if runtime is None and function.runtime:
            newest = _newest(subject, function)
            yield Found(f"{function.runtime} is no runtime of AWS that fnctl knows", span, "not known", (note(runtimes[newest]),), f"use {newest}")
        elif runtime is not None:
            yield Found(f"{function.runtime} is a preview on AWS", span, "a preview", (note(runtime),), f"use {_newest(subject, function)}")


def _newest(subject: Subject, function: Function) -> str:
    """Return the runtime of the same language that AWS keeps longest."""
    family = "nodejs" if function.runtime.startswith("nodejs") else "python"
    known = [r for r in subject.limits.runtimes.values() if r.id.startswith(family) and r.state == "supported"]
    return max(known, key=lambda r: (r.deprecated or "", int(r.id.removeprefix(family).replace(".", "") or 0))).id


@rule("AWS121", "advice", "aws", preset="strict")
def name_is_shortened(subject: Subject) -> Iterator[Found]:
    """Point at functions whose name, together with service and stage, is longer than Lambda takes.

    Why: fnctl cuts it and adds a hash, so that two long names stay two. In the console it is harder to recognise.

    Example:
      service: customer-relationship-notifications
      functions:
        send-weekly-summary-to-partners: { handler: "mail.py:send" }

    Use instead:
      service: notifications
      functions:
        weekly-summary: { handler: "mail.py:send" }

    Sources: `lambda.function.name`
    """
    service, limit = subject.service, subject.limits["lambda.function.name"]
    before = len(service.name) + len(service.stage) + 2
    for name in service.functions:
        if before + len(name) > limit.value:
            label, span = f"{before + len(name)} of {limit.amount()}", service.span("functions", name, key=True)
            yield breach(limit, f"on AWS it is called {physical(service, name)}", span, label, "shorten the service's name or the function's")


@rule("AWS122", "error", "aws", needs="resources")
def physical_name_refused(subject: Subject) -> Iterator[Found]:
    """Find names given with `targets.aws.name` that the service does not take.

    Why: The object could not be created.

    Example:
      resources: { uploads: { type: bucket, targets: { aws: { name: Shop_Uploads } } } }

    Use instead:
      resources: { uploads: { type: bucket, targets: { aws: { name: shop-uploads-123456789012 } } } }

    Sources: `s3.name`, `s3.name.min`, `sqs.name`, `sns.name`, `dynamodb.name`, `dynamodb.name.min`, `kinesis.name`, `events.bus.name`
    """
    for resource in subject.service.resources.values():
        if resource.own.get("name"):
            yield from _named(subject, resource, str(resource.own["name"]))


def _named(subject: Subject, resource: Resource, name: str) -> Iterator[Found]:
    limits, id_ = subject.limits, NAMES[resource.type]
    pattern, most, least = limits.patterns[id_], limits[id_], limits.get(f"{id_}.min")
    span = subject.service.span("resources", resource.name, "name")
    if not pattern.matches(name):
        yield breach(pattern, f"a {resource.type} on AWS cannot be called {name}", span, "not a name there", f"use {pattern.means}")
    elif len(name) > most.value:
        yield breach(most, f"the name of the {resource.type} is too long", span, f"{len(name)} of {most.amount()}", "shorten it")
    elif least is not None and len(name) < least.value:
        yield breach(least, f"the name of the {resource.type} is too short", span, f"at least {least.amount()}", "give it a longer one")


@rule("AWS123", "error", "aws", alike=True)
def tags_refused(subject: Subject) -> Iterator[Found]:
    """Find tags that AWS refuses: too long, in its own `aws:` namespace, or too many beside the three of fnctl.

    Why: The function would be created and then not found again, because its tags are missing.

    Example:
      functions:
        api: { handler: "api.py:app", tags: { "aws:team": shop } }

    Use instead:
      functions:
        api: { handler: "api.py:app", tags: { team: shop } }

    Sources: `lambda.tags`, `lambda.tag.key`, `lambda.tag.value`
    """
    service, limit = subject.service, subject.limits["lambda.tags"]
    for key, value in service.tags.items():
        yield from _tag(subject, key, value, "tags", key)
    for function in service.functions.values():
        for key, value in function.tags.items():
            yield from _tag(subject, key, value, "functions", function.name, "tags", key)
        count = len({**service.tags, **function.tags}) + OWN_TAGS
        if count > limit.value:
            label = f"{count} with those of fnctl, and at most {limit.amount()}"
            yield breach(limit, f"`{function.name}` has too many tags", at(subject, function, "tags"), label, "leave some out")


def _tag(subject: Subject, key: str, value: str, *path: Key) -> Iterator[Found]:
    span, longest = subject.service.span, subject.limits["lambda.tag.key"]
    if key.lower().startswith("aws:"):
        yield breach(longest, f"the tag {key} is in AWS's own namespace", span(*path, key=True), "reserved", "use another prefix")
    elif len(key) > longest.value:
        yield breach(longest, "a tag's key is too long", span(*path, key=True), f"{len(key)} of {longest.amount()}", "shorten it")
    elif len(value) > subject.limits["lambda.tag.value"].value:
        limit = subject.limits["lambda.tag.value"]
        yield breach(limit, f"the value of the tag {key} is too long", span(*path), f"{len(value)} of {limit.amount()}", "shorten it")


@rule("AWS140", "error", "aws", needs="built")
def package_too_large(subject: Subject) -> Iterator[Found]:
    """Find packages that are larger than Lambda unpacks. Known after a build: `fnctl validate --built`.

    Why: CreateFunction refuses code that is larger unpacked, layers included.

    Example: A function whose dependencies unpack to 300 MB.

    Use instead: `exclude:` for what is not needed at run time, a smaller library, or a container image.

    Sources: `lambda.zip.unpacked`
    """
    limit = subject.limits["lambda.zip.unpacked"]
    for built in subject.built.values():
        if built.unpacked_size > limit.in_bytes():
            name = built.functions[0]
            largest = "; ".join(f"{path} {megabytes(size)}" for path, size in built.largest[:3])
            label = f"{megabytes(built.unpacked_size)} unpacked, and at most {limit.amount()}"
            found = breach(
                limit,
                f"the package of `{name}` is too large",
                subject.service.span("functions", name, "handler"),
                label,
                "leave out what it never loads: exclude: [...]",
            )
            yield Found(found.message, found.span, found.label, (*found.notes, f"largest: {largest}"), found.help, found.severity)


RULES: tuple[Rule, ...] = (
    environment_name_reserved,
    environment_name_refused,
    environment_too_large,
    runtime_ended,
    runtime_ends_soon,
    runtime_not_known,
    name_is_shortened,
    physical_name_refused,
    tags_refused,
    package_too_large,
)

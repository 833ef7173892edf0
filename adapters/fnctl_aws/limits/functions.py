"""One function's own numbers and words: time, memory, disk, layers, description, handler, logs, network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import at, outside, whole

MARK = 56
"""Characters of a version's description that fnctl needs to mark its versions."""

_LAYER = r"arn:(aws[a-z-]*):lambda:([a-z0-9-]+):[0-9]{12}:layer:[A-Za-z0-9-_]+:[0-9]+"


@rule("AWS101", "error", "aws", needs="timeout", alike=True)
def timeout_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find timeouts that Lambda does not give.

    Why: The API's own model allows 5,400 s, for managed instances only: a dry run passes, and the deploy is refused.

    Example:
      functions:
        api: { handler: "api.py:app", timeout: 20m }

    Use instead:
      functions:
        api: { handler: "api.py:app", timeout: 15m }

    Sources: `lambda.timeout`, `lambda.timeout.min`
    """
    help = "split the work with a workflow (`workflows:`), or run it in a container (Fargate)"
    for function in subject.service.functions.values():
        if function.timeout is not None:
            yield from outside(
                subject.limits,
                "lambda.timeout",
                function.timeout,
                f"the timeout of `{function.name}`",
                partial(at, subject, function, "timeout"),
                help,
            )


@rule("AWS102", "error", "aws", needs="memory", alike=True)
def memory_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find memory sizes that Lambda does not give.

    Why: CreateFunction refuses them. The processor grows with the memory, up to six of them at the maximum.

    Example:
      functions:
        api: { handler: "api.py:app", memory: 64MB }

    Use instead:
      functions:
        api: { handler: "api.py:app", memory: 128MB }

    Sources: `lambda.memory`, `lambda.memory.min`, `lambda.memory.vcpu`
    """
    help = "a whole processor comes with 1,769 MB; more than 10 GB is a container (Fargate) or a machine (EC2)"
    for function in subject.service.functions.values():
        if function.memory is not None:
            yield from outside(
                subject.limits, "lambda.memory", function.memory, f"the memory of `{function.name}`", partial(at, subject, function, "memory"), help
            )


@rule("AWS103", "error", "aws", needs="own:ephemeral_storage")
def scratch_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find sizes of /tmp that Lambda does not give.

    Why: CreateFunction refuses them.

    Example:
      functions:
        api: { handler: "api.py:app", targets: { aws: { ephemeral_storage: 20GB } } }

    Use instead:
      functions:
        api: { handler: "api.py:app", targets: { aws: { ephemeral_storage: 10GB } } }

    Sources: `lambda.scratch`, `lambda.scratch.min`
    """
    help = "keep larger files in a bucket and stream them"
    for function in subject.service.functions.values():
        if function.own:
            size, span = whole(function.own.get("ephemeral_storage")), partial(at, subject, function, "ephemeral_storage")
            yield from outside(subject.limits, "lambda.scratch", size, f"`ephemeral_storage` of `{function.name}`", span, help)


@rule("AWS106", "error", "aws")
def description_too_long(subject: Subject) -> Iterator[Found]:
    """Find descriptions that do not fit, beside the mark that fnctl keeps in them.

    Why: A version's description holds which release it belongs to. Without it a rollback could not find it.

    Example:
      functions:
        api:
          handler: "api.py:app"
          description: >-
            This function takes orders, checks them against the stock of three warehouses, asks the payment service for a reservation of the amount,
            writes them into the table of orders and tells the other services of the shop what has happened, in this order.

    Use instead:
      functions:
        api: { handler: "api.py:app", description: Takes orders. }

    Sources: `lambda.description`
    """
    limit = subject.limits["lambda.description"]
    for function in subject.service.functions.values():
        if len(function.description) > limit.value - MARK:
            label = f"{len(function.description)} characters, and fnctl leaves {limit.value - MARK:g} of {limit.amount()}"
            yield breach(
                limit,
                f"the description of `{function.name}` is too long",
                at(subject, function, "description"),
                label,
                "say it in the code, or in the README",
            )


@rule("AWS109", "error", "aws", alike=True)
def log_retention_unknown(subject: Subject) -> Iterator[Found]:
    """Find log retentions that CloudWatch Logs does not have.

    Why: It keeps lines for one of 22 periods, and refuses every other number of days.

    Example:
      functions:
        api: { handler: "api.py:app", logs: { retention: 31d } }

    Use instead:
      functions:
        api: { handler: "api.py:app", logs: { retention: 30d } }

    Sources: `logs.retention`
    """
    known = subject.limits.words["logs.retention"]
    for function in subject.service.functions.values():
        days = function.logs.retention
        if days is not None and days not in known.values:
            near = min((abs(days - int(other)), int(other)) for other in known.values)[1]
            message = f"logs cannot be kept for {days} days"
            yield breach(known, message, at(subject, function, "logs", "retention"), "not one of the periods", f"say {near}d")


@rule("AWS112", "error", "aws", needs="layers")
def too_many_layers(subject: Subject) -> Iterator[Found]:
    """Find functions with more layers than Lambda attaches.

    Why: CreateFunction refuses more. Layers of agents and extensions count too.

    Example:
      functions:
        api:
          handler: "api.py:app"
          layers:
            - arn:aws:lambda:eu-west-1:123456789012:layer:a:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:b:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:c:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:d:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:e:1
            - arn:aws:lambda:eu-west-1:123456789012:layer:f:1

    Use instead:
      functions:
        api: { handler: "api.py:app", layers: ["arn:aws:lambda:eu-west-1:123456789012:layer:a:1"] }

    Sources: `lambda.layers`
    """
    limit = subject.limits["lambda.layers"]
    for function in subject.service.functions.values():
        if len(function.layers) > limit.value:
            label = f"{len(function.layers)}, and at most {limit.amount()}"
            yield breach(
                limit,
                f"`{function.name}` has too many layers",
                at(subject, function, "layers"),
                label,
                "bundle the code: fnctl packs what a function needs",
            )


@rule("AWS118", "error", "aws", needs="layers")
def layer_in_another_place(subject: Subject) -> Iterator[Found]:
    """Find layers that are no version's ARN, or of another region than the function.

    Why: Lambda attaches one numbered version, from the function's own region.

    Example:
      targets: { aws: { region: eu-west-1 } }
      functions:
        api: { handler: "api.py:app", layers: ["arn:aws:lambda:us-east-1:123456789012:layer:tools:3"] }

    Use instead:
      targets: { aws: { region: eu-west-1 } }
      functions:
        api: { handler: "api.py:app", layers: ["arn:aws:lambda:eu-west-1:123456789012:layer:tools:3"] }

    Sources: Lambda API model 2015-03-31, LayerVersionArn, 2026-11-17
    """
    region = subject.service.settings.get("region")
    for function in subject.service.functions.values():
        for index, layer in enumerate(function.layers):
            match, span = re.fullmatch(_LAYER, layer), at(subject, function, "layers", index)
            if match is None:
                help = "with its number at the end: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:1"
                yield Found("a layer is the ARN of one version", span, "not an ARN of a version", help=help)
            elif region and match[2] != region:
                yield Found(f"the layer is in {match[2]}, and the function in {region}", span, "another region", help=f"publish it in {region}")


@rule("AWS119", "error", "aws", needs="interface:native")
def handler_too_long(subject: Subject) -> Iterator[Found]:
    """Find native handlers whose name is longer than Lambda takes. All others are called through fnctl's own.

    Why: CreateFunction refuses it.

    Example: `interface: native` with a handler that is fifteen folders deep.

    Use instead:
      functions:
        api: { handler: "src/partner_requests.py:handle", interface: native }

    Sources: `lambda.handler`
    """
    limit = subject.limits["lambda.handler"]
    for function in subject.service.functions.values():
        name = f"{function.handler_file.rpartition('.')[0]}.{function.handler_name}"
        if function.interface == "native" and len(name) > limit.value:
            label = f"{len(name)} of {limit.amount()}"
            yield breach(
                limit,
                f"the handler of `{function.name}` has too long a name",
                at(subject, function, "handler"),
                label,
                "move the file up, or shorten its name",
            )


@rule("AWS125", "error", "aws", needs="own:vpc")
def network_too_wide(subject: Subject) -> Iterator[Found]:
    """Find functions with more subnets or security groups than Lambda connects.

    Why: CreateFunction refuses them.

    Example:
      functions:
        api: { handler: "api.py:app", targets: { aws: { vpc: { subnets: [subnet-1], security_groups: [sg-1, sg-2, sg-3, sg-4, sg-5, sg-6] } } } }

    Use instead:
      functions:
        api: { handler: "api.py:app", targets: { aws: { vpc: { subnets: [subnet-1], security_groups: [sg-1] } } } }

    Sources: `lambda.vpc.subnets`, `lambda.vpc.security_groups`
    """
    for function in subject.service.functions.values():
        vpc = function.own.get("vpc") if function.own else None
        if not isinstance(vpc, Mapping):
            continue
        for word in ("subnets", "security_groups"):
            given = vpc.get(word)
            count = len(given) if isinstance(given, list) else 0
            span = partial(at, subject, function, "vpc", word)
            yield from outside(
                subject.limits, f"lambda.vpc.{word}", count, f"the number of {word.replace('_', ' ')} of `{function.name}`", span, "leave some out"
            )


@rule("AWS128", "error", "aws", needs="own:snap_start")
def snap_start_impossible(subject: Subject) -> Iterator[Found]:
    """Find SnapStart where Lambda refuses it: other runtimes, a larger /tmp, provisioned concurrency.

    Why: The version cannot be published.

    Example:
      functions:
        api: { handler: "api.py:app", runtime: python3.11, targets: { aws: { snap_start: true } } }

    Use instead:
      functions:
        api: { handler: "api.py:app", runtime: python3.13, targets: { aws: { snap_start: true } } }

    Sources: `lambda.snapstart.runtimes`, `lambda.snapstart.scratch`
    """
    limits = subject.limits
    runtimes, scratch = limits.words["lambda.snapstart.runtimes"], limits["lambda.snapstart.scratch"]
    for function in subject.service.functions.values():
        if not function.own.get("snap_start"):
            continue
        span = at(subject, function, "snap_start")
        if function.runtime not in runtimes.values:
            help = f"it is there for {', '.join(map(str, runtimes.values))}"
            yield breach(runtimes, f"{function.runtime or 'an image'} has no SnapStart", span, "not with this runtime", help)
        if (whole(function.own.get("ephemeral_storage")) or 0) > scratch.value:
            yield breach(scratch, f"SnapStart needs a /tmp of {scratch.amount()}", span, "not with a larger one", "leave one of the two out")
        if function.provisioned:
            yield Found(
                "SnapStart and provisioned concurrency exclude each other", span, "not with both", (scratch.note(),), "leave one of the two out"
            )


RULES: tuple[Rule, ...] = (
    timeout_outside_limits,
    memory_outside_limits,
    scratch_outside_limits,
    description_too_long,
    log_retention_unknown,
    too_many_layers,
    layer_in_another_place,
    handler_too_long,
    network_too_wide,
    snap_start_impossible,
)

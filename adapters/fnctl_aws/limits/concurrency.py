"""How many at once: reservations against the account, provisioned concurrency, and retries of what runs on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import asynchronous, at, outside, whole

FEW = 12
"""Uses whose rights fit in any case: nearly every function has fewer, and pays nothing."""


@rule("AWS130", "error", "aws", needs="provisioned")
def provisioned_over_reserved(subject: Subject) -> Iterator[Found]:
    """Find functions that keep more instances warm than they may have at all.

    Why: PutProvisionedConcurrencyConfig refuses it.

    Example:
      functions:
        api: { handler: "api.py:app", concurrency: { reserved: 5, provisioned: 6 } }

    Use instead:
      functions:
        api: { handler: "api.py:app", concurrency: { reserved: 6, provisioned: 5 } }

    Sources: Provisioned concurrency, Lambda Developer Guide, 2026
    """
    for function in subject.service.functions.values():
        if function.reserved is not None and (function.provisioned or 0) > function.reserved:
            span = at(subject, function, "concurrency", "provisioned")
            label = f"{function.provisioned} warm, and at most {function.reserved} at once"
            yield Found(f"`{function.name}` provisions more than it reserves", span, label, help="raise `reserved`, or lower `provisioned`")


@rule("AWS131", "error", "aws", needs="reserved")
def reservations_over_account(subject: Subject) -> Iterator[Found]:
    """Find services whose reservations leave too little of the account's concurrency to everything else.

    Why: PutFunctionConcurrency refuses a reservation that leaves less than 100 unreserved. New accounts have less than 1,000 in all.

    Example:
      functions:
        api: { handler: "api.py:app", concurrency: { reserved: 600 } }
        work: { handler: "work.py:run", concurrency: { reserved: 400 } }

    Use instead:
      functions:
        api: { handler: "api.py:app", concurrency: { reserved: 500 } }
        work: { handler: "work.py:run", concurrency: { reserved: 400 } }

    Sources: `lambda.concurrency`, `lambda.concurrency.unreserved`
    """
    reserving = [function for function in subject.service.functions.values() if function.reserved]
    account, left = subject.limits["lambda.concurrency"], subject.limits["lambda.concurrency.unreserved"]
    total = sum(function.reserved or 0 for function in reserving)
    if reserving and total > account.value - left.value:
        label = f"{total:,} together, and {account.value - left.value:,g} of {account.amount()} can be reserved"
        help = "reserve less, or say what your account has: limits: { aws: { lambda.concurrency: ... } }"
        largest = max(reserving, key=lambda function: function.reserved or 0)
        span = at(subject, largest, "concurrency", "reserved")
        yield Found("the functions reserve more than the account has", span, label, (account.note(), left.note()), help)


@rule("AWS132", "error", "aws", needs="provisioned")
def provisioned_over_account(subject: Subject) -> Iterator[Found]:
    """Find services that provision more than the account has left, besides what is reserved.

    Why: The environments are never ready, and the deploy waits for them in vain.

    Example:
      functions:
        api: { handler: "api.py:app", concurrency: { provisioned: 950 } }

    Use instead:
      functions:
        api: { handler: "api.py:app", concurrency: { provisioned: 90 } }

    Sources: `lambda.concurrency`, `lambda.concurrency.unreserved`
    """
    functions = subject.service.functions.values()
    account, left = subject.limits["lambda.concurrency"], subject.limits["lambda.concurrency.unreserved"]
    warm = [function for function in functions if function.provisioned and function.reserved is None]
    room = account.value - left.value - sum(function.reserved or 0 for function in functions)
    total = sum(function.provisioned or 0 for function in warm)
    if warm and total > room >= 0:
        label = f"{total:,} together, and {room:,g} are left of {account.amount()}"
        help = "keep fewer warm, or say what your account has: limits: { aws: { lambda.concurrency: ... } }"
        span = at(subject, warm[0], "concurrency", "provisioned")
        yield Found("the functions provision more than the account has", span, label, (account.note(), left.note()), help)


@rule("AWS135", "error", "aws", needs="retry")
def too_many_retries(subject: Subject) -> Iterator[Found]:
    """Find retries that the source of a function's events does not give.

    Why: Lambda tries an event of a bucket, topic or bus twice more, a schedule's and a stream's more often. A larger number is refused.

    Example:
      resources: { uploads: { type: bucket } }
      functions:
        thumbs: { handler: "thumbs.py:made", retry: { max: 5 }, triggers: [{ bucket: uploads }] }

    Use instead:
      resources: { uploads: { type: bucket } }
      functions:
        thumbs: { handler: "thumbs.py:made", retry: { max: 2 }, triggers: [{ bucket: uploads }] }

    Sources: `lambda.async.attempts`, `scheduler.attempts`, `lambda.mapping.attempts`
    """
    for function in subject.service.functions.values():
        tries = whole(function.retry.get("max")) if function.retry else None
        if tries is None:
            continue
        kinds = {trigger.kind for trigger in function.triggers}
        id_ = "lambda.async.attempts" if asynchronous(function) else "scheduler.attempts" if "schedule" in kinds else "lambda.mapping.attempts"
        help = "let a workflow's step retry, or send what failed to a queue: dead_letter: ..."
        yield from outside(
            subject.limits, id_, tries, f"the number of retries of `{function.name}`", partial(at, subject, function, "retry", "max"), help
        )


@rule("AWS136", "error", "aws", needs="retry")
def retry_age_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find ages until which events are retried that Lambda or Scheduler do not keep.

    Why: PutFunctionEventInvokeConfig and CreateSchedule refuse them.

    Example:
      resources: { uploads: { type: bucket } }
      functions:
        thumbs: { handler: "thumbs.py:made", retry: { max_age: 12h }, triggers: [{ bucket: uploads }] }

    Use instead:
      resources: { uploads: { type: bucket } }
      functions:
        thumbs: { handler: "thumbs.py:made", retry: { max_age: 6h }, triggers: [{ bucket: uploads }] }

    Sources: `lambda.async.age`, `lambda.async.age.min`, `scheduler.age`, `scheduler.age.min`
    """
    for function in subject.service.functions.values():
        age = whole(function.retry.get("max_age")) if function.retry else None
        kinds = {trigger.kind for trigger in function.triggers}
        id_ = "lambda.async.age" if asynchronous(function) else "scheduler.age" if "schedule" in kinds else "lambda.mapping.age"
        help = "send what is older to a queue: dead_letter: ..."
        yield from outside(
            subject.limits, id_, age, f"the age of retried events of `{function.name}`", partial(at, subject, function, "retry", "max_age"), help
        )


@rule("AWS137", "warning", "aws")
def too_many_roles(subject: Subject) -> Iterator[Found]:
    """Find services with so many functions that their roles do not fit in an account.

    Why: Every function has a role of its own, so that it has its own rights. An account has 1,000 roles until they are raised.

    Example: A manifest with 1,001 functions.

    Use instead: Several services in several accounts, or a raised quota: `limits: { aws: { iam.roles: 5000 } }`.

    Sources: `iam.roles`
    """
    limit, count = subject.limits["iam.roles"], len(subject.service.functions)
    if count > limit.value:
        label = f"{count:,} functions, and at most {limit.amount()}"
        help = "have the quota raised and say so: limits: { aws: { iam.roles: ... } }"
        yield breach(limit, "an account has fewer roles than this service has functions", subject.service.span("functions", key=True), label, help)


OWNED = {"bucket": "s3.buckets", "table": "dynamodb.tables", "topic": "sns.topics"}


@rule("AWS138", "warning", "aws")
def too_many_of_a_kind(subject: Subject) -> Iterator[Found]:
    """Find services with more buckets, tables, topics or secrets than an account has room for.

    Why: The first ones are made, and the platform refuses the rest until the quota is raised.

    Example: A manifest with 2,501 tables.

    Use instead: Several services in several accounts, or a raised quota: `limits: { aws: { dynamodb.tables: 5000 } }`.

    Sources: `s3.buckets`, `dynamodb.tables`, `sns.topics`, `sns.topics.fifo`, `ssm.parameters`
    """
    service = subject.service
    kinds = [OWNED[r.type] + (".fifo" if r.options.get("fifo") else "") for r in service.resources.values() if r.type in OWNED and not r.existing]
    if service.settings.get("secrets") != "secretsmanager":
        kinds += ["ssm.parameters"] * len(service.secrets)
    for id_, count in Counter(kinds).items():
        limit = subject.limits[id_]
        if count > limit.value:
            help = f"have the quota raised and say so: limits: {{ aws: {{ {id_}: ... }} }}"
            span = service.span("secrets" if id_ == "ssm.parameters" else "resources", key=True)
            yield breach(limit, f"an account has fewer {limit.unit} than this service", span, f"{count:,}, and at most {limit.amount()}", help)


@rule("AWS139", "error", "aws")
def rights_too_long(subject: Subject) -> Iterator[Found]:
    """Find functions that use so much that their rights do not fit in a role.

    Why: PutRolePolicy refuses policies of more than 10,240 characters. Each thing that a function uses is a statement of its own.

    Example: A function that uses a hundred tables.

    Use instead: Several functions with fewer rights each; or one table whose keys tell apart what the many held.

    Sources: `iam.policy.inline`
    """
    limit = subject.limits["iam.policy.inline"]
    for function in subject.service.functions.values():
        if len(function.uses) + len(function.secrets) + len(function.triggers) < FEW:
            continue
        from fnctl_aws.limits.filled import compact
        from fnctl_aws.translate.policy import function_policy

        size = len(compact(subject.service, function_policy(subject.service, function)))
        if size > limit.value:
            label = f"{size:,} characters of rights, and at most {limit.amount()}"
            yield breach(limit, f"`{function.name}` uses too much", at(subject, function, "uses"), label, "split it into functions that use less")


RULES: tuple[Rule, ...] = (
    provisioned_over_reserved,
    reservations_over_account,
    provisioned_over_account,
    too_many_retries,
    retry_age_outside_limits,
    too_many_roles,
    too_many_of_a_kind,
    rights_too_long,
)

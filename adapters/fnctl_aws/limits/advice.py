"""Advice that rests on AWS's own prices and habits: processors, memory, warm starts, logs, what is open to the world, what calls itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import at, mapped, whole
from fnctl_aws.translate.http import behind_api, has_url

SMALL = 256
"""MB from which a Python with an SDK starts in a bearable time."""

WRITES = {"bucket": "write", "queue": "send", "topic": "publish", "table": "write", "stream": "put", "bus": "emit"}
WATCHED = {"queue": "sqs", "topic": "sns", "bucket": "s3"}
"""Triggers whose loops Lambda detects, as `lambda.recursion.watched` calls them."""


@rule("ADV001", "advice", "aws", preset="strict")
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


@rule("ADV002", "advice", "aws")
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


@rule("ADV003", "advice", "aws", preset="strict")
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


@rule("ADV004", "advice", "aws")
def visibility_too_short(subject: Subject) -> Iterator[Found]:
    """Point at queues that hide a message for less than six times a consumer's timeout and its batching window.

    Why: A throttled batch is tried again while it is hidden. With less time its messages come back, and are done twice.

    Example:
      resources: { jobs: { type: queue, visibility: 2m } }
      functions:
        work: { handler: "work.py:run", timeout: 60s, triggers: [{ queue: jobs }] }

    Use instead:
      resources: { jobs: { type: queue, visibility: 6m } }
      functions:
        work: { handler: "work.py:run", timeout: 60s, triggers: [{ queue: jobs }] }

    Sources: `lambda.mapping.visibility.advised`, `lambda.mapping.visibility`
    """
    limits, resources = subject.limits, subject.service.resources
    advised, least = limits["lambda.mapping.visibility.advised"], limits["lambda.mapping.visibility"]
    for function, trigger in mapped(subject.service):
        resource = resources.get(trigger.resource or "")
        said = whole(resource.options.get("visibility")) if resource is not None and resource.type == "queue" else None
        if resource is None or said is None or function.timeout is None:
            continue
        wanted = min(advised.value * function.timeout + (whole(trigger.options.get("window")) or 0), limits["sqs.visibility"].value)
        if least.value * function.timeout <= said < wanted:
            span = subject.service.span("resources", resource.name, "visibility")
            label = f"{said} s, and {wanted:g} s are advised for `{function.name}`"
            help = f"say {wanted:g}s, or leave it out: fnctl computes it"
            yield Found("messages may come back while they are worked on", span, label, (advised.note(),), help)


@rule("ADV005", "advice", "aws")
def queue_without_dead_letters(subject: Subject) -> Iterator[Found]:
    """Point at queues that functions listen to and whose failing messages go nowhere.

    Why: A message that always fails comes back until it is too old: four days of failing calls, and then it is gone.

    Example:
      resources: { jobs: { type: queue, dead_letter: false } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: jobs }] }

    Use instead:
      resources: { jobs: { type: queue, max_receives: 5 } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: jobs }] }

    Sources: `sqs.retention.default`
    """
    service = subject.service
    heard = {trigger.resource for _, trigger in mapped(service)}
    for resource in service.resources.values():
        if resource.type == "queue" and resource.options.get("dead_letter") is False and resource.name in heard:
            span, help = service.span("resources", resource.name, "dead_letter"), "leave `dead_letter` out: fnctl makes a queue for them"
            yield Found(f"what always fails in `{resource.name}` is tried for days", span, "no dead letters", help=help)


@rule("ADV006", "advice", "aws", preset="strict")
def few_receives(subject: Subject) -> Iterator[Found]:
    """Point at queues that give a message up after fewer than five tries.

    Why: A throttled poll counts as a try: under load, healthy messages end among the dead letters.

    Example:
      resources: { jobs: { type: queue, max_receives: 3 } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: jobs }] }

    Use instead:
      resources: { jobs: { type: queue, max_receives: 5 } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: jobs }] }

    Sources: `lambda.mapping.receives.advised`
    """
    advised = subject.limits["lambda.mapping.receives.advised"]
    heard = {trigger.resource for _, trigger in mapped(subject.service)}
    for resource in subject.service.resources.values():
        tries = whole(resource.options.get("max_receives")) if resource.type == "queue" else None
        if tries is not None and tries < advised.value and resource.name in heard:
            span = subject.service.span("resources", resource.name, "max_receives")
            label = f"{tries}, and {advised.amount()} are advised"
            yield Found("throttling alone may give messages up", span, label, (advised.note(),), f"say {advised.value:g}")


@rule("ADV007", "advice", "aws")
def one_message_a_call(subject: Subject) -> Iterator[Found]:
    """Point at queues whose messages come one a call.

    Why: Ten in a batch are one request instead of ten, and one start instead of ten. fnctl calls the handler for each and reports which ones failed.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 1 } }] }

    Use instead:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 10 } }] }

    Sources: AWS Price List for us-east-1, AWSLambda, 2026-09-19
    """
    for function, trigger in mapped(subject.service):
        if trigger.options.get("batch") == 1:
            span = subject.service.span(*trigger.at, trigger.kind, "batch")
            help = "say 10, or leave it out; keep 1 where a single message takes minutes"
            yield Found(f"`{function.name}` is called once for every message", span, "one at a time", help=help)


@rule("ADV008", "advice", "aws")
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


@rule("ADV009", "advice", "aws")
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


@rule("ADV010", "advice", "aws", preset="strict")
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


@rule("ADV011", "advice", "aws")
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
            largest = "; ".join(f"{path} {size / 1024**2:.1f} MB" for path, size in built.largest[:3])
            span = subject.service.span("functions", name, "handler")
            label, help = f"{built.size / 1024**2:.1f} MB packed", "leave out what it never loads: exclude: [...]"
            notes = (subject.limits["lambda.zip.upload"].note(), f"largest: {largest}")
            yield Found(f"`{name}` has a large package", span, label, notes, help)


@rule("ADV012", "advice", "aws")
def writes_to_what_starts_it(subject: Subject) -> Iterator[Found]:
    """Point at functions that write to the bucket, queue or topic that starts them; for tables, streams and buses it is a warning.

    Why: One event makes the next. Lambda stops such a chain after about 16 calls through queues, topics and buckets, and never through the others.

    Example:
      resources: { orders: { type: table, key: id } }
      functions:
        stamp: { handler: "stamp.py:run", triggers: [{ table: orders }], uses: { orders: write } }

    Use instead:
      resources: { orders: { type: table, key: id }, stamps: { type: table, key: id } }
      functions:
        stamp: { handler: "stamp.py:run", triggers: [{ table: orders }], uses: { stamps: write } }

    Sources: `lambda.recursion`, `lambda.recursion.watched`
    """
    limits = subject.limits
    watched = limits.words["lambda.recursion.watched"].values
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if WRITES.get(trigger.kind) in function.uses.get(trigger.resource or "", ()):
                seen = WATCHED.get(trigger.kind) in watched
                span = subject.service.span("functions", function.name, "uses", trigger.resource or "", key=True)
                message = f"`{function.name}` writes to the {trigger.kind} that starts it"
                help = "write elsewhere, or filter what it wrote itself (a prefix, an attribute, a source)"
                label = "stopped after a while" if seen else "nothing stops it"
                yield Found(message, span, label, (limits["lambda.recursion"].note(),), help, None if seen else "warning")


@rule("ADV021", "advice", "aws")
def stream_blocked_by_one_record(subject: Subject) -> Iterator[Found]:
    """Point at functions that read a stream or a table's changes and never give a record up.

    Why: By default a record that fails is tried until it is too old, and everything behind it in its shard waits: for a day.

    Example:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: clicks }] }

    Use instead:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, max_retries: 3, bisect: true } }] }

    Sources: `dynamodb.stream.retention`, `lambda.mapping.attempts`
    """
    for function, trigger in mapped(subject.service):
        if trigger.kind != "queue" and not {"max_retries", "max_age"} & trigger.options.keys():
            span = subject.service.span(*trigger.at)
            help = f"bound it: {trigger.kind}: {{ name: {trigger.resource}, max_retries: 3, bisect: true }}"
            yield Found(f"one bad record stops `{function.name}` for a day", span, "tried for ever", help=help)


@rule("ADV022", "advice", "aws")
def polls_are_throttled(subject: Subject) -> Iterator[Found]:
    """Point at queue triggers that may run more at once than their function reserves.

    Why: The polls above are throttled, and each counts as a try: healthy messages end among the dead letters.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", concurrency: { reserved: 5 }, triggers: [{ queue: { name: jobs, max_concurrency: 20 } }] }

    Use instead:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", concurrency: { reserved: 20 }, triggers: [{ queue: { name: jobs, max_concurrency: 20 } }] }

    Sources: `lambda.mapping.scaling`
    """
    for function, trigger in mapped(subject.service):
        most = whole(trigger.options.get("max_concurrency"))
        if most is not None and function.reserved and most > function.reserved:
            span, label = subject.service.span(*trigger.at, trigger.kind, "max_concurrency"), f"{most}, and {function.reserved} are reserved"
            yield Found(f"polls for `{function.name}` are throttled", span, label, help="lower it to what is reserved, or reserve more")


@rule("ADV023", "advice", "aws")
def events_missed_at_first(subject: Subject) -> Iterator[Found]:
    """Point at streams and tables that are read from the latest record on.

    Why: While the trigger is created or changed, records that arrive are missed. From the oldest on, none is.

    Example:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, from: latest, max_retries: 3 } }] }

    Use instead:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, from: oldest, max_retries: 3 } }] }

    Sources: Lambda Developer Guide, Processing records from a stream, read 2026-11
    """
    for function, trigger in mapped(subject.service):
        if trigger.options.get("from") == "latest":
            span = subject.service.span(*trigger.at, trigger.kind, "from")
            help = "say `from: oldest`, and skip what is too old with `max_age`"
            yield Found(f"`{function.name}` may miss records while its trigger is made", span, "from now on", help=help)


@rule("SEC010", "warning", "aws")
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
    visibility_too_short,
    queue_without_dead_letters,
    few_receives,
    one_message_a_call,
    logs_kept_for_ever,
    open_url_without_cap,
    cold_starts_are_felt,
    package_is_large,
    writes_to_what_starts_it,
    stream_blocked_by_one_record,
    polls_are_throttled,
    events_missed_at_first,
    rights_to_everything,
)

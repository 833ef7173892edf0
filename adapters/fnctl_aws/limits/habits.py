"""Advice about queues, streams and what else starts functions: what is tried again, given up, throttled, missed, or calls itself."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import mapped, whole

WRITES = {"bucket": "write", "queue": "send", "topic": "publish", "table": "write", "stream": "put", "bus": "emit"}
WATCHED = {"queue": "sqs", "topic": "sns", "bucket": "s3"}
"""Triggers whose loops Lambda detects, as `lambda.recursion.watched` calls them."""


@rule("ADV004", "advice", "aws", needs="resource.visibility")
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
            label = f"{said:,} s, and {wanted:,g} s are advised for `{function.name}`"
            help = f"say {wanted:g}s, or leave it out: fnctl computes it"
            yield Found("messages may come back while they are worked on", span, label, (advised.note(),), help)


@rule("ADV005", "advice", "aws", needs="resource.dead_letter")
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


@rule("ADV006", "advice", "aws", preset="strict", needs="resource.max_receives")
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


@rule("ADV007", "advice", "aws", needs="trigger.batch", alike=True)
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


@rule("ADV012", "advice", "aws", needs="uses", alike=True)
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


@rule("ADV021", "advice", "aws", needs=("trigger:stream", "trigger:table"))
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


@rule("ADV022", "advice", "aws", needs="trigger.max_concurrency")
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


@rule("ADV023", "advice", "aws", needs="trigger.from")
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


RULES: tuple[Rule, ...] = (
    visibility_too_short,
    queue_without_dead_letters,
    few_receives,
    one_message_a_call,
    writes_to_what_starts_it,
    stream_blocked_by_one_record,
    polls_are_throttled,
    events_missed_at_first,
)

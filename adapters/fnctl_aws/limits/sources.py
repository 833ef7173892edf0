"""What starts functions besides http: queues, streams and tables that Lambda polls, schedules, bucket notifications, bus rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import combinations

from fnctl.manifest.model import Function, Trigger
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import mapped, outside, source, whole
from fnctl_aws.translate.schedule import expression, payload, scheduled


@rule("AWS111", "error", "aws")
def batch_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find batches that Lambda does not make: too large, or more than ten from a FIFO queue.

    Why: CreateEventSourceMapping refuses them.

    Example:
      resources: { jobs: { type: queue, fifo: true } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 11 } }] }

    Use instead:
      resources: { jobs: { type: queue, fifo: true } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 10 } }] }

    Sources: `lambda.mapping.batch`, `lambda.mapping.batch.fifo`
    """
    for function, trigger in mapped(subject.service):
        limit = subject.limits["lambda.mapping.batch.fifo" if _fifo(subject, trigger) else "lambda.mapping.batch"]
        batch = whole(trigger.options.get("batch"))
        if batch is not None and batch > limit.value:
            span = subject.service.span(*trigger.at, trigger.kind, "batch")
            label = f"{batch:,}, and at most {limit.amount()}"
            yield breach(limit, f"the batch of `{function.name}` is too large", span, label, f"say {limit.value:g}, or split what is sent")


def _fifo(subject: Subject, trigger: Trigger) -> bool:
    resource = source(subject.service, trigger)
    return resource is not None and resource.type == "queue" and bool(resource.options.get("fifo"))


@rule("AWS142", "error", "aws")
def window_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find batching windows that are too long, none at all for a large batch, or any for a FIFO queue.

    Why: CreateEventSourceMapping refuses them.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 100, window: 0s } }] }

    Use instead:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, batch: 100, window: 5s } }] }

    Sources: `lambda.mapping.window`, `lambda.mapping.batch.no_window`, `lambda.mapping.window.fifo`
    """
    most, without, fifo = (subject.limits[f"lambda.mapping.{id_}"] for id_ in ("window", "batch.no_window", "window.fifo"))
    for function, trigger in mapped(subject.service):
        window, batch = whole(trigger.options.get("window")), whole(trigger.options.get("batch")) or 0
        if window is None:
            continue
        span = subject.service.span(*trigger.at, trigger.kind, "window")
        if _fifo(subject, trigger) and window > fifo.value:
            yield breach(fifo, "a FIFO queue has no batching window", span, f"{window} s", "leave it out")
        elif window > most.value:
            yield breach(
                most, f"the batching window of `{function.name}` is too long", span, f"{window} s, and at most {most.amount()}", "shorten it"
            )
        elif window == 0 and batch > without.value:
            label = f"a batch of {batch}, and at most {without.value:g} without a window"
            help = "say `window: 1s` or more, or leave it out"
            yield breach(without, f"the large batch of `{function.name}` needs a moment to fill", span, label, help)


@rule("AWS143", "error", "aws")
def queue_concurrency_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find a `max_concurrency` that Lambda does not take.

    Why: CreateEventSourceMapping refuses more than 1,000, and less than 2.

    Example:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, max_concurrency: 2000 } }] }

    Use instead:
      resources: { jobs: { type: queue } }
      functions:
        work: { handler: "work.py:run", triggers: [{ queue: { name: jobs, max_concurrency: 1000 } }] }

    Sources: `lambda.mapping.concurrency`, `lambda.mapping.concurrency.min`
    """
    for function, trigger in mapped(subject.service):
        value = whole(trigger.options.get("max_concurrency"))
        span = partial(subject.service.span, *trigger.at, trigger.kind, "max_concurrency")
        help = "for one at a time take a FIFO queue with one message group, or `concurrency: { reserved: 1 }`"
        yield from outside(subject.limits, "lambda.mapping.concurrency", value, f"`max_concurrency` of `{function.name}`", span, help)


@rule("AWS147", "error", "aws")
def filter_too_long(subject: Subject) -> Iterator[Found]:
    """Find filters that are longer than Lambda or EventBridge takes.

    Why: CreateEventSourceMapping and PutRule refuse them.

    Example: A `filter` with a list of 500 order numbers.

    Use instead: A prefix or a field that says what belongs together, or a check in the handler.

    Sources: `lambda.mapping.filter`, `events.pattern`
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            given = trigger.options.get("filter")
            if given and trigger.kind != "topic":
                limit = subject.limits["events.pattern" if trigger.kind == "bus" else "lambda.mapping.filter"]
                size = len(json.dumps(given, separators=(",", ":")))
                if size > limit.value:
                    span = subject.service.span(*trigger.at, trigger.kind, "filter")
                    yield breach(limit, f"a filter of `{function.name}` is too long", span, f"{size:,} of {limit.amount()}", "filter in the handler")


@rule("AWS153", "error", "aws")
def record_age_outside_limits(subject: Subject) -> Iterator[Found]:
    """Find a `max_age` of a stream's or table's records that Lambda does not take.

    Why: CreateEventSourceMapping refuses less than a minute and more than a week.

    Example:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, max_age: 30s } }] }

    Use instead:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, max_age: 1h } }] }

    Sources: `lambda.mapping.age`, `lambda.mapping.age.min`
    """
    for function, trigger in mapped(subject.service):
        age, span = whole(trigger.options.get("max_age")), partial(subject.service.span, *trigger.at, trigger.kind, "max_age")
        yield from outside(subject.limits, "lambda.mapping.age", age, f"`max_age` of `{function.name}`", span, "between a minute and a week")


@rule("AWS154", "error", "aws")
def too_many_record_retries(subject: Subject) -> Iterator[Found]:
    """Find a `max_retries` of a stream's or table's records that Lambda does not take.

    Why: CreateEventSourceMapping refuses it. Each failing try blocks the shard.

    Example:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, max_retries: 10001 } }] }

    Use instead:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, max_retries: 3, bisect: true } }] }

    Sources: `lambda.mapping.attempts`
    """
    for function, trigger in mapped(subject.service):
        tries, span = whole(trigger.options.get("max_retries")), partial(subject.service.span, *trigger.at, trigger.kind, "max_retries")
        yield from outside(subject.limits, "lambda.mapping.attempts", tries, f"`max_retries` of `{function.name}`", span, "a handful says as much")


@rule("AWS156", "error", "aws")
def too_many_batches_per_shard(subject: Subject) -> Iterator[Found]:
    """Find a `parallel` of a stream or table that Lambda does not take.

    Why: CreateEventSourceMapping refuses more than ten batches of one shard at a time.

    Example:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, parallel: "11", max_retries: 3 } }] }

    Use instead:
      resources: { clicks: { type: stream } }
      functions:
        count: { handler: "count.py:run", triggers: [{ stream: { name: clicks, parallel: 10, max_retries: 3 } }] }

    Sources: `lambda.mapping.parallel`
    """
    for function, trigger in mapped(subject.service):
        asked, span = whole(trigger.options.get("parallel")), partial(subject.service.span, *trigger.at, trigger.kind, "parallel")
        help = "more shards read more at a time: shards: ..."
        yield from outside(subject.limits, "lambda.mapping.parallel", asked, f"`parallel` of `{function.name}`", span, help)


@rule("AWS155", "warning", "aws")
def too_many_readers(subject: Subject) -> Iterator[Found]:
    """Find tables whose changes more functions read than DynamoDB serves.

    Why: Further readers are throttled, and fall behind until changes are lost.

    Example:
      resources: { orders: { type: table, key: id } }
      functions:
        one: { handler: "one.py:run", triggers: [{ table: orders }] }
        two: { handler: "two.py:run", triggers: [{ table: orders }] }
        three: { handler: "three.py:run", triggers: [{ table: orders }] }

    Use instead:
      resources: { orders: { type: table, key: id }, changed: { type: topic } }
      functions:
        tell: { handler: "tell.py:run", triggers: [{ table: orders }], uses: { changed: publish } }
        one: { handler: "one.py:run", triggers: [{ topic: changed }] }
        two: { handler: "two.py:run", triggers: [{ topic: changed }] }
        three: { handler: "three.py:run", triggers: [{ topic: changed }] }

    Sources: `dynamodb.stream.readers`
    """
    limit = subject.limits["dynamodb.stream.readers"]
    readers: dict[str, list[Trigger]] = {}
    for _, trigger in mapped(subject.service):
        if trigger.kind == "table":
            readers.setdefault(trigger.key if trigger.resource is None else trigger.resource, []).append(trigger)
    for name, found in readers.items():
        if len(found) > limit.value:
            span, label = subject.service.span(*found[-1].at), f"{len(found)} readers, and {limit.amount()} are served"
            yield breach(limit, f"too many functions read the changes of `{name}`", span, label, "read them once, and publish them to a topic")


@rule("AWS110", "error", "aws")
def schedule_unsayable(subject: Subject) -> Iterator[Found]:
    """Find schedules for which EventBridge Scheduler has no words: a day of the month and a weekday at once.

    Why: Five-field cron means either of the two. Scheduler takes only one of them.

    Example:
      functions:
        tick: { handler: "tick.py:run", triggers: [{ schedule: "0 0 13 * 5" }] }

    Use instead:
      functions:
        tick: { handler: "tick.py:run", triggers: [{ schedule: "0 0 13 * *" }, { schedule: "0 0 * * 5" }] }

    Sources: EventBridge Scheduler User Guide, Schedule types, read 2026-11
    """
    for _, trigger in scheduled(subject.service):
        try:
            expression(trigger)
        except ValueError as error:
            note = "EventBridge Scheduler takes a day of the month or a weekday, not both (User Guide, Schedule types, read 2026-11)"
            span, help = subject.service.span(*trigger.at, "schedule"), "use two triggers, one for each"
            yield Found(f"EventBridge Scheduler cannot say {error}", span, "both days", (note,), help)


@rule("AWS162", "error", "aws")
def schedule_input_too_large(subject: Subject) -> Iterator[Found]:
    """Find a schedule's `input` that is larger than Scheduler keeps.

    Why: CreateSchedule refuses it.

    Example: An `input` of 300 KB.

    Use instead: A file in the package (`include:`), or the name of an object in a bucket.

    Sources: `scheduler.input`
    """
    limit = subject.limits["scheduler.input"]
    for _, trigger in scheduled(subject.service):
        size = len(payload(trigger).encode())
        if size > limit.in_bytes():
            span = subject.service.span(*trigger.at, "schedule", "input")
            label = f"{size:,} bytes with what fnctl adds, and at most {limit.amount()}"
            yield breach(limit, "the schedule's input is too large", span, label, "keep it in the package or a bucket")


@rule("AWS170", "error", "aws")
def notifications_overlap(subject: Subject) -> Iterator[Found]:
    """Find two triggers of one bucket that would both match an object: same event, and prefixes and suffixes that overlap.

    Why: A bucket has one list of notifications. S3 refuses a list in which an object would go to two places.

    Example:
      resources: { uploads: { type: bucket } }
      functions:
        thumbs: { handler: "thumbs.py:made", triggers: [{ bucket: { name: uploads, suffix: .jpg } }] }
        index: { handler: "index.py:made", triggers: [{ bucket: uploads }] }

    Use instead:
      resources: { uploads: { type: bucket }, stored: { type: topic } }
      functions:
        tell: { handler: "tell.py:made", triggers: [{ bucket: uploads }], uses: { stored: publish } }
        thumbs: { handler: "thumbs.py:made", triggers: [{ topic: stored }] }
        index: { handler: "index.py:made", triggers: [{ topic: stored }] }

    Sources: Amazon S3 User Guide, Configuring notifications with overlapping filters, read 2026-11
    """
    notified: dict[str, list[tuple[Function, Trigger]]] = {}
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "bucket":
                notified.setdefault(trigger.resource or "", []).append((function, trigger))
    for name, listeners in notified.items():
        for (one, first), (other, second) in combinations(listeners, 2):
            if _overlap(first, second):
                span, label = subject.service.span(*second.at), f"`{one.name}` gets them already"
                help = "tell them apart by prefix or suffix, or publish to a topic that both listen to"
                yield Found(f"`{other.name}` asks for objects of `{name}` that another function gets", span, label, help=help)


def _overlap(one: Trigger, other: Trigger) -> bool:
    prefixes, suffixes = ([str(trigger.options.get(word) or "") for trigger in (one, other)] for word in ("prefix", "suffix"))
    events = [set(when if isinstance(when := trigger.options.get("when"), list) else ["created"]) for trigger in (one, other)]
    return bool(events[0] & events[1]) and _nested(*prefixes) and _nested(*(suffix[::-1] for suffix in suffixes))


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


@rule("AWS171", "error", "aws")
def too_many_notifications(subject: Subject) -> Iterator[Found]:
    """Find buckets with more notifications than S3 keeps for one.

    Why: PutBucketNotificationConfiguration refuses them.

    Example: 101 functions that listen to one bucket.

    Use instead: One function that publishes to a topic or a bus, to which the others listen.

    Sources: `s3.notifications`
    """
    limit = subject.limits["s3.notifications"]
    counts: dict[str, int] = {}
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "bucket" and trigger.resource:
                counts[trigger.resource] = counts.get(trigger.resource, 0) + 1
    for name, count in counts.items():
        if count > limit.value:
            span = subject.service.span("resources", name, key=True)
            yield breach(limit, f"too many functions listen to `{name}`", span, f"{count} of {limit.amount()}", "publish once to a topic or a bus")


@rule("AWS173", "error", "aws")
def notification_filter_too_long(subject: Subject) -> Iterator[Found]:
    """Find prefixes and suffixes of a bucket's objects that are longer than any key.

    Why: No object could match, and S3 refuses the filter.

    Example: A `prefix` of 1,100 characters.

    Use instead: A shorter one.

    Sources: `s3.key`
    """
    limit = subject.limits["s3.key"]
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            for word in ("prefix", "suffix") if trigger.kind == "bucket" else ():
                size = len(str(trigger.options.get(word) or "").encode())
                if size > limit.value:
                    span = subject.service.span(*trigger.at, "bucket", word)
                    yield breach(limit, f"no object has such a long {word}", span, f"{size:,} of {limit.amount()}", "shorten it")


@rule("AWS175", "warning", "aws")
def too_many_bus_rules(subject: Subject) -> Iterator[Found]:
    """Find buses with more listeners than EventBridge keeps rules for one.

    Why: PutRule refuses more until the quota is raised.

    Example: 301 functions that listen to one bus.

    Use instead: A raised quota (`limits: { aws: { events.rules: 1000 } }`), or fewer functions that look at more.

    Sources: `events.rules`
    """
    limit = subject.limits["events.rules"]
    counts: dict[str, int] = {}
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "bus" and trigger.resource:
                counts[trigger.resource] = counts.get(trigger.resource, 0) + 1
    for name, count in counts.items():
        if count > limit.value:
            help = "have the quota raised and say so: limits: { aws: { events.rules: ... } }"
            span = subject.service.span("resources", name, key=True)
            yield breach(limit, f"too many functions listen to `{name}`", span, f"{count} of {limit.amount()}", help)


@rule("AWS146", "warning", "aws")
def fifo_topic_calls_no_function(subject: Subject) -> Iterator[Found]:
    """Find functions that listen to a FIFO topic.

    Why: A FIFO topic delivers to queues, not to functions.

    Example:
      resources: { prices: { type: topic, fifo: true } }
      functions:
        show: { handler: "show.py:run", triggers: [{ topic: prices }] }

    Use instead:
      resources: { prices: { type: topic } }
      functions:
        show: { handler: "show.py:run", triggers: [{ topic: prices }] }

    Sources: Amazon SNS Developer Guide, FIFO topics, read 2026-11 (not sure)
    """
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            resource = source(subject.service, trigger) if trigger.kind == "topic" else None
            if resource is not None and resource.options.get("fifo"):
                span, help = subject.service.span(*trigger.at), "use a standard topic, or a FIFO queue"
                yield Found(f"the FIFO topic `{resource.name}` calls no functions", span, "not delivered", help=help)


RULES: tuple[Rule, ...] = (
    batch_outside_limits,
    window_outside_limits,
    queue_concurrency_outside_limits,
    filter_too_long,
    record_age_outside_limits,
    too_many_record_retries,
    too_many_batches_per_shard,
    too_many_readers,
    schedule_unsayable,
    schedule_input_too_large,
    notifications_overlap,
    too_many_notifications,
    notification_filter_too_long,
    too_many_bus_rules,
    fifo_topic_calls_no_function,
)

"""What Lambda polls: queues, streams and the changes of tables. Their batches, windows, ages, retries and filters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from fnctl.manifest.model import Trigger
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import mapped, outside, source, whole


@rule("AWS111", "error", "aws", needs="trigger.batch")
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


@rule("AWS142", "error", "aws", needs="trigger.window")
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


@rule("AWS143", "error", "aws", needs="trigger.max_concurrency")
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


@rule("AWS147", "error", "aws", needs="trigger.filter")
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
                import json  # few triggers have a filter

                size = len(json.dumps(given, separators=(",", ":")))
                if size > limit.value:
                    span = subject.service.span(*trigger.at, trigger.kind, "filter")
                    yield breach(limit, f"a filter of `{function.name}` is too long", span, f"{size:,} of {limit.amount()}", "filter in the handler")


@rule("AWS153", "error", "aws", needs="trigger.max_age")
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


@rule("AWS154", "error", "aws", needs="trigger.max_retries")
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


@rule("AWS156", "error", "aws", needs="trigger.parallel")
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


@rule("AWS155", "warning", "aws", needs="trigger:table")
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


RULES: tuple[Rule, ...] = (
    batch_outside_limits,
    window_outside_limits,
    queue_concurrency_outside_limits,
    filter_too_long,
    record_age_outside_limits,
    too_many_record_retries,
    too_many_batches_per_shard,
    too_many_readers,
)

"""What calls functions besides http and polling: schedules, bucket notifications, topics, the rules of a bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from fnctl.manifest.model import Function, Trigger
from fnctl.rules.breach import breach
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl_aws.limits.parts import source
from fnctl_aws.translate.schedule import expression, payload, scheduled


@rule("AWS110", "error", "aws", needs="trigger:schedule")
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


@rule("AWS162", "error", "aws", needs="trigger:schedule")
def schedule_input_too_large(subject: Subject) -> Iterator[Found]:
    """Find a schedule's `input` that is larger than Scheduler keeps.

    Why: CreateSchedule refuses it.

    Example: An `input` of 300 KB.

    Use instead: A file in the package (`include:`), or the name of an object in a bucket.

    Sources: `scheduler.input`
    """
    limit = subject.limits["scheduler.input"]
    for trigger in (trigger for _, trigger in scheduled(subject.service) if trigger.options.get("input") is not None):
        size = len(payload(trigger).encode())
        if size > limit.in_bytes():
            span = subject.service.span(*trigger.at, "schedule", "input")
            label = f"{size:,} bytes with what fnctl adds, and at most {limit.amount()}"
            yield breach(limit, "the schedule's input is too large", span, label, "keep it in the package or a bucket")


@rule("AWS170", "error", "aws", needs="trigger:bucket")
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


@rule("AWS171", "error", "aws", needs="trigger:bucket")
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


@rule("AWS173", "error", "aws", needs="trigger:bucket")
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


@rule("AWS175", "warning", "aws", needs="trigger:bus")
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


@rule("AWS146", "warning", "aws", needs="trigger:topic")
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


@rule("AWS148", "warning", "aws", needs="trigger:topic")
def topic_filter_too_wide(subject: Subject) -> Iterator[Found]:
    """Find filters of a topic that look at more attributes than SNS compares.

    Why: Subscribe refuses such a filter policy.

    Example:
      resources: { orders: { type: topic } }
      functions:
        pack: { handler: "pack.py:run", triggers: [{ topic: { name: orders, filter: { a: [x], b: [x], c: [x], d: [x], e: [x], f: [x] } } }] }

    Use instead:
      resources: { orders: { type: topic } }
      functions:
        pack: { handler: "pack.py:run", triggers: [{ topic: { name: orders, filter: { kind: [parcel, letter] } } }] }

    Sources: `sns.filter.keys`
    """
    limit = subject.limits["sns.filter.keys"]
    for function in subject.service.functions.values():
        for trigger in function.triggers:
            given = trigger.options.get("filter") if trigger.kind == "topic" else None
            if isinstance(given, Mapping) and len(given) > limit.value:
                span, label = subject.service.span(*trigger.at, "topic", "filter"), f"{len(given)}, and at most {limit.amount()}"
                yield breach(
                    limit, f"a filter of `{function.name}` looks at too much", span, label, "filter in the handler, or send to several topics"
                )


RULES: tuple[Rule, ...] = (
    schedule_unsayable,
    schedule_input_too_large,
    notifications_overlap,
    too_many_notifications,
    notification_filter_too_long,
    too_many_bus_rules,
    fifo_topic_calls_no_function,
    topic_filter_too_wide,
)

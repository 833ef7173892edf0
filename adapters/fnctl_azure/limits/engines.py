"""What a queue, a table, a topic or a stream is made of on Azure, and what that cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.manifest.model import Resource, Trigger
from fnctl.rules.breach import breach
from fnctl.rules.limits import Limit
from fnctl.rules.model import Found, Rule, Subject, rule
from fnctl.source import Span
from fnctl_azure.apps import engine

FITTING: Mapping[str, frozenset[str]] = {
    "queue": frozenset({"storage", "service_bus"}),
    "bucket": frozenset({"storage"}),
    "table": frozenset({"cosmos", "storage"}),
    "topic": frozenset({"service_bus", "event_grid"}),
    "stream": frozenset({"event_hubs"}),
    "bus": frozenset({"event_grid"}),
}
DAY = 86_400


@rule("AZ409", "error", "azure", needs="resources")
def engine_does_not_fit(subject: Subject) -> Iterator[Found]:
    """Find resources that are to be made of something that cannot be what the manifest asks for.

    Why: A Storage queue keeps no order, a Storage table has no changes to listen to and no sort key of your own, and a topic of Event Grid knows no
    groups. What is deployed would not do what the manifest says.

    Example:
        targets: { azure: {} }
        resources: { jobs: { type: queue, fifo: true, targets: { azure: { engine: storage } } } }

    Use instead:
        targets: { azure: {} }
        resources: { jobs: { type: queue, fifo: true } }

    Sources: Azure Queue Storage bindings overview, 2020-02-18; Change feed modes in Azure Cosmos DB, as read 2026-11.
    """
    service = subject.service
    heard = {t.resource for f in service.functions.values() for t in f.triggers if t.kind == "table"}
    for resource in service.resources.values():
        if why := _unfit(resource, heard=resource.name in heard):
            span = service.span("resources", resource.name, "engine" if resource.own.get("engine") else "type")
            fitting = ", ".join(sorted(FITTING[resource.type]))
            yield Found(f"{engine(resource)} cannot make the {resource.type} `{resource.name}`", span, why, help=f"a {resource.type} has {fitting}")
        elif resource.type == "table" and engine(resource) == "storage" and resource.options.get("ttl"):
            span, help = service.span("resources", resource.name, "ttl"), "delete them by a `schedule`, where they are too many"
            yield Found(f"the Storage table `{resource.name}` keeps what has expired", span, "removes nothing", help=help, severity="warning")


def _unfit(resource: Resource, *, heard: bool) -> str | None:
    made_of = engine(resource)
    if made_of not in FITTING[resource.type]:
        return f"no {resource.type} is made of it"
    if resource.options.get("fifo") and made_of != "service_bus":
        return "it keeps no order"
    return "a Storage table has no changes to listen to" if heard and made_of == "storage" else None


@rule("AZ310", "error", "azure", needs="trigger.filter")
def filter_without_words(subject: Subject) -> Iterator[Found]:
    """Find filters that Event Grid or Service Bus has no words for.

    Why: Event Grid knows no alternatives of different forms inside a field; every condition has to hold. Events that the filter should keep away
    would start the function, or those that it wants would not.

    Example:
        targets: { azure: {} }
        resources: { shop: { type: bus } }
        functions:
          dear: { handler: "dear.py:dear", triggers: [{ bus: { name: shop, filter: { price: [{ numeric: [">", 100] }, free] } } }] }

    Use instead: Two triggers, one for each form; or a wider filter, and an `if` in the handler.

    Sources: Microsoft.EventGrid resource schema 2025-02-15, 2026-08-16.
    """
    from fnctl_azure.translate import filters  # most manifests filter nothing

    for function in subject.service.functions.values():
        for trigger in function.triggers:
            resource = subject.service.resources.get(trigger.resource or "")
            asked = trigger.options.get("filter")
            if resource is None or not isinstance(asked, Mapping) or trigger.kind not in ("topic", "bus"):
                continue
            try:
                filters.sql(asked) if engine(resource) == "service_bus" else filters.advanced(asked)
            except filters.Unsayable as error:
                span = subject.service.span(*trigger.at, trigger.kind, "filter")
                yield Found(f"Azure has no words for the filter of `{function.name}`", span, str(error), help=_SPLIT)


_SPLIT = "split it into several triggers, or filter in the handler"


@rule("AZ311", "error", "azure", needs=("trigger.type", "trigger.source"))
def types_of_several_forms(subject: Subject) -> Iterator[Found]:
    """Find triggers of a bus that name types in several forms: exact ones beside some with `*`.

    Why: A subscription's conditions hold all at once, and each has one form: begins with, ends with, contains, or is one of. Alternatives of two
    forms cannot be said.

    Example:
        targets: { azure: {} }
        resources: { shop: { type: bus } }
        functions:
          tell: { handler: "tell.py:tell", triggers: [{ bus: { name: shop, type: [order.paid, "refund.*"] } }] }

    Use instead: A trigger for each form, with an `id` for the second.

    Sources: Microsoft.EventGrid resource schema 2025-02-15, 2026-08-16.
    """
    from fnctl_azure.translate import filters

    for function in subject.service.functions.values():
        for trigger in function.triggers:
            for word in ("type", "source") if trigger.kind == "bus" else ():
                try:
                    filters.types(_texts(trigger, word))
                except filters.Unsayable as error:
                    span = subject.service.span(*trigger.at, "bus", word)
                    yield Found(f"Event Grid has no words for `{word}` of `{function.name}`", span, str(error), help="write a trigger for each form")


def _texts(trigger: Trigger, word: str) -> list[str]:
    said = trigger.options.get(word)
    return [str(one) for one in said] if isinstance(said, list) else ["*"]


@rule("AZ312", "error", "azure", needs="resource:stream")
def stream_over_standard(subject: Subject) -> Iterator[Found]:
    """Find streams that ask for more than an event hub of the tier Standard has, and have more readers.

    Why: Standard keeps records for 7 days at most, a hub has 32 partitions and 20 consumer groups at most, and a namespace 10 hubs. fnctl makes one
    namespace of that tier for a service, and a consumer group for every function that reads a stream.

    Example:
        targets: { azure: {} }
        resources: { clicks: { type: stream, retention: 30d } }

    Use instead: 7 days and 32 shards; or `existing` with a hub of your own in a namespace of a higher tier.

    Sources: `event_hubs.retention`, `event_hubs.partitions`, `event_hubs.groups`, `event_hubs.per_namespace`
    """
    service, made = subject.service, 0
    for stream in service.resources.values():
        if stream.type != "stream" or stream.existing:
            continue
        made += 1
        readers = sum(trigger.resource == stream.name for function in service.functions.values() for trigger in function.triggers)
        days, shards = (int(str(stream.options.get(word) or 0)) for word in ("retention", "shards"))
        asked = {"retention": ("retention", days / DAY), "partitions": ("shards", shards), "groups": ("", readers)}
        for name, (word, said) in asked.items():
            if said > (limit := subject.limits[f"event_hubs.{name}"]).value:
                span = service.span("resources", stream.name, word) if word else service.span("resources", stream.name, key=True)
                yield _over_standard(limit, f"an event hub has no more {limit.unit} on Standard", span, said)
        if made == (most := subject.limits["event_hubs.per_namespace"]).value + 1:
            yield _over_standard(most, f"a namespace has no more {most.unit} on Standard", service.span("resources", stream.name, key=True), made)


def _over_standard(limit: Limit, message: str, span: Span | None, said: float) -> Found:
    return breach(limit, message, span, f"{said:g}, and at most {limit.value:g}", "ask for less, or take an `existing` hub of a higher tier")


@rule("AZ314", "error", "azure", needs=("trigger.filter", "trigger.type", "trigger.source"))
def filter_over_event_grid(subject: Subject) -> Iterator[Found]:
    """Find filters of one trigger that hold more values, or longer texts, than a subscription of Event Grid.

    Why: What stands in `filter`, `type` and `source` is one subscription's, which has 25 values in all, of 512 characters at most.

    Example: A `filter` with a list of 30 order numbers.

    Use instead: Two triggers, each with a part of the values; a `prefix` that they have in common; or an `if` in the handler.

    Sources: `event_grid.filter.values`, `event_grid.filter.text`
    """
    from fnctl_azure.translate import filters

    service, limits = subject.service, subject.limits
    for function in service.functions.values():
        for trigger in function.triggers:
            resource = service.resources.get(trigger.resource or "")
            if resource is None or trigger.kind not in ("topic", "bus") or engine(resource) != "event_grid":
                continue
            values = filters.every_value(_texts(trigger, "type"), _texts(trigger, "source"), trigger.options.get("filter"))
            longest = max((len(value) for value in values if isinstance(value, str)), default=0)
            for name, said in (("values", len(values)), ("text", longest)):
                if said > (limit := limits[f"event_grid.filter.{name}"]).value:
                    message = f"the filter of `{function.name}` is more than Event Grid takes"
                    label = f"{said} {limit.unit}, and at most {limit.amount()}"
                    yield breach(limit, message, service.span(*trigger.at), label, "split it into several triggers, or filter in the handler")


@rule("AZ313", "warning", "azure", needs=("resource.retention", "resource.delay"))
def sender_decides(subject: Subject) -> Iterator[Found]:
    """Find Storage queues that are to keep messages for a time, or to hide them at first.

    Why: Both belong to the message: whoever sends it says them. Where nothing is said a message stays 7 days, and is seen at once.

    Example:
        targets: { azure: {} }
        resources: { jobs: { type: queue, retention: 14d } }

    Use instead: `engine: service_bus` for a retention; a delay in the call that sends, on either.

    Sources: Azure Queue Storage bindings overview, 2020-02-18.
    """
    for queue in subject.service.resources.values():
        for word in ("retention", "delay") if queue.type == "queue" and not queue.existing else ():
            if queue.options.get(word) and (word == "delay" or engine(queue) == "storage"):
                span = subject.service.span("resources", queue.name, word)
                help = _DELAY if word == "delay" else "targets: { azure: { engine: service_bus } } keeps it for the queue"
                yield Found(f"whoever sends a message to `{queue.name}` says its {word}", span, "left to the sender", help=help)


_DELAY = "send with a delay: `visibility_timeout` of a Storage queue, `scheduled_enqueue_time` of Service Bus"


RULES: tuple[Rule, ...] = (
    engine_does_not_fit,
    filter_without_words,
    types_of_several_forms,
    stream_over_standard,
    filter_over_event_grid,
    sender_decides,
)

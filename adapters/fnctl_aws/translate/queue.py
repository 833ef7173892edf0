"""Queues with their dead-letter queues, and the mappings that feed functions from them."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import Address, Json, Node, Ref, Value
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_aws.names import function_address, physical, resource_address, resource_tags, tags, trigger_address
from fnctl_aws.translate.function import timeout_of

RETENTION, DEAD_RETENTION = 345_600, 1_209_600
"""Seconds: SQS's default of 4 days; its maximum of 14 for what failed, so that it outlives its source and a holiday."""

VISIBILITY, MAX_RECEIVES, BATCH = 30, 5, 10
SAFETY = 6
"""AWS: "at least six times the timeout that you configure on your function"."""

LIMIT = 80


def consumers(service: Service, queue: str) -> Iterator[tuple[Function, Trigger]]:
    """Yield who listens to a queue."""
    for function in service.functions.values():
        for trigger in function.triggers:
            if trigger.kind == "queue" and trigger.resource == queue:
                yield function, trigger


def visibility_of(service: Service, resource: Resource) -> int:
    """Return how long a message stays hidden: what is said, else six times the slowest consumer's timeout and its batching window."""
    said = resource.options.get("visibility")
    if said is not None:
        return _int(said)
    needed = [SAFETY * timeout_of(function) + _int(trigger.options.get("window") or 0) for function, trigger in consumers(service, resource.name)]
    return min(max(needed, default=VISIBILITY), 43_200)


def queue_nodes(service: Service) -> Iterator[Node]:
    """Yield each queue after its dead-letter queue."""
    for resource in service.resources.values():
        if resource.type != "queue":
            continue
        if resource.existing:
            span = service.span("resources", resource.name)
            yield Node(resource_address(resource), "aws.sqs.queue", resource.existing, {}, owned=False, stateful=True, span=span)
        else:
            if dead_letter(resource) == resource_address(resource, "dead"):
                yield _dead(service, resource)
            yield _queue(service, resource)


def _queue(service: Service, resource: Resource) -> Node:
    address = resource_address(resource)
    options, dead = resource.options, dead_letter(resource)
    props: dict[str, Value] = {
        "visibility": visibility_of(service, resource),
        "retention": _int(options.get("retention") or RETENTION),
        "delay": _int(options.get("delay") or 0),
        "fifo": bool(options.get("fifo")),
        "dead_letter": Ref(dead, "arn") if dead else None,
        "max_receives": _int(options.get("max_receives") or MAX_RECEIVES) if dead else None,
        "tags": tags(service, address, resource_tags(resource)),
    }
    return _node(service, resource, address, _name(service, resource, resource.name), props)


def dead_letter(resource: Resource) -> Address | None:
    """Return where messages go that fail too often: a queue of our own, another queue of the manifest, or nowhere."""
    said = resource.options.get("dead_letter", True)
    if isinstance(said, str):
        return Address(f"queue/{said}")
    return resource_address(resource, "dead") if said is not False else None


def _dead(service: Service, resource: Resource) -> Node:
    address = resource_address(resource, "dead")
    props: dict[str, Value] = {
        "visibility": VISIBILITY,
        "retention": DEAD_RETENTION,
        "delay": 0,
        "fifo": bool(resource.options.get("fifo")),
        "dead_letter": None,
        "max_receives": None,
        "tags": tags(service, address, resource_tags(resource)),
    }
    return _node(service, resource, address, _name(service, resource, f"{resource.name}_dead"), props)


def _name(service: Service, resource: Resource, name: str) -> str:
    suffix = ".fifo" if resource.options.get("fifo") else ""
    return physical(service, name, LIMIT - len(suffix)) + suffix


def _node(service: Service, resource: Resource, address: Address, name: str, props: dict[str, Value]) -> Node:
    span = service.span("resources", resource.name)
    return Node(address, "aws.sqs.queue", name, props, stateful=True, retain=resource.retain, span=span)


def queue_triggers(service: Service) -> Iterator[Node]:
    """Yield one mapping for every function that listens to a queue."""
    for resource in service.resources.values():
        if resource.type == "queue":
            for function, trigger in consumers(service, resource.name):
                yield _mapping(service, resource, function, trigger)


def _mapping(service: Service, resource: Resource, function: Function, trigger: Trigger) -> Node:
    address = trigger_address(function, "queue", trigger.key)
    said = trigger.options.get("batch")
    batch = BATCH if said in (None, "whole") else _int(said)
    window = trigger.options.get("window")
    props: dict[str, Value] = {
        "source": Ref(resource_address(resource), "arn"),
        "function": Ref(function_address(function.name), "live"),
        "batch": batch,
        # Lambda refuses more than ten at once without a moment to collect them.
        "window": _int(window) if window is not None else int(batch > BATCH),
        "max_concurrency": trigger.options.get("max_concurrency"),
        "enabled": trigger.options.get("enabled") is not False,
        "responses": ["ReportBatchItemFailures"],
        "tags": tags(service, address, function.tags),
    }
    return Node(address, "aws.lambda.mapping", physical(service, function.name), props, span=service.span(*trigger.at))


def _int(value: Json) -> int:
    return int(str(value))

"""Service Bus: queues that keep order, topics, and a subscription for every function that hears one."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import Json, Node, Ref, Value
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_azure.apps import service_bus
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.names import REGION, resource_address, shared, stored, tags, trigger_address
from fnctl_azure.translate.filters import sql
from fnctl_azure.translate.ground import IN_GROUP
from fnctl_azure.translate.places import BUS

IN_BUS = Ref(BUS, "id")
LOCK, LONGEST_LOCK = 60, 300
"""Seconds that a message is hidden while it is worked on; the host renews it. Service Bus takes five minutes at most."""
RECEIVES = 10
"""Service Bus's own default of deliveries."""
DAYS = 14
"""After which what nobody took goes to the dead letters, where the manifest says nothing."""


def servicebus_nodes(service: Service) -> Iterator[Node]:
    """Yield the namespace, its queues and topics, and what hears them."""
    found = [resource for resource in service.resources.values() if service_bus(resource)]
    if any(not resource.existing for resource in found):
        yield _namespace(service)
    for resource in found:
        yield _queue(service, resource) if resource.type == "queue" else _topic(service, resource)
    for function in service.functions.values():
        for trigger in function.triggers:
            topic = service.resources.get(trigger.resource or "")
            if trigger.kind == "topic" and topic and service_bus(topic) and trigger.options.get("enabled") is not False:
                yield from _subscription(service, function, trigger, topic)


def _namespace(service: Service) -> Node:
    """Standard from the start: topics, sessions and duplicate detection need it, and Basic cannot be left without a stop."""
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "sku": {"name": "Standard", "tier": "Standard"},
        "disableLocalAuth": True,
        "minimumTlsVersion": "1.2",
        "tags": tags(service, BUS),
    }
    return Node(BUS, "azure.servicebus", shared(service, 50), props, span=service.span("targets", "azure", key=True))


def _queue(service: Service, resource: Resource) -> Node:
    address, span = resource_address(resource), service.span("resources", resource.name)
    if resource.existing:
        return Node(address, "azure.servicebus.queue", resource.existing, {}, owned=False, stateful=True, span=span)
    options, fifo = resource.options, bool(resource.options.get("fifo"))
    dead = service.resources.get(str(options.get("dead_letter")))
    props: dict[str, Value] = {
        "parent": IN_BUS,
        "requiresSession": fifo,
        "requiresDuplicateDetection": fifo,
        "lockDuration": clock(min(int(str(options.get("visibility") or LOCK)), LONGEST_LOCK)),
        "maxDeliveryCount": int(str(options.get("max_receives") or RECEIVES)),
        "defaultMessageTimeToLive": clock(int(str(options.get("retention") or DAYS * 86_400))),
        "deadLetteringOnMessageExpiration": options.get("dead_letter") is not False,
        "forwardDeadLetteredMessagesTo": Ref(resource_address(dead), "name") if dead and service_bus(dead) else None,
    }
    return Node(address, "azure.servicebus.queue", stored(service, resource), props, stateful=True, retain=resource.retain, span=span)


def _topic(service: Service, resource: Resource) -> Node:
    address, span = resource_address(resource), service.span("resources", resource.name)
    if resource.existing:
        return Node(address, "azure.servicebus.topic", resource.existing, {}, owned=False, stateful=True, span=span)
    fifo = bool(resource.options.get("fifo"))
    props: dict[str, Value] = {
        "parent": IN_BUS,
        "requiresDuplicateDetection": fifo,
        "supportOrdering": fifo,
        "defaultMessageTimeToLive": clock(DAYS * 86_400),
    }
    return Node(address, "azure.servicebus.topic", stored(service, resource), props, stateful=True, retain=resource.retain, span=span)


def _subscription(service: Service, function: Function, trigger: Trigger, resource: Resource) -> Iterator[Node]:
    address, span = trigger_address(function, trigger), service.span(*trigger.at)
    dead = service.resources.get(function.dead_letter or "")
    props: dict[str, Value] = {
        "parent": Ref(resource_address(resource), "id"),
        "requiresSession": bool(resource.options.get("fifo")),
        "lockDuration": clock(LOCK),
        "maxDeliveryCount": int(str(function.retry.get("max", RECEIVES - 1))) + 1,
        "deadLetteringOnMessageExpiration": True,
        "forwardDeadLetteredMessagesTo": Ref(resource_address(dead), "name") if dead and service_bus(dead) else None,
    }
    yield Node(address, "azure.servicebus.subscription", subscribed(service, function, trigger), props, stateful=True, span=span)
    asked = trigger.options.get("filter")
    if isinstance(asked, dict) and asked:
        # A subscription comes with a rule of this name that lets everything through: it is written over.
        rule: dict[str, Value] = {"parent": Ref(address, "id"), "filterType": "SqlFilter", "sqlFilter": {"sqlExpression": sql(asked)}}
        yield Node(trigger_address(function, trigger, "filter"), "azure.servicebus.rule", "$Default", rule, span=span)


def subscribed(service: Service, function: Function, trigger: Trigger) -> str:
    """Return the name of a subscription as the function's binding says it."""
    return next(str(door["binding"]["subscriptionName"]) for door in doors(service, function) if is_door(door, trigger))  # type: ignore[index,call-overload]


def is_door(door: dict[str, Json], trigger: Trigger) -> bool:
    """Tell whether the host registers this for a trigger."""
    return door["kind"] == trigger.kind and door["key"] == trigger.key


def clock(seconds: int) -> str:
    """`P14D`, `PT1M`: a time span in the form that Service Bus gives back, so that the same reads the same."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if count)
    return f"P{f'{days}D' if days else ''}{f'T{time}' if time else ''}"

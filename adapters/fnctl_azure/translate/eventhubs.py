"""Streams as event hubs: a namespace for the service, and a consumer group for every function that reads one."""

from __future__ import annotations

import math
from collections.abc import Iterator

from fnctl.graph import Node, Ref, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import engine
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.names import REGION, physical, resource_address, stored, tags, trigger_address
from fnctl_azure.translate.ground import IN_GROUP
from fnctl_azure.translate.places import HUBS
from fnctl_azure.translate.servicebus import is_door

SHARDS, DAYS = 4, 7
"""Partitions where the manifest leaves them to the platform, which has no such mode; days that Standard keeps records at most."""


def eventhubs_nodes(service: Service) -> Iterator[Node]:
    """Yield the namespace, the hubs and the consumer groups."""
    streams = [resource for resource in service.resources.values() if engine(resource) == "event_hubs"]
    if any(not stream.existing for stream in streams):
        props: dict[str, Value] = {
            "parent": IN_GROUP,
            "location": REGION,
            # Basic has one consumer group only, so two readers would take each other's records.
            "sku": {"name": "Standard", "tier": "Standard", "capacity": 1},
            "disableLocalAuth": True,
            "minimumTlsVersion": "1.2",
            "tags": tags(service, HUBS),
        }
        # Namespaces of Service Bus and of Event Hubs share their names.
        yield Node(HUBS, "azure.eventhubs", physical(service, "hubs", 50), props, span=service.span("targets", "azure", key=True))
    for stream in streams:
        yield _hub(service, stream)
    yield from _groups(service)


def _hub(service: Service, stream: Resource) -> Node:
    span, address = service.span("resources", stream.name), resource_address(stream)
    if stream.existing:
        return Node(address, "azure.eventhubs.hub", stream.existing, {}, owned=False, stateful=True, span=span)
    props: dict[str, Value] = {
        "parent": Ref(HUBS, "id"),
        "partitionCount": int(str(stream.options.get("shards") or SHARDS)),
        "messageRetentionInDays": min(max(math.ceil(int(str(stream.options.get("retention") or 86_400)) / 86_400), 1), DAYS),
    }
    return Node(address, "azure.eventhubs.hub", stored(service, stream), props, stateful=True, retain=stream.retain, span=span)


def _groups(service: Service) -> Iterator[Node]:
    for function in service.functions.values():
        for trigger in function.triggers:
            stream = service.resources.get(trigger.resource or "")
            if trigger.kind == "stream" and stream:
                for door in doors(service, function):
                    if is_door(door, trigger):
                        props: dict[str, Value] = {"parent": Ref(resource_address(stream), "id")}
                        name = str(door["binding"]["consumerGroup"])  # type: ignore[index,call-overload]  # a stream's binding is a map with that word
                        yield Node(trigger_address(function, trigger), "azure.eventhubs.group", name, props, span=service.span(*trigger.at))

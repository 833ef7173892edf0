"""Queues, buckets and tables in the storage account for data. Nothing that holds people's data is replaced or deleted in passing."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import Address, Node, Ref, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import engine
from fnctl_azure.names import DATA, POISON, resource_address, stored

IN_DATA = Ref(DATA, "id")
BLOBS = Address("storage/data/blobs")
KINDS = {"queue": "azure.queue", "bucket": "azure.container", "table": "azure.table"}


def storage_nodes(service: Service) -> Iterator[Node]:
    """Yield what lies in storage accounts."""
    found = [resource for resource in service.resources.values() if engine(resource) == "storage"]
    if any(resource.options.get("versioned") and not resource.existing for resource in found):
        yield Node(BLOBS, "azure.blobs", "default", {"parent": IN_DATA, "isVersioningEnabled": True}, span=service.span("targets", "azure", key=True))
    for resource in found:
        yield _node(service, resource)
        if resource.type == "queue" and not resource.existing:
            yield _poison(service, resource)


def _node(service: Service, resource: Resource) -> Node:
    span, address = service.span("resources", resource.name), resource_address(resource)
    if resource.existing:
        return Node(address, KINDS[resource.type], resource.existing, {}, owned=False, stateful=True, span=span)
    props: dict[str, Value] = {"parent": IN_DATA}
    if resource.type == "bucket":
        props["publicAccess"] = "None"
    return Node(address, KINDS[resource.type], stored(service, resource), props, stateful=True, retain=resource.retain, span=span)


def _poison(service: Service, resource: Resource) -> Node:
    """The host would make it with the first message that it gives up; here it has an address, and is looked at before it is deleted."""
    props: dict[str, Value] = {"parent": IN_DATA}
    name, span = f"{stored(service, resource)}{POISON}", service.span("resources", resource.name)
    return Node(resource_address(resource, "poison"), "azure.queue", name, props, stateful=True, retain=resource.retain, span=span)

"""Queues, buckets and tables in the storage account for data. Nothing that holds people's data is replaced or deleted in passing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from fnctl.graph import Address, Json, Node, Ref, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import engine
from fnctl_azure.names import DATA, POISON, resource_address, stored

IN_DATA = Ref(DATA, "id")
BLOBS, LIFECYCLE = Address("storage/data/blobs"), Address("storage/data/lifecycle")
KINDS = {"queue": "azure.queue", "bucket": "azure.container", "table": "azure.table"}


def storage_nodes(service: Service) -> Iterator[Node]:
    """Yield what lies in storage accounts."""
    found = [resource for resource in service.resources.values() if engine(resource) == "storage"]
    yield from _settings(service, [resource for resource in found if resource.type == "bucket" and not resource.existing])
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


def _settings(service: Service, buckets: list[Resource]) -> Iterator[Node]:
    """Yield what the manifest says of a bucket and Azure has for an account: versions and CORS. What expires is told apart by its container."""
    span = service.span("targets", "azure", key=True)
    if any(bucket.options.get("versioned") or bucket.options.get("cors") for bucket in buckets):
        rules: list[Value] = [_cors(bucket.options["cors"]) for bucket in buckets if bucket.options.get("cors")]
        versioned = any(bool(bucket.options.get("versioned")) for bucket in buckets)
        props: dict[str, Value] = {"parent": IN_DATA, "isVersioningEnabled": versioned, "cors": {"corsRules": rules}}
        yield Node(BLOBS, "azure.blobs", "default", props, span=span)
    expiring: list[Value] = [_expiry(service, bucket) for bucket in buckets if bucket.options.get("expire")]
    if expiring:
        yield Node(LIFECYCLE, "azure.lifecycle", "default", {"parent": IN_DATA, "policy": {"rules": expiring}}, span=span)


def _cors(said: Json) -> Value:
    """Return one rule; `true` lets every origin in."""
    asked = said if isinstance(said, Mapping) else {}
    return {
        "allowedOrigins": _texts(asked.get("origins")),
        "allowedMethods": _texts(asked.get("methods"), ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]),
        "allowedHeaders": _texts(asked.get("headers")),
        "exposedHeaders": _texts(asked.get("expose")),
        "maxAgeInSeconds": int(str(asked.get("max_age") or 0)),
    }


def _texts(said: Json, otherwise: list[str] | None = None) -> list[Value]:
    return [said] if isinstance(said, str) else list(said) if isinstance(said, list) else list(otherwise or ["*"])


def _expiry(service: Service, bucket: Resource) -> Value:
    """Azure counts days from the last change, and looks once a day."""
    days = math.ceil(int(str(bucket.options["expire"])) / 86_400)
    return {
        "name": bucket.name,
        "enabled": True,
        "type": "Lifecycle",
        "definition": {
            "filters": {"blobTypes": ["blockBlob"], "prefixMatch": [f"{stored(service, bucket)}/"]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}}},
        },
    }


def _poison(service: Service, resource: Resource) -> Node:
    """The host would make it with the first message that it gives up; here it has an address, and is looked at before it is deleted."""
    props: dict[str, Value] = {"parent": IN_DATA}
    name, span = f"{stored(service, resource)}{POISON}", service.span("resources", resource.name)
    return Node(resource_address(resource, "poison"), "azure.queue", name, props, stateful=True, retain=resource.retain, span=span)

"""Event Grid: custom topics, the topic of a storage account's own events, and a subscription for every function that hears one.

A subscription can only be made once its function is there: Event Grid calls it and waits for its answer. So each comes after its function.
"""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import Address, Node, Ref, Text, Value
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_azure.apps import app_of, engine
from fnctl_azure.artifact.bindings import doors
from fnctl_azure.names import (
    DATA,
    REGION,
    app_address,
    digest,
    function_address,
    listened,
    physical,
    resource_address,
    resource_tags,
    stored,
    tags,
    trigger_address,
)
from fnctl_azure.translate.filters import ATTRIBUTES, Filter, advanced, types
from fnctl_azure.translate.ground import IN_GROUP
from fnctl_azure.translate.servicebus import is_door

BLOBS = Address("event-grid")
EVENTS = {"created": "Microsoft.Storage.BlobCreated", "deleted": "Microsoft.Storage.BlobDeleted"}
ATTEMPTS, MINUTES = 30, 1440
"""Event Grid's own: how often, and for how long, an event is sent to a function that fails."""


def eventgrid_nodes(service: Service) -> Iterator[Node]:
    """Yield topics and subscriptions."""
    for resource in service.resources.values():
        if engine(resource) == "event_grid":
            yield _topic(service, resource)
    heard = [(function, trigger) for function in service.functions.values() for trigger in function.triggers if _pushed(service, trigger)]
    yield from _system_topics(service, [service.resources[str(trigger.resource)] for _, trigger in heard if trigger.kind == "bucket"])
    for function, trigger in heard:
        yield from _subscriptions(service, function, trigger)


def _pushed(service: Service, trigger: Trigger) -> bool:
    resource = service.resources.get(trigger.resource or "")
    heard = trigger.kind == "bucket" or (resource is not None and engine(resource) == "event_grid")
    return heard and trigger.options.get("enabled") is not False


def _topic(service: Service, resource: Resource) -> Node:
    address, span = resource_address(resource), service.span("resources", resource.name)
    if resource.existing:
        return Node(address, "azure.eventgrid.topic", resource.existing, {}, owned=False, span=span)
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "inputSchema": "CloudEventSchemaV1_0",
        "disableLocalAuth": True,
        "minimumTlsVersionAllowed": "1.2",
        "tags": tags(service, address, resource_tags(resource)),
    }
    return Node(address, "azure.eventgrid.topic", stored(service, resource), props, retain=resource.retain, span=span)


def _system_topics(service: Service, buckets: list[Resource]) -> Iterator[Node]:
    """Yield one for the service's account, and one for every other account that a bucket of ours exists in: an account has one at most."""
    if any(not bucket.existing for bucket in buckets):
        yield _system_topic(service, BLOBS, "blobs", Ref(DATA, "id"))
    for bucket in {bucket.name: bucket for bucket in buckets if bucket.existing}.values():
        yield _system_topic(service, resource_address(bucket, "events"), bucket.name, str(bucket.existing).partition("/blobServices/")[0])


def _system_topic(service: Service, address: Address, name: str, source: Value) -> Node:
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "source": source,
        "topicType": "Microsoft.Storage.StorageAccounts",
        "tags": tags(service, address),
    }
    return Node(address, "azure.eventgrid.system", physical(service, name, 50), props, span=service.span("targets", "azure", key=True))


def _subscriptions(service: Service, function: Function, trigger: Trigger) -> Iterator[Node]:
    resource = service.resources[str(trigger.resource)]
    if trigger.kind != "bucket":
        scope, asked = resource_address(resource), _of_bus(trigger)
    else:
        scope = resource_address(resource, "events") if resource.existing else BLOBS
        asked = _of_bucket(service, resource, trigger)
    door = next(str(door["name"]) for door in doors(service, function) if is_door(door, trigger))
    me = function_address(function.name)
    props: dict[str, Value] = {
        "parent": Ref(scope, "id"),
        "destination": {
            "endpointType": "AzureFunction",
            "properties": {"resourceId": Text((Ref(app_address(app_of(service, function)), "id"), f"/functions/{door}")), "maxEventsPerBatch": 1},
        },
        "filter": asked,
        "eventDeliverySchema": "CloudEventSchemaV1_0",
        "retryPolicy": _retry(function),
    }
    name, span = _name(service, door), service.span(*trigger.at)
    yield Node(trigger_address(function, trigger), "azure.eventgrid.subscription", name, props, frozenset({me}), span=span)


def _name(service: Service, door: str) -> str:
    """Return the name of a subscription: letters, digits and hyphens. Where a hyphen stands for something else, the hash keeps two names two."""
    if "_" not in door:
        return physical(service, door, 64)
    return f"{physical(service, door.replace('_', '-'), 64 - 9)}-{digest(door)}"


def _retry(function: Function) -> dict[str, Value]:
    most, oldest = function.retry.get("max"), function.retry.get("max_age")
    return {
        "maxDeliveryAttempts": min(int(str(most)) + 1, ATTEMPTS) if most is not None else ATTEMPTS,
        "eventTimeToLiveInMinutes": min(max(int(str(oldest)) // 60, 1), MINUTES) if oldest is not None else MINUTES,
    }


def _of_bucket(service: Service, bucket: Resource, trigger: Trigger) -> dict[str, Value]:
    said = trigger.options
    when = said.get("when") or ["created"]
    return {
        "includedEventTypes": [EVENTS[str(word)] for word in when] if isinstance(when, list) else [],
        "subjectBeginsWith": f"/blobServices/default/containers/{listened(service, bucket)}/blobs/{said.get('prefix') or ''}",
        "subjectEndsWith": str(said.get("suffix") or ""),
    }


def _of_bus(trigger: Trigger) -> dict[str, Value]:
    """Return what reaches a function of a bus. Raises filters.Unsayable, which a rule has told before (AZ310)."""
    found: list[Filter] = [*types(_texts(trigger, "type")), *types(_texts(trigger, "source"), "source")]
    asked = trigger.options.get("filter")
    if isinstance(asked, dict):
        found += advanced(asked)
    exact = [one for one in found if one["operatorType"] == "StringIn" and one["key"] == ATTRIBUTES["type"]]
    return {"includedEventTypes": exact[0]["values"] if exact else [], "advancedFilters": [one for one in found if one not in exact]}


def _texts(trigger: Trigger, word: str) -> list[str]:
    said = trigger.options.get(word)
    return [str(one) for one in said] if isinstance(said, list) else ["*"]

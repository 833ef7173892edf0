"""Where a resource is: what the code reads in its environment, and what the host needs to listen to it."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import Address, Ref, Text, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import engine
from fnctl_azure.names import DATA, connection, database, resource_address

BUS, HUBS, COSMOS = Address("service-bus"), Address("event-hubs"), Address("cosmos")
"""The namespaces and the account that a service's queues and topics, streams, and tables share."""

_SERVICES: Mapping[str, str] = {"queue": "queue", "bucket": "blob", "table": "table"}
_EXISTING: Mapping[str, str] = {"storage": "service", "cosmos": "documentEndpoint"}
_SUFFIXES: Mapping[str, str] = {"storage": "queueServiceUri", "cosmos": "accountEndpoint"}


def place(service: Service, resource: Resource) -> Value:
    """Return what stands in the environment for a resource: an address that says all that an SDK asks for."""
    me, made_of = resource_address(resource), engine(resource)
    if made_of == "event_grid":
        return Ref(me, "endpoint")
    if made_of == "cosmos":
        return Text((front(resource), f"dbs/{database(service, resource)}/colls/", Ref(me, "name")))
    if made_of == "storage":
        return Text((front(resource), Ref(me, "name")))
    return Text(("sb://", front(resource), "/", Ref(me, "name")))


def front(resource: Resource) -> Ref:
    """Return the address of the account or namespace that a resource is in. One that exists already is read with its account."""
    made_of = engine(resource)
    if resource.existing:
        return Ref(resource_address(resource), _EXISTING.get(made_of, "host"))
    if made_of == "storage":
        return Ref(DATA, f"primaryEndpoints.{_SERVICES[resource.type]}")
    return Ref(COSMOS, "documentEndpoint") if made_of == "cosmos" else Ref(HUBS if made_of == "event_hubs" else BUS, "host")


def listening(resource: Resource, client: Value) -> dict[str, Value]:
    """Return the settings by which the host reaches a resource with an app's identity. Event Grid's events come by themselves."""
    if engine(resource) == "event_grid" or resource.type == "bucket":
        return {}
    prefix, suffix = connection(resource), _SUFFIXES.get(engine(resource), "fullyQualifiedNamespace")
    return {f"{prefix}__{suffix}": front(resource), f"{prefix}__credential": "managedidentity", f"{prefix}__clientId": client}

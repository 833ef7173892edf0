"""Tables as containers of Cosmos DB: a serverless account and a database for the service, and the leases of what reads changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import Address, Json, Node, Ref, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import engine
from fnctl_azure.artifact.bindings import LEASES
from fnctl_azure.names import REGION, database, resource_address, shared, stored, tags
from fnctl_azure.translate.ground import IN_GROUP
from fnctl_azure.translate.places import COSMOS

DATABASE = Address("cosmos/database")
OWN_LEASES = Address("cosmos/leases")
EACH = -1
"""No item expires unless it says so itself, in its field `ttl`."""


def cosmos_nodes(service: Service) -> Iterator[Node]:
    """Yield the account, the database, the containers and the leases."""
    tables = [resource for resource in service.resources.values() if engine(resource) == "cosmos"]
    heard = {t.resource for f in service.functions.values() for t in f.triggers if t.kind == "table"}
    own = [table for table in tables if not table.existing]
    if own:
        yield _account(service, recoverable=any(bool(table.options.get("recovery")) for table in own))
        database_: dict[str, Value] = {"parent": Ref(COSMOS, "id"), "resource": {"id": database(service, own[0])}}
        yield Node(DATABASE, "azure.cosmos.database", database(service, own[0]), database_, span=service.span("resources", own[0].name))
    if any(table.name in heard for table in own):
        yield _leases(OWN_LEASES, Ref(DATABASE, "id"))
    for table in tables:
        yield _table(service, table)
        if table.existing and table.name in heard:
            yield _leases(resource_address(table, "leases"), table.existing.partition("/containers/")[0])


def leases_of(table: Resource) -> Address:
    """Return the container in which the readers of a table's changes keep where they are."""
    return resource_address(table, "leases") if table.existing else OWN_LEASES


def account_of(table: Resource) -> Value:
    """Return the id of the account that a table is in."""
    return table.existing.partition("/sqlDatabases/")[0] if table.existing else Ref(COSMOS, "id")


def _account(service: Service, *, recoverable: bool) -> Node:
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "kind": "GlobalDocumentDB",
        "databaseAccountOfferType": "Standard",
        "locations": [{"locationName": REGION, "failoverPriority": 0}],
        "capabilities": [{"name": "EnableServerless"}],
        "consistencyPolicy": {"defaultConsistencyLevel": "Session"},
        # Once continuous, a backup stays so: what the manifest does not ask for is left as it is.
        "backupPolicy": {"type": "Continuous", "continuousModeProperties": {"tier": "Continuous7Days"}} if recoverable else None,
        "disableLocalAuth": True,
        "minimalTlsVersion": "Tls12",
        "tags": tags(service, COSMOS),
    }
    return Node(COSMOS, "azure.cosmos", shared(service, 50), props, span=service.span("targets", "azure", key=True))


def _table(service: Service, table: Resource) -> Node:
    span, address = service.span("resources", table.name), resource_address(table)
    if table.existing:
        return Node(address, "azure.cosmos.container", table.existing, {}, owned=False, stateful=True, span=span)
    name, sort = stored(service, table), _attribute(table.options.get("sort"))
    props: dict[str, Value] = {
        "parent": Ref(DATABASE, "id"),
        "key": {"paths": [f"/{_attribute(table.options.get('key', 'id'))}"], "kind": "Hash", "version": 2},
        # Within one partition no two items have one sort key.
        "unique": {"uniqueKeys": [{"paths": [f"/{sort}"]}]} if sort and sort != "id" else None,
        "ttl": EACH if table.options.get("ttl") else None,
    }
    return Node(address, "azure.cosmos.container", name, props, stateful=True, retain=table.retain, span=span)


def _leases(address: Address, parent: Value) -> Node:
    props: dict[str, Value] = {"parent": parent, "key": {"paths": ["/id"], "kind": "Hash", "version": 2}, "unique": None, "ttl": None}
    return Node(address, "azure.cosmos.container", LEASES, props)


def _attribute(said: Json) -> str | None:
    return str(said["name"]) if isinstance(said, Mapping) else str(said) if said else None

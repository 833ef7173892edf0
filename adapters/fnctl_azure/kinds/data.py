"""Queues, buckets, tables, topics, streams and buses: their types as rows, and what more than its row one of them does.

Props are ARM's words, flat (see `base`), except of Cosmos DB's containers and roles, which have words of their own:

azure.blobs                  parent = Ref(storage, "id"), isVersioningEnabled, cors. Settings that are there with their account.
azure.lifecycle              parent = Ref(storage, "id"), policy: what is deleted when it is old.
azure.queue, azure.table     parent = Ref(storage, "id"). An `existing` one has `service`, the front of its account.
azure.servicebus, .eventhubs a namespace; `host` is its name in the network. Queues, topics, hubs, subscriptions and groups lie in it.
azure.servicebus.rule        the rule `$Default` of a subscription, which is there with it: taken away, everything passes again.
azure.cosmos.container       parent = Ref(database, "id"), key, unique, ttl. `path` is how roles call it: `/dbs/NAME/colls/NAME`.
azure.cosmos.role            parent = Ref(account, "id"), role, principalId, scope = the account's id and a container's `path`.
azure.eventgrid.subscription parent = Ref(topic, "id"), destination, filter, eventDeliverySchema, retryPolicy.
"""

from __future__ import annotations

from collections.abc import Mapping

from fnctl_azure.kinds import cosmos, messaging, stored
from fnctl_azure.kinds.base import Arm, Type
from fnctl_azure.kinds.types import STORAGE

BUS, HUBS, GRID, COSMOS = "2021-11-01", "2024-01-01", "2022-06-15", "2024-11-15"
_BUS, _HUBS = "Microsoft.ServiceBus/namespaces", "Microsoft.EventHub/namespaces"

TYPES: Mapping[str, Type] = {
    "azure.blobs": Type("settings of blobs", "{parent}/blobServices/{name}", STORAGE, tagged=False),
    "azure.lifecycle": Type("lifecycle of blobs", "{parent}/managementPolicies/{name}", STORAGE, tagged=False),
    "azure.queue": Type("queue", "{parent}/queueServices/default/queues/{name}", STORAGE, rank=60, tagged=False),
    "azure.table": Type("table", "{parent}/tableServices/default/tables/{name}", STORAGE, rank=60, tagged=False),
    "azure.servicebus": Type("Service Bus namespace", f"{{parent}}/providers/{_BUS}/{{name}}", BUS, rank=80, unique=50),
    "azure.servicebus.queue": Type(
        "Service Bus queue",
        "{parent}/queues/{name}",
        BUS,
        rank=60,
        replaces=frozenset({"requiresSession", "requiresDuplicateDetection"}),
        tagged=False,
    ),
    "azure.servicebus.topic": Type(
        "Service Bus topic", "{parent}/topics/{name}", BUS, rank=60, replaces=frozenset({"requiresDuplicateDetection"}), tagged=False
    ),
    "azure.servicebus.subscription": Type(
        "subscription", "{parent}/subscriptions/{name}", BUS, rank=50, replaces=frozenset({"requiresSession"}), tagged=False
    ),
    "azure.servicebus.rule": Type("rule of a subscription", "{parent}/rules/{name}", BUS, rank=40, tagged=False),
    "azure.eventhubs": Type("Event Hubs namespace", f"{{parent}}/providers/{_HUBS}/{{name}}", HUBS, rank=80, unique=50),
    "azure.eventhubs.hub": Type("event hub", "{parent}/eventhubs/{name}", HUBS, rank=60, replaces=frozenset({"partitionCount"}), tagged=False),
    "azure.eventhubs.group": Type("consumer group", "{parent}/consumergroups/{name}", HUBS, rank=50, tagged=False),
    "azure.eventgrid.topic": Type(
        "Event Grid topic",
        "{parent}/providers/Microsoft.EventGrid/topics/{name}",
        GRID,
        rank=60,
        replaces=frozenset({"inputSchema"}),
        unique=50,
    ),
    "azure.eventgrid.system": Type(
        "Event Grid system topic",
        "{parent}/providers/Microsoft.EventGrid/systemTopics/{name}",
        GRID,
        rank=50,
        replaces=frozenset({"source", "topicType"}),
    ),
    "azure.eventgrid.subscription": Type("event subscription", "{parent}/eventSubscriptions/{name}", GRID, rank=10, tagged=False, phases=("switch",)),
    "azure.cosmos": Type(
        "Cosmos DB account",
        "{parent}/providers/Microsoft.DocumentDB/databaseAccounts/{name}",
        COSMOS,
        rank=80,
        replaces=frozenset({"kind", "capabilities"}),
        unique=44,
    ),
    "azure.cosmos.database": Type("Cosmos DB database", "{parent}/sqlDatabases/{name}", COSMOS, rank=70, tagged=False),
    "azure.cosmos.container": Type(
        "Cosmos DB container", "{parent}/containers/{name}", COSMOS, rank=60, replaces=frozenset({"key", "unique"}), tagged=False
    ),
    "azure.cosmos.role": Type(
        "Cosmos DB role assignment",
        "{parent}/sqlRoleAssignments/{name}",
        COSMOS,
        rank=20,
        replaces=frozenset({"role", "principalId", "scope"}),
        tagged=False,
    ),
}

MORE: Mapping[str, type[Arm]] = {
    "azure.blobs": stored.Settings,
    "azure.queue": stored.Queue,
    "azure.table": stored.Table,
    "azure.servicebus": messaging.Namespace,
    "azure.servicebus.queue": messaging.Queue,
    "azure.servicebus.topic": messaging.Inside,
    "azure.servicebus.subscription": messaging.Queue,
    "azure.servicebus.rule": messaging.Rule,
    "azure.eventhubs": messaging.Namespace,
    "azure.eventhubs.hub": messaging.Hub,
    "azure.eventgrid.subscription": messaging.Subscription,
    "azure.cosmos.container": cosmos.Container,
    "azure.cosmos.role": cosmos.Role,
}
"""Kinds that do more than their row says."""

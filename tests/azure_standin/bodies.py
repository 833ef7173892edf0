"""Bodies and worlds that cases name: a storage account, a plan, an app with its identity, and so on."""

from __future__ import annotations

import copy
from typing import Any

from azure_standin.caller import GROUP, Caller
from fnctl_azure.standin.world import SUBSCRIPTION, TENANT

OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/who"
PLAN = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/data"
FLEX: dict[str, Any] = {
    "location": "westeurope",
    "kind": "functionapp,linux",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
    "properties": {
        "serverFarmId": PLAN,
        "functionAppConfig": {
            "deployment": {
                "storage": {
                    "type": "blobContainer",
                    "value": "https://data.blob.core.windows.net/packages",
                    "authentication": {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": IDENTITY},
                }
            },
            "runtime": {"name": "python", "version": "3.13"},
            "scaleAndConcurrency": {"instanceMemoryMB": 2048, "maximumInstanceCount": 100},
        },
        "siteConfig": {"appSettings": [{"name": "AzureWebJobsStorage__accountName", "value": "data"}]},
    },
}
VAULT: dict[str, Any] = {"location": "westeurope", "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}}}
SYSTEM: dict[str, Any] = {"location": "westeurope", "properties": {"source": ACCOUNT, "topicType": "Microsoft.Storage.StorageAccounts"}}
ROLE: dict[str, Any] = {
    "properties": {
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
        "principalType": "ServicePrincipal",
    }
}
CLASSIC: dict[str, Any] = {
    **FLEX,
    "properties": {"serverFarmId": PLAN, "siteConfig": {"linuxFxVersion": "Python|3.12", "appSettings": [{"name": "X", "value": "1"}]}},
}
BODIES = {"flex": FLEX, "classic": CLASSIC, "vault": VAULT, "system topic": SYSTEM, "role": ROLE}

WORLDS: dict[str, list[tuple[str, str, Any]]] = {
    "storage": [("PUT", "Microsoft.Storage/storageAccounts/data", {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})],
    "identity": [("PUT", "Microsoft.ManagedIdentity/userAssignedIdentities/who", {"location": "westeurope"})],
    "plan": [
        (
            "PUT",
            "Microsoft.Web/serverfarms/plan",
            {"location": "westeurope", "kind": "functionapp", "sku": {"name": "FC1", "tier": "FlexConsumption"}, "properties": {"reserved": True}},
        )
    ],
    "app": [("PUT", "Microsoft.Web/sites/app", {"use": "flex"})],
    "consumption": [
        (
            "PUT",
            "Microsoft.Web/serverfarms/plan",
            {"location": "westeurope", "kind": "functionapp", "sku": {"name": "Y1", "tier": "Dynamic"}, "properties": {"reserved": True}},
        )
    ],
    "role": [("PUT", "Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001", {"use": "role"})],
    "deleted vault": [("PUT", "Microsoft.KeyVault/vaults/safe", {"use": "vault"}), ("DELETE", "Microsoft.KeyVault/vaults/safe", None)],
    "system topic": [("PUT", "Microsoft.EventGrid/systemTopics/blobs", {"use": "system topic"})],
    "bus": [
        ("PUT", "Microsoft.ServiceBus/namespaces/busbus", {"location": "westeurope", "sku": {"name": "Standard"}}),
        ("PUT", "Microsoft.ServiceBus/namespaces/busbus/queues/q", {"properties": {}}),
    ],
    "cosmos": [
        (
            "PUT",
            "Microsoft.DocumentDB/databaseAccounts/items",
            {
                "location": "westeurope",
                "properties": {
                    "databaseAccountOfferType": "Standard",
                    "locations": [{"locationName": "westeurope"}],
                    "capabilities": [{"name": "EnableServerless"}],
                },
            },
        ),
        ("PUT", "Microsoft.DocumentDB/databaseAccounts/items/sqlDatabases/d", {"properties": {"resource": {"id": "d"}}}),
    ],
}
NEEDS = {
    "plan": ("storage", "identity"),
    "consumption": ("storage", "identity"),
    "app": ("plan",),
    "role": ("identity",),
    "system topic": ("storage",),
}


def body(said: Any, caller: Caller) -> Any:
    """A body as a case writes it: `use` names one, `set` changes properties of it, `drop` removes one, LONG is a long text."""
    if isinstance(said, dict) and "use" in said:
        found = copy.deepcopy(BODIES[said["use"]])
        for path, value in (said.get("set") or {}).items():
            _set(found["properties"], path, value)
        if "drop" in said:
            del found["properties"][said["drop"]]
        if "identity" in said:
            found["identity"]["userAssignedIdentities"] = {IDENTITY.replace("/who", f"/{said['identity']}"): {}}
        if said["use"] == "role":
            found["properties"]["principalId"] = said.get("principal") or caller.done("GET", IDENTITY).body["properties"]["principalId"]
        return found
    if isinstance(said, dict):
        return {key: body(value, caller) for key, value in said.items()}
    return "x" * 300 if said == "LONG" else said


def build(world: str, caller: Caller) -> None:
    """Make a world, with what it stands on."""
    for below in NEEDS.get(world, ()):
        build(below, caller)
    for method, path, said in WORLDS[world]:
        caller.done(method, path, body(said, caller))


def _set(place: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for word in above:
        place = place.setdefault(word, {})
    place[last] = {**place[last], **value} if isinstance(value, dict) and isinstance(place.get(last), dict) else value


def _good() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Names and bodies of what the worlds make, by type."""
    names: dict[str, list[str]] = {}
    made: dict[str, Any] = {}
    for method, path, said in [one for world in WORLDS.values() for one in world] + MORE:
        namespace, *words = path.split("/")
        kind = "/".join([namespace, *words[::2]])
        if method == "PUT":
            names[kind], made[kind] = words[1::2], copy.deepcopy(BODIES[said["use"]] if "use" in said else said)
    return names, made


ROLE_NAME = "00000000-0000-0000-0000-000000000001"
_BUS, _COSMOS = "Microsoft.ServiceBus/namespaces/busbus", "Microsoft.DocumentDB/databaseAccounts/items"
_DESTINATION = {"endpointType": "AzureFunction", "properties": {"resourceId": f"{GROUP}/providers/Microsoft.Web/sites/app/functions/x"}}
MORE: list[tuple[str, str, Any]] = [
    ("PUT", "Microsoft.Web/sites/app/config/appsettings", {"properties": {"ONE": "1"}}),
    ("PUT", "Microsoft.Web/sites/app/config/web", {"properties": {"cors": {"allowedOrigins": ["*"]}}}),
    ("PUT", "Microsoft.Web/sites/app/extensions/onedeploy", {"properties": {"packageUri": "https://elsewhere/x.zip"}}),
    ("PUT", "Microsoft.Storage/storageAccounts/data/blobServices/default/containers/packages", {"properties": {"publicAccess": "None"}}),
    ("PUT", "Microsoft.OperationalInsights/workspaces/logs", {"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}),
    ("PUT", "Microsoft.Insights/components/told", {"location": "westeurope", "kind": "web", "properties": {"Application_Type": "web"}}),
    ("PUT", "Microsoft.KeyVault/vaults/safe/secrets/one", {"properties": {"value": "1", "attributes": {"enabled": True}}}),
    ("PUT", "Microsoft.EventGrid/topics/bus", {"location": "westeurope", "properties": {"inputSchema": "CloudEventSchemaV1_0"}}),
    (
        "PUT",
        "Microsoft.EventGrid/systemTopics/blobs/eventSubscriptions/made",
        {"properties": {"destination": _DESTINATION, "filter": {"subjectBeginsWith": "/x"}, "retryPolicy": {"maxDeliveryAttempts": 3}}},
    ),
    ("PUT", f"{_BUS}/topics/t", {"properties": {}}),
    ("PUT", f"{_BUS}/topics/t/subscriptions/s", {"properties": {"lockDuration": "PT1M"}}),
    ("PUT", f"{_COSMOS}/sqlDatabases/d/containers/c", {"properties": {"resource": {"id": "c", "partitionKey": {"paths": ["/id"]}}, "options": {}}}),
    (
        "PUT",
        f"{_COSMOS}/sqlRoleAssignments/{ROLE_NAME}",
        {"properties": {"roleDefinitionId": f"{GROUP}/providers/{_COSMOS}/sqlRoleDefinitions/{ROLE_NAME}", "scope": "x", "principalId": "x"}},
    ),
]
NAMES, GOOD = _good()

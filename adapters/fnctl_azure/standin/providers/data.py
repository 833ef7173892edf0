"""Service Bus, Event Hubs and Cosmos DB: their configuration is looked at and kept; nothing here carries a message or holds an item."""

from __future__ import annotations

import re
from typing import Any

from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.wire import Answer, refused
from fnctl_azure.standin.world import Resource

BUS, HUBS, COSMOS = "Microsoft.ServiceBus/namespaces", "Microsoft.EventHub/namespaces", "Microsoft.DocumentDB/databaseAccounts"
BUILT_IN = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002")
_DURATION = re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_LOCK = re.compile(r"PT([1-5]M|[1-9]\d?S|[1-2]\d\dS|300S)")


def providers() -> dict[str, Provider]:
    """What they do."""
    return {
        BUS.lower(): Provider(put=_namespace),
        f"{BUS}/queues".lower(): Provider(put=_queue),
        f"{BUS}/topics".lower(): Provider(put=_topic),
        f"{BUS}/topics/subscriptions".lower(): Provider(put=_bus_subscription, stored=_everything),
        f"{BUS}/topics/subscriptions/rules".lower(): Provider(put=_rule),
        HUBS.lower(): Provider(put=_namespace),
        f"{HUBS}/eventhubs".lower(): Provider(put=_hub, stored=_default_group),
        COSMOS.lower(): Provider(put=_account),
        f"{COSMOS}/sqlDatabases".lower(): Provider(put=_named),
        f"{COSMOS}/sqlDatabases/containers".lower(): Provider(put=_container),
        f"{COSMOS}/sqlRoleAssignments".lower(): Provider(put=_assigned),
        "microsoft.servicebus": Provider(actions={"checknameavailability": _free}),
        "microsoft.eventhub": Provider(actions={"checknameavailability": _free}),
    }


def _namespace(work: Work) -> None:
    name = work.target.name.lower()
    others = [r for kind in (BUS, HUBS) for r in work.world.of_type(kind) if r.name.lower() == name and r.id.lower() != work.id.lower()]
    if others or ("servicebus.windows.net", name) in work.world.taken:
        raise refused(409, "Conflict", f"Namespace name '{work.target.name}' is already taken. (NamespaceUnavailable)")
    sku = work.body["sku"]
    if work.old is not None and (work.old.body["sku"]["name"] == "Premium") != (sku["name"] == "Premium"):
        raise refused(400, "BadRequest", "A namespace cannot change to or from Premium.")
    sku["tier"] = sku["name"]
    properties = work.body["properties"]
    properties["serviceBusEndpoint"] = f"{work.request.base}/_absent/servicebus/{work.target.name}/"
    properties["metricId"] = f"{work.target.subscription}:{name}"


def _standard(work: Work, what: str) -> None:
    namespace = work.world.find(work.id[: work.id.lower().index("/topics/") if "/topics/" in work.id.lower() else work.id.lower().index("/queues/")])
    if namespace is not None and namespace.body["sku"]["name"] == "Basic":
        raise refused(400, "MessagingGatewayBadRequest", f"SubCode=40000. '{what}' is not supported in the Basic tier of Service Bus.")


def _queue(work: Work) -> None:
    properties = work.body["properties"]
    for word in ("requiresSession", "requiresDuplicateDetection"):
        if properties.get(word):
            _standard(work, word)
    _fixed(work, "requiresSession", "requiresDuplicateDetection", "enablePartitioning")
    _locked(properties)
    _durations(properties, "defaultMessageTimeToLive", "autoDeleteOnIdle", "duplicateDetectionHistoryTimeWindow")
    target = properties.get("forwardDeadLetteredMessagesTo") or properties.get("forwardTo")
    if target and work.world.find(work.id.rsplit("/", 1)[0] + f"/{target}") is None:
        raise refused(400, "BadRequest", f"SubCode=40000. The forwarding target '{target}' does not exist.")


def _topic(work: Work) -> None:
    _standard(work, "topics")
    _fixed(work, "requiresDuplicateDetection", "enablePartitioning")
    _durations(work.body["properties"], "defaultMessageTimeToLive", "autoDeleteOnIdle", "duplicateDetectionHistoryTimeWindow")


def _bus_subscription(work: Work) -> None:
    _fixed(work, "requiresSession")
    _locked(work.body["properties"])
    _durations(work.body["properties"], "defaultMessageTimeToLive", "autoDeleteOnIdle")


def _everything(work: Work, made: Resource) -> None:
    """A new subscription takes everything, by a rule that the platform makes."""
    if work.old is None:
        body = {"properties": {"filterType": "SqlFilter", "sqlFilter": {"sqlExpression": "1=1", "compatibilityLevel": 20}, "action": {}}}
        work.world.keep(Resource(f"{made.id}/rules/$Default", f"{BUS}/topics/subscriptions/rules", body))


def _rule(work: Work) -> None:
    properties = work.body["properties"]
    kind = properties.setdefault("filterType", "SqlFilter" if properties.get("sqlFilter") else "CorrelationFilter")
    wanted = kind[0].lower() + kind[1:]
    if not properties.get(wanted):
        raise refused(400, "BadRequest", f"SubCode=40000. A rule of type '{kind}' needs '{wanted}'.")


def _hub(work: Work) -> None:
    _fixed(work, "partitionCount")
    properties = work.body["properties"]
    properties["partitionIds"] = [str(place) for place in range(properties["partitionCount"])]


def _default_group(work: Work, made: Resource) -> None:
    if work.old is None:
        work.world.keep(Resource(f"{made.id}/consumergroups/$Default", f"{HUBS}/eventhubs/consumergroups", {"properties": {}}))


def _account(work: Work) -> None:
    name = work.target.name.lower()
    others = [r for r in work.world.of_type(COSMOS) if r.name.lower() == name and r.id.lower() != work.id.lower()]
    if others or ("documents.azure.com", name) in work.world.taken:
        raise refused(409, "Conflict", f"Database account name '{work.target.name}' is not available.")
    properties = work.body["properties"]
    properties["documentEndpoint"] = f"{work.request.base}/_absent/cosmos/{work.target.name}/"
    for place, location in enumerate(properties["locations"]):
        location.setdefault("failoverPriority", place)


def _named(work: Work) -> None:
    if work.body["properties"]["resource"]["id"] != work.target.name:
        raise refused(
            400, "BadRequest", (f"The resource id '{work.body['properties']['resource']['id']}' is not the name in the URL, '{work.target.name}'.")
        )
    _serverless(work)


def _container(work: Work) -> None:
    _named(work)
    resource = work.body["properties"]["resource"]
    paths = resource["partitionKey"].get("paths") or []
    if not paths or not all(str(path).startswith("/") for path in paths):
        raise refused(400, "BadRequest", "The partition key's paths must start with '/'.")
    old = work.old.properties["resource"] if work.old else None
    if old is not None and old["partitionKey"]["paths"] != paths:
        raise refused(400, "BadRequest", "Document collection partition key cannot be changed.")


def _serverless(work: Work) -> None:
    account = work.world.find(work.id[: work.id.lower().index("/sqldatabases/")])
    capabilities = [one.get("name") for one in (account.properties.get("capabilities") or [])] if account else []
    if "EnableServerless" in capabilities and (work.body["properties"].get("options") or {}).get("throughput"):
        raise refused(400, "BadRequest", "Setting offer throughput or autopilot on container is not supported for serverless accounts.")


def _assigned(work: Work) -> None:
    properties = work.body["properties"]
    account = work.id[: work.id.lower().index("/sqlroleassignments/")]
    role = str(properties["roleDefinitionId"])
    if f"{account}/sqlroledefinitions/".lower() not in role.lower() or role.rpartition("/")[2] not in BUILT_IN:
        raise refused(400, "BadRequest", f"The role definition '{role}' does not exist in this account.")
    if not str(properties["scope"]).lower().startswith(account.lower()):
        raise refused(400, "BadRequest", f"The scope '{properties['scope']}' is not within the account.")
    if str(properties["principalId"]).lower() not in work.world.principals:
        raise refused(400, "BadRequest", f"The provided principal ID [{properties['principalId']}] was not found in the AAD tenant(s).")


def _fixed(work: Work, *words: str) -> None:
    for word in words:
        if work.old is not None and work.old.properties.get(word) != work.body["properties"].get(word):
            raise refused(400, "BadRequest", f"SubCode=40000. The value for the '{word}' property of an existing entity cannot be changed.")


def _locked(properties: dict[str, Any]) -> None:
    if not _LOCK.fullmatch(str(properties.get("lockDuration"))):
        raise refused(
            400, "BadRequest", (f"SubCode=40000. The lock duration '{properties.get('lockDuration')}' must be between 1 second and 5 minutes.")
        )


def _durations(properties: dict[str, Any], *words: str) -> None:
    for word in words:
        if properties.get(word) and not _DURATION.fullmatch(str(properties[word])):
            raise refused(400, "BadRequest", f"SubCode=40000. '{properties[word]}' of '{word}' is not a duration.")


def _free(work: Work) -> Answer:
    name = str(work.request.json().get("name", "")).lower()
    taken = ("servicebus.windows.net", name) in work.world.taken or any(
        r.name.lower() == name for kind in (BUS, HUBS) for r in work.world.of_type(kind)
    )
    return Answer(200, {"nameAvailable": not taken, "reason": "NameInUse" if taken else "None", "message": ""})

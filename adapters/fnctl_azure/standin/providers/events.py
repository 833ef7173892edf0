"""Microsoft.EventGrid: topics, and subscriptions whose destination has to be there and answer."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from fnctl_azure.standin.apps import Apps
from fnctl_azure.standin.hosts import Subscription
from fnctl_azure.standin.providers import Provider, Work, identities
from fnctl_azure.standin.wire import Answer, refused
from fnctl_azure.standin.world import Resource, World

TOPICS = "Microsoft.EventGrid/topics"
SYSTEM = "Microsoft.EventGrid/systemTopics"
SUBSCRIPTIONS = ("Microsoft.EventGrid/eventSubscriptions", f"{TOPICS}/eventSubscriptions", f"{SYSTEM}/eventSubscriptions")
HELD = ("StorageQueue", "ServiceBusQueue", "ServiceBusTopic", "EventHub")


def providers(world: World, apps: Apps) -> dict[str, Provider]:
    """What they do."""
    world.leaving.append(lambda resource: apps.unsubscribe(resource.id) if resource.type in SUBSCRIPTIONS else None)
    found = {
        TOPICS.lower(): Provider(put=_topic, actions={"listkeys": _keys}),
        SYSTEM.lower(): Provider(put=_system),
    }
    return found | {kind.lower(): Provider(put=_subscription(apps), stored=_told(apps), actions={"getfullurl": _full}) for kind in SUBSCRIPTIONS}


def _topic(work: Work) -> None:
    work.body["properties"]["endpoint"] = f"{work.request.base}/_absent/eventgrid/{work.target.name}/api/events"
    if work.old is not None and work.old.properties.get("inputSchema") != work.body["properties"].get("inputSchema"):
        raise refused(400, "InvalidRequest", "The input schema of a topic cannot be changed.")


def _system(work: Work) -> None:
    properties = work.body["properties"]
    source = work.world.find(str(properties["source"]))
    if source is None:
        raise refused(400, "ResourceNotFound", f"The source '{properties['source']}' was not found.")
    if str(properties["topicType"]).lower() != source.type.replace("/", ".").lower():
        raise refused(400, "InvalidRequest", f"The topic type '{properties['topicType']}' is not that of the source.")
    for other in work.world.of_type(SYSTEM):
        if str(other.properties["source"]).lower() == source.id.lower() and other.id.lower() != work.id.lower():
            message = f"Only one system topic is allowed per source. The existing topic is '{other.name}'."
            raise refused(409, "Conflict", message)
    identities.fill(work)
    properties["metricResourceId"] = work.target.name


def _subscription(apps: Apps) -> Callable[[Work], None]:
    def put(work: Work) -> None:
        properties = work.body["properties"]
        destination = properties["destination"]
        wanted = destination.get("properties") or {}
        if destination["endpointType"] == "AzureFunction":
            _function(work, apps, str(wanted.get("resourceId") or ""))
        elif destination["endpointType"] == "WebHook":
            _hook(work, apps, str(wanted.pop("endpointUrl", "")), wanted)
        elif destination["endpointType"] in HELD and work.world.find(str(wanted.get("resourceId") or "")) is None:
            raise refused(400, "InvalidRequest", f"Destination endpoint not found. Resource details: resourceId: {wanted.get('resourceId')}.")
        properties["topic"] = _source(work)

    return put


def _told(apps: Apps) -> Callable[[Work, Resource], None]:
    """Events of blobs are really sent: by whoever watches the storage of this machine."""

    def stored(work: Work, made: Resource) -> None:
        properties = made.properties
        source = work.world.find(str(properties["topic"]))
        app, function = _ends(work.world, properties["destination"])
        if source is None or source.type != "Microsoft.Storage/storageAccounts" or not function:
            return
        chosen = properties.get("filter") or {}
        known = Subscription(source.name, app, function)
        apps.subscribe(
            made.id,
            Subscription(
                account=source.name,
                app=app,
                function=function,
                types=tuple(chosen.get("includedEventTypes") or known.types),
                begins=str(chosen.get("subjectBeginsWith") or ""),
                ends=str(chosen.get("subjectEndsWith") or ""),
                cloudevents=properties.get("eventDeliverySchema") == "CloudEventSchemaV1_0",
                attempts=int(properties["retryPolicy"]["maxDeliveryAttempts"]),
                topic=source.id,
            ),
        )

    return stored


def _ends(world: World, destination: dict[str, Any]) -> tuple[str, str]:
    """The app and the function that a subscription ends at; "" for what is none here."""
    said = destination.get("properties") or {}
    if destination["endpointType"] == "AzureFunction":
        words = str(said["resourceId"]).split("/")
        return words[-3], words[-1]
    address = str(said.get("endpointBaseUrl") or "")
    host = address.split("//")[-1].partition("/")[0]
    site = next((one for one in world.of_type("Microsoft.Web/sites") if one.properties.get("defaultHostName") == host), None)
    return (site.name if site else ""), str(said.get("function") or "")


def _source(work: Work) -> str:
    """What events are of: a topic, or what a system topic or an extension hangs on."""
    if work.target.scope:
        return work.target.scope
    parent = work.world.find(work.id.rsplit("/", 2)[0])
    return str(parent.properties.get("source") or parent.id) if parent else ""


def _function(work: Work, apps: Apps, path: str) -> None:
    site = work.world.find(path.rpartition("/functions/")[0])
    name = path.rpartition("/")[2].lower()
    found = next((one for one in apps.functions(site) if one.name.lower() == name), None) if site else None
    if found is None:
        raise refused(
            400,
            "InvalidRequest",
            (f"Destination endpoint not found. Resource details: resourceId: {path}. Resource should pre-exist before attempting this operation."),
        )
    if not any("trigger" in str(one["type"]).lower() and "eventgrid" in str(one["type"]).lower() for one in found.bindings):
        raise refused(400, "InvalidRequest", f"Destination endpoint must be of type 'eventGridTrigger'. Resource details: resourceId: {path}.")


def _hook(work: Work, apps: Apps, address: str, kept: dict[str, Any]) -> None:
    """The address has to be an app's, and to answer the handshake with the right key."""
    if not apps.shakes(address):
        message = (
            f"Webhook validation handshake failed for {address.partition('?')[0]}. Http POST request "
            "failed with response code Unknown. For troubleshooting, visit https://aka.ms/esvalidation."
        )
        raise refused(400, "Url validation", message)
    query = dict(parse_qsl(address.partition("?")[2]))
    kept |= {"endpointBaseUrl": address.partition("?")[0], "function": query.get("functionName", "").removeprefix("Host.Functions.")}
    work.body["properties"]["destination"]["properties"] = kept


def _full(work: Work) -> Answer:
    found = work.world.find(work.id)
    assert found is not None  # noqa: S101  # it was looked for
    return Answer(200, {"endpointUrl": found.properties["destination"]["properties"].get("endpointBaseUrl")})


def _keys(work: Work) -> Answer:
    topic: Resource | None = work.world.find(work.id)
    assert topic is not None  # noqa: S101  # it was looked for
    keys = topic.hidden.setdefault("keys", {word: base64.b64encode(secrets.token_bytes(32)).decode() for word in ("key1", "key2")})
    return Answer(200, dict(keys))

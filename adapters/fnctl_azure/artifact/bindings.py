"""What the host registers for each trigger of the manifest: a name, a binding in function.json's words, and how often it tries again.

Azure has one trigger a function, so a function of the manifest with several triggers becomes several there. Both languages register the same
data. Words: the binding references of Azure Functions, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from fnctl.graph import Json
from fnctl.manifest.model import Function, Resource, Service, Trigger
from fnctl_azure.apps import service_bus
from fnctl_azure.artifact.timers import ncrontab
from fnctl_azure.names import connection, database, listened, short

Binding: TypeAlias = dict[str, Json]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ROOT = "{fnctl_root:maxlength(0)?}"
"""A part that is empty or not there: the host takes an empty route for none, and names it after the function (Azure/Azure-Functions#2473)."""

LEASES = "leases"
_NAME = 127
_GROUP = 50
"""Characters of a subscription of a topic, and of a consumer group."""

_FOR_EVER = -1
_BYTES: Binding = {"dataType": "binary"}
"""Without it the host makes text of every body, loses what is none, and puts a JSON body's fields over metadata of their name: an `id` in a message
would take the place of the message's own (Azure/azure-functions-python-worker#1373, Azure/azure-functions-nodejs-library#459)."""


def doors(service: Service, function: Function) -> list[Binding]:
    """Return what the host registers for one function of the manifest: `name`, `kind`, `key`, `binding`, `retry`, and `whole` for lists."""
    routes: dict[str, list[Trigger]] = {}
    for trigger in function.triggers:
        if trigger.kind == "http":
            routes.setdefault(str(trigger.options["path"]), []).append(trigger)
    # What is not registered does not run, and that is what `enabled: false` asks for: the platform's own setting takes no hyphens in a name.
    others = [trigger for trigger in function.triggers if trigger.kind != "http" and trigger.options.get("enabled") is not False]
    several = len(routes) + len(others) > 1
    found = [_http(function, path, group, several=several) for path, group in routes.items()]
    found += [_other(service, function, trigger, several=several) for trigger in others]
    return list(_apart(found)) or [_task(function) if function.interface == "task" else _called(function)]


def _http(function: Function, path: str, triggers: Iterable[Trigger], *, several: bool) -> Binding:
    verbs = {str(trigger.options.get("method", "ANY")) for trigger in triggers}
    methods = [verb for verb in METHODS if verb in verbs or "ANY" in verbs]
    key = any(trigger.options.get("auth") == "key" for trigger in triggers)
    binding: Binding = {"type": "httpTrigger", "route": route(path), "methods": list(methods), "authLevel": "function" if key else "anonymous"}
    return {"name": _name(function, "http", path, several=several), "kind": "http", "key": path, "binding": binding}


def route(path: str) -> str:
    """Return a path in the host's words: `/files/{path*}` is `files/{*path}`."""
    parts = [f"{{*{part[1:-2]}}}" if part.startswith("{") and part.endswith("*}") else part for part in path.strip("/").split("/")]
    return "/".join(parts) or ROOT


def _called(function: Function) -> Binding:
    """A function that nothing triggers: whoever holds its key may call it."""
    binding: Binding = {"type": "httpTrigger", "route": f"_fnctl/{function.name}", "methods": ["POST"], "authLevel": "function"}
    return {"name": function.name, "kind": "invoke", "key": function.name, "binding": binding}


def _task(function: Function) -> Binding:
    """A step of a workflow: an activity of Durable Functions."""
    return {"name": function.name, "kind": "task", "key": function.name, "binding": {"type": "activityTrigger"}}


def _other(service: Service, function: Function, trigger: Trigger, *, several: bool) -> Binding:
    name = _name(function, trigger.kind, trigger.key, several=several)
    resource = service.resources.get(trigger.resource or "")
    binding = _timer(service, trigger) if resource is None else _RESOURCES[trigger.kind](service, resource, trigger, name)
    found: Binding = {"name": name, "kind": trigger.kind, "key": trigger.key, "binding": binding}
    if trigger.options.get("batch") == "whole":
        found["whole"] = True
    if trigger.kind == "schedule":
        found["data"] = trigger.options.get("input")
    if trigger.kind == "table" and resource:
        found["keys"] = [attribute for word in ("key", "sort") if (attribute := _attribute(resource.options.get(word)))]
    retry = _retry(function, trigger)
    return found | ({"retry": retry} if retry else {})


def _timer(service: Service, trigger: Trigger) -> Binding:
    return {"type": "timerTrigger", "schedule": ncrontab(service, trigger), "useMonitor": True, "runOnStartup": False}


def _queue(service: Service, resource: Resource, _trigger: Trigger, _name: str) -> Binding:
    place: Binding = {"queueName": listened(service, resource), "connection": connection(resource)}
    if service_bus(resource):
        return {"type": "serviceBusTrigger", **place, "isSessionsEnabled": bool(resource.options.get("fifo")), **_BYTES}
    return {"type": "queueTrigger", **place, **_BYTES}


def _topic(service: Service, resource: Resource, _trigger: Trigger, name: str) -> Binding:
    if not service_bus(resource):
        return {"type": "eventGridTrigger"}
    place: Binding = {"topicName": listened(service, resource), "connection": connection(resource)}
    sessions: Binding = {"isSessionsEnabled": True} if resource.options.get("fifo") else {}
    return {"type": "serviceBusTrigger", **place, "subscriptionName": short(name, _GROUP), **sessions, **_BYTES}


def _grid(_service: Service, _resource: Resource, _trigger: Trigger, _name: str) -> Binding:
    return {"type": "eventGridTrigger"}


def _stream(service: Service, resource: Resource, _trigger: Trigger, name: str) -> Binding:
    place: Binding = {"eventHubName": listened(service, resource), "connection": connection(resource)}
    return {"type": "eventHubTrigger", **place, "consumerGroup": short(name, _GROUP), "cardinality": "many", **_BYTES}


def _table(service: Service, resource: Resource, trigger: Trigger, name: str) -> Binding:
    batch = trigger.options.get("batch")
    return {
        "type": "cosmosDBTrigger",
        "connection": connection(resource),
        "databaseName": database(service, resource),
        "containerName": listened(service, resource),
        "leaseContainerName": LEASES,
        "leaseContainerPrefix": f"{name}-",
        "startFromBeginning": trigger.options.get("from", "oldest") == "oldest",
        **({"maxItemsPerInvocation": batch} if isinstance(batch, int) else {}),
    }


_RESOURCES: Mapping[str, Callable[[Service, Resource, Trigger, str], Binding]] = {
    "queue": _queue,
    "topic": _topic,
    "bucket": _grid,
    "bus": _grid,
    "stream": _stream,
    "table": _table,
}


def _attribute(said: Json) -> str | None:
    return str(said["name"]) if isinstance(said, dict) else str(said) if said else None


def _retry(function: Function, trigger: Trigger) -> Binding:
    """Return a policy where the host follows one. A batch of a stream or a table that is given up is lost, so it is tried for ever by default."""
    said = function.retry
    lasting = trigger.kind in ("stream", "table")
    if not lasting and not (trigger.kind == "schedule" and said):
        return {}
    most = trigger.options.get("max_retries", said.get("max"))
    count = int(str(most)) if most is not None else _FOR_EVER if lasting else 2
    first, cap = int(str(said.get("interval", 2))), int(str(said.get("cap", 300)))
    if said.get("backoff") == 1:
        return {"strategy": "fixedDelay", "maxRetryCount": count, "delayInterval": first}
    return {"strategy": "exponentialBackoff", "maxRetryCount": count, "minimumInterval": first, "maximumInterval": max(first, cap)}


def _name(function: Function, kind: str, key: str, *, several: bool) -> str:
    """Name a function there: as here, and with the trigger behind it where there are several. `_` is in no name of the manifest."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", key).strip("_")
    return short("_".join(filter(None, (function.name, kind, words))), _NAME) if several else function.name


def _apart(found: Iterable[Binding]) -> Iterator[Binding]:
    """Give doors that came to one name, such as `/a-b` and `/a/b`, two."""
    seen: dict[str, int] = {}
    for door in found:
        name = str(door["name"])
        seen[name] = seen.get(name, 0) + 1
        yield door if seen[name] == 1 else {**door, "name": f"{name}__{seen[name]}"}

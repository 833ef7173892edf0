"""host.json: what the host needs to know of an app, and nothing that its own default says already. Words: host.json reference, 2023-07-10."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import Json
from fnctl.manifest.model import Resource, Service, Trigger
from fnctl_azure.apps import App, service_bus
from fnctl_azure.artifact.bindings import doors

BUNDLE = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}
BUILT_IN = frozenset({"http", "schedule"})
"""Triggers that the host knows without the extension bundle, which costs time at every cold start."""

LONGEST = {"consumption": 300}
UNSET = 1800
"""Seconds after which the host stops a function of an app that says nothing: on Consumption, and on every other plan."""

LEVELS = {"debug": "Debug", "info": "Information", "warning": "Warning", "warn": "Warning", "error": "Error"}


def host(service: Service, app: App) -> dict[str, Json]:
    """Return host.json of an app."""
    found: dict[str, Json] = {"version": "2.0", "extensions": {"http": {"routePrefix": ""}, **_extensions(service, app)}, **_telemetry(service, app)}
    longest = timeout(service, app)
    if longest:
        found["functionTimeout"] = _clock(longest)
    if any(trigger.kind not in BUILT_IN for function in app.functions for trigger in function.triggers) or _tasks(app):
        found["extensionBundle"] = dict(BUNDLE)
    return found


def timeout(service: Service, app: App) -> int | None:
    """Return the seconds after which the host stops every function of an app: the longest that one of them asks for."""
    said = [function.timeout for function in app.functions]
    given = max((seconds for seconds in said if seconds), default=0)
    if not given or (None in said and given <= LONGEST.get(plan_of(service, app), UNSET)):
        return None
    return given


def plan_of(service: Service, app: App) -> str:
    """Return the hosting plan's word; functions of one app have one (AZ401)."""
    return str(app.functions[0].own.get("plan") or service.settings.get("plan") or "flex")


def listens(service: Service, app: App) -> Iterator[tuple[Resource, Trigger]]:
    """Yield the resources that an app's functions listen to."""
    for function in app.functions:
        for trigger in function.triggers:
            if resource := service.resources.get(trigger.resource or ""):
                yield resource, trigger


def _extensions(service: Service, app: App) -> dict[str, Json]:
    queues = [(resource, trigger) for resource, trigger in listens(service, app) if trigger.kind == "queue" and not service_bus(resource)]
    streams = [trigger for _, trigger in listens(service, app) if trigger.kind == "stream"]
    found: dict[str, Json] = {}
    if queues:
        most = {
            "batchSize": [trigger.options.get("batch") for _, trigger in queues],
            "maxDequeueCount": [resource.options.get("max_receives") for resource, _ in queues],
            "visibilityTimeout": [resource.options.get("visibility") for resource, _ in queues],
        }
        said = {word: largest for word, values in most.items() if (largest := _largest(values)) is not None}
        pause = said.pop("visibilityTimeout", None)
        # An SDK sends text as it is; the host's own default would take it for base64, and refuse it.
        found["queues"] = {"messageEncoding": "none", **said, **({} if pause is None else {"visibilityTimeout": _clock(pause)})}
    if streams:
        batch = _largest([trigger.options.get("batch") for trigger in streams])
        begin = "fromEnd" if all(trigger.options.get("from") == "latest" for trigger in streams) else "fromStart"
        found["eventHubs"] = {"initialOffsetOptions": {"type": begin}, **({"maxEventBatchSize": batch} if batch else {})}
    return found


def _largest(values: list[Json]) -> int | None:
    """Return the largest number that is said; the host has one for all."""
    return max((value for value in values if isinstance(value, int)), default=None)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _tasks(app: App) -> bool:
    return any(function.interface == "task" for function in app.functions)


def _telemetry(service: Service, app: App) -> dict[str, Json]:
    own: dict[str, Json] = {"default": "Information"}
    for function in app.functions:
        if level(function.logs.level) != own["default"]:
            own |= {f"Function.{door['name']}.User": level(function.logs.level) for door in doors(service, function)}
    logging: dict[str, Json] = {"logLevel": own}
    if any(function.tracing == "otel" for function in app.functions):
        return {"telemetryMode": "OpenTelemetry", "logging": logging}
    sampling: dict[str, Json] = {"isEnabled": True, "maxTelemetryItemsPerSecond": 20, "excludedTypes": "Request"}
    return {"logging": {**logging, "applicationInsights": {"samplingSettings": sampling}}}


def level(word: str) -> str:
    """Return the host's word for a level."""
    return LEVELS.get(word.lower(), "Information")

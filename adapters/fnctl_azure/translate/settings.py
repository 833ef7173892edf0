"""The settings of an app: what its host needs, what its functions set, use and listen to, and where its secrets are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import Ref, Text, Value
from fnctl.manifest.model import Resource, Service
from fnctl_azure.apps import App, app_of, first_path
from fnctl_azure.names import HOST, INSIGHTS, app_address, setting
from fnctl_azure.translate.places import listening, place
from fnctl_azure.translate.secrets import secret_settings

HOST_VERSION = "~4"


def settings(service: Service, app: App, plan: str, code: str) -> dict[str, Value]:
    """Return all settings of an app with the package `code`. What a function's own `env` says never stands in for what the host needs (AZ205)."""
    client = Ref(app_address(app.name, "identity"), "clientId")
    found: dict[str, Value] = {}
    for function in app.functions:
        found.update(function.env)
    found.update(_used(service, app))
    for resource in listened_to(service, app):
        found.update(listening(resource, client))
    return {**found, **secret_settings(app), **_zone(app), **_host(app, client, plan, code)}


def _zone(app: App) -> Mapping[str, Value]:
    """Return the time zone of an app's schedules, which Premium has (AZ301) and all of them share (AZ309)."""
    schedules = [trigger for function in app.functions for trigger in function.triggers if trigger.kind == "schedule"]
    zone = str(schedules[0].options.get("timezone", "UTC")) if schedules else "UTC"
    return {} if zone == "UTC" else {"WEBSITE_TIME_ZONE": zone}


def _host(app: App, client: Value, plan: str, code: str) -> Mapping[str, Value]:
    """Return what the host itself reads: storage and telemetry by the app's identity, and no key."""
    otel = any(function.tracing == "otel" for function in app.functions)
    return {
        "AzureWebJobsStorage__accountName": Ref(HOST, "name"),
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": Ref(INSIGHTS, "ConnectionString"),
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": Text(("ClientId=", *_parts(client), ";Authorization=AAD")),
        # What an SDK's default credential takes where an app has more than the one identity that it guesses.
        "AZURE_CLIENT_ID": client,
        **({"PYTHON_ENABLE_OPENTELEMETRY": "true"} if otel and app.python else {}),
        **({} if plan == "flex" else _older(app, plan, code)),
    }


def _older(app: App, plan: str, code: str) -> dict[str, Value]:
    """Return what plans before Flex have as settings. A package is mounted as it is: nothing of an older one stays beside it."""
    runtime = "python" if app.python else "node"
    found: dict[str, Value] = {"FUNCTIONS_EXTENSION_VERSION": HOST_VERSION, "FUNCTIONS_WORKER_RUNTIME": runtime, "WEBSITE_RUN_FROM_PACKAGE": "1"}
    if plan != "consumption":
        return found
    # There is no place of the app's own to mount it from: each instance fetches it by its address, as the app's identity.
    packages = (Ref(HOST, "primaryEndpoints.blob"), Ref(app_address(app.name, "packages"), "name"), f"/{code}.zip")
    identity = Ref(app_address(app.name, "identity"), "id")
    return {
        **found,
        "WEBSITE_RUN_FROM_PACKAGE": Text(packages),
        "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID": identity,
        "WEBSITE_MOUNT_ENABLED": "1",
    }


def _parts(value: Value) -> tuple[Ref, ...]:
    return (value,) if isinstance(value, Ref) else ()


def _used(service: Service, app: App) -> Iterator[tuple[str, Value]]:
    """Yield what the functions use, by the names that they have on every platform."""
    for function in app.functions:
        kept = [str(function.idempotent["table"])] if function.idempotent else []
        for name in (*function.uses, *kept):
            if resource := service.resources.get(name):
                yield setting(name, resource.type), place(service, resource)
            elif (other := service.functions.get(name)) and app_of(service, other) != app.name and (path := first_path(other)):
                yield setting(name, "function"), Text((Ref(app_address(app_of(service, other)), "url"), path))


def listened_to(service: Service, app: App) -> list[Resource]:
    """Return the resources that an app's functions hear, once each."""
    names = {trigger.resource: None for function in app.functions for trigger in function.triggers if trigger.resource}
    return [service.resources[name] for name in names if name in service.resources]

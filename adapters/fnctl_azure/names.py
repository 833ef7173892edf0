"""How things are called on Azure, as far as the manifest decides it."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.manifest.model import Resource, Service


def physical(service: Service, name: str, limit: int) -> str:
    """Return `<service>-<stage>-<name>`; what is cut at the limit is kept as a hash, so that two long names stay two."""
    full = f"{service.name}-{service.stage}-{name}"
    if len(full) <= limit:
        return full
    return f"{full[: limit - 9].rstrip('-')}-{digest(full)}"


def stored(service: Service, resource: Resource) -> str:
    """Return the name of a queue or a container: `targets.azure.name`, or the computed one."""
    return str(resource.own.get("name") or physical(service, resource.name, 63))


def short(name: str, limit: int) -> str:
    """Return a name that fits; what is cut off is kept as a hash."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-_')}-{digest(name)}"


def setting(name: str, kind: str) -> str:
    """Return under which name what a function uses, or listens to, stands in its environment: `JOBS_QUEUE`, as on every platform."""
    return f"{name}_{kind}".replace("-", "_").upper()


def connection(resource: Resource) -> str:
    """Return the prefix of the settings through which the host reaches a resource: `JOBS_QUEUE_CONNECTION__queueServiceUri`."""
    return f"{setting(resource.name, resource.type)}_CONNECTION"


def listened(service: Service, resource: Resource) -> str:
    """Return what the host calls a resource that a function listens to: the last part of an `existing` id, else its physical name."""
    return resource.existing.rstrip("/").rpartition("/")[2] if resource.existing else stored(service, resource)


def database(service: Service, resource: Resource) -> str:
    """Return the Cosmos DB database that holds a table: the service's, or the one that an `existing` id names."""
    _, found, rest = (resource.existing or "").partition("/sqlDatabases/")
    return rest.partition("/")[0] if found else f"{service.name}-{service.stage}"


SERVICE_TAG, STAGE_TAG, ADDRESS_TAG = "fnctl:service", "fnctl:stage", "fnctl:address"
LIVE_TAG = "fnctl:live"
"""On an app: which package serves, and which shim is in it. Not there while a package is on its way up."""


def tags(service: Service, address: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return who it belongs to, under the user's tags. The release is not among them: that would make every deploy write everything."""
    identity = {SERVICE_TAG: service.name, STAGE_TAG: service.stage, ADDRESS_TAG: address}
    return {**service.tags, **(own or {}), **identity}


def digest(text: str, length: int = 8) -> str:
    """Return a short stable hash of a text."""
    import hashlib  # most names fit, and OpenSSL takes its time

    return hashlib.sha256(text.encode()).hexdigest()[:length]

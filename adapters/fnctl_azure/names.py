"""How things are called on Azure, as far as the manifest decides it."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import CLOUD, Address, Ref
from fnctl.manifest.model import Function, Resource, Service, Trigger

REGION = Ref(CLOUD, "region")
GROUP, HOST, DATA = Address("group"), Address("storage/host"), Address("storage/data")
WORKSPACE, INSIGHTS, VAULT = Address("workspace"), Address("insights"), Address("vault")

UNIQUE = 9
"""Characters that the kinds put behind names which all of Azure shares."""
POISON = "-poison"
"""What the host puts behind a queue's name for the messages that it gives up."""


def physical(service: Service, name: str, limit: int) -> str:
    """Return `<service>-<stage>-<name>`; what is cut at the limit is kept as a hash, so that two long names stay two."""
    full = f"{service.name}-{service.stage}-{name}"
    if len(full) <= limit:
        return full
    return f"{full[: limit - 9].rstrip('-')}-{digest(full)}"


_LONGEST = {"queue": 63 - len(POISON), "topic": 50 - UNIQUE, "bus": 50 - UNIQUE, "stream": 50}


def stored(service: Service, resource: Resource) -> str:
    """Return the name of what a resource is there: `targets.azure.name`, or the computed one."""
    if said := resource.own.get("name"):
        return str(said)
    if resource.type == "table" and resource.own.get("engine") == "storage":
        return _plain(service, resource.name)
    # A queue's poison queue has to fit as well, and the name of a topic of Event Grid is part of a host name.
    return physical(service, resource.name, _LONGEST.get(resource.type, 63))


def _plain(service: Service, name: str) -> str:
    """Name a Storage table, which takes letters and digits only. The hash keeps `a-b` and `ab` apart."""
    full = f"{service.name}-{service.stage}-{name}"
    return "".join(part for part in full.split("-"))[:55] + digest(full)


def short(name: str, limit: int) -> str:
    """Return a name that fits; what is cut off is kept as a hash."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-_')}-{digest(name)}"


def single(name: str) -> str:
    """Return a name without two hyphens in a row, or one at its end, which a manifest's may have and many of Azure's may not."""
    return "-".join(part for part in name.split("-") if part)


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

MARK = "FNCTL_PACKAGE"
"""A setting of an app that gets its releases by a canary: the beginning of its package's digest."""


def tags(service: Service, address: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return who it belongs to, under the user's tags. The release is not among them: that would make every deploy write everything."""
    identity = {SERVICE_TAG: service.name, STAGE_TAG: service.stage, ADDRESS_TAG: address}
    return {**service.tags, **(own or {}), **identity}


def digest(text: str, length: int = 8) -> str:
    """Return a short stable hash of a text."""
    import hashlib  # most names fit, and OpenSSL takes its time

    return hashlib.sha256(text.encode()).hexdigest()[:length]


def shared(service: Service, limit: int) -> str:
    """Name what belongs to the whole service: `<service>-<stage>`."""
    return short(f"{service.name}-{service.stage}", limit)


def resource_tags(resource: Resource) -> dict[str, str]:
    """Return the tags that the manifest gives one resource."""
    said = resource.options.get("tags")
    return {key: str(value) for key, value in said.items()} if isinstance(said, Mapping) else {}


def function_address(function: str) -> Address:
    """`function/api`."""
    return Address(f"function/{function}")


def app_address(app: str, *below: str) -> Address:
    """`app/python`, or an object below it: `app/python/identity`."""
    return Address("/".join(("app", app, *below)))


def resource_address(resource: Resource, *below: str) -> Address:
    """`queue/jobs`."""
    return Address("/".join((resource.type, resource.name, *below)))


def trigger_address(function: Function, trigger: Trigger, *below: str) -> Address:
    """`trigger/worker/queue/jobs`."""
    return Address("/".join(("trigger", function.name, trigger.kind, trigger.key, *below)))

"""How things are called on Azure, as far as the manifest decides it."""

from __future__ import annotations

from fnctl.manifest.model import Resource, Service


def physical(service: Service, name: str, limit: int) -> str:
    """Return `<service>-<stage>-<name>`; what is cut at the limit is kept as a hash, so that two long names stay two."""
    full = f"{service.name}-{service.stage}-{name}"
    if len(full) <= limit:
        return full
    import hashlib  # most names fit, and OpenSSL takes its time

    digest = hashlib.sha256(full.encode()).hexdigest()[:8]
    return f"{full[: limit - 9].rstrip('-')}-{digest}"


def stored(service: Service, resource: Resource) -> str:
    """Return the name of a queue or a container: `targets.azure.name`, or the computed one."""
    return str(resource.own.get("name") or physical(service, resource.name, 63))

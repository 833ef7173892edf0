"""A package that an app's settings name by its address: fetched at every start, by the app's identity."""

from __future__ import annotations

from fnctl_azure.standin import package
from fnctl_azure.standin.providers import identities
from fnctl_azure.standin.storage import Storage
from fnctl_azure.standin.world import Resource, World

STARTING = "The host is starting."
"""Why an app's functions cannot be looked for while its package is fetched."""
ADDRESS, IDENTITY = "WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"


def named(site: Resource) -> str | None:
    """Return the address that an app's settings give; None for an app that is sent its packages."""
    said = str((site.hidden.get("settings") or {}).get(ADDRESS) or "")
    return said if "://" in said else None


def fetch(world: World, storage: Storage, site: Resource) -> bytes:
    """Return the package. Raises Bad, in the words that the host's log has."""
    address = named(site)
    if address is None:
        raise package.Bad(f"{ADDRESS} is no address: Consumption on Linux has no place of its own to run a package from.")
    front, _, name = address.partition("?")[0].rpartition("/")
    account, container = package.place(front)
    path = next((one.id for one in world.of_type("Microsoft.Storage/storageAccounts") if one.name == account), "")
    scope = f"{path}/blobServices/default/containers/{container}"
    if not path or world.find(scope) is None:
        raise package.Bad(f"Error downloading the package: the container '{container}' of '{account}' is not there. Status: 404")
    said = str(site.hidden["settings"].get(IDENTITY) or "")
    kind = "SystemAssignedIdentity" if said.lower() == "systemassigned" else "UserAssignedIdentity"
    with world.lock:
        who = identities.acting(world, site, {"type": kind, "userAssignedIdentityResourceId": said})
        allowed = bool(who) and identities.may(world, who, identities.READ_BLOBS, scope)
    if not allowed:
        raise package.Bad("Error downloading the package: AuthorizationPermissionMismatch: the app's identity may not read the blob. Status: 403")
    data = storage.read(account, container, name)
    if data is None:
        raise package.Bad(f"Error downloading the package: the blob '{name}' is not there. Status: 404")
    return data

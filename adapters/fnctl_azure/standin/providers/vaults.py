"""Microsoft.KeyVault: vaults that stay a while after they were deleted, and the names of their secrets."""

from __future__ import annotations

import copy
import uuid
from typing import Any

from fnctl_azure.standin import ids
from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.wire import Answer, refused
from fnctl_azure.standin.world import SUBSCRIPTION, Resource, World

VAULTS = "Microsoft.KeyVault/vaults"
SECRETS = "Microsoft.KeyVault/vaults/secrets"
DELETED = "Microsoft.KeyVault/locations/deletedVaults"


def providers(world: World) -> dict[str, Provider]:
    """What vaults and secrets do."""
    world.leaving.append(lambda resource: _kept(world, resource))
    return {
        VAULTS.lower(): Provider(put=_vault, stored=_recovered),
        SECRETS.lower(): Provider(put=_secret, show=_without_value),
        DELETED.lower(): Provider(get=_deleted, list=_all_deleted, actions={"purge": _purge}),
        "microsoft.keyvault/deletedvaults": Provider(list=_all_deleted),
        "microsoft.keyvault": Provider(actions={"checknameavailability": _free}),
    }


def _vault(work: Work) -> None:
    properties, name = work.body["properties"], work.target.name.lower()
    recover = str(properties.pop("createMode", "default")).lower() == "recover"
    gone = work.world.deleted.get(name)
    if work.old is None:
        _named(work, gone, recover=recover)
    old = work.old or gone
    if old is not None and old.properties.get("enablePurgeProtection") and properties.get("enablePurgeProtection") is False:
        raise refused(400, "BadRequest", 'The property "enablePurgeProtection" cannot be set to false.')
    if properties.get("enableSoftDelete") is False:
        raise refused(400, "BadRequest", 'The property "enableSoftDelete" cannot be set to false.')
    if old is not None and "softDeleteRetentionInDays" in properties:
        properties["softDeleteRetentionInDays"] = old.properties["softDeleteRetentionInDays"]
    if recover and gone is not None:
        work.body["properties"] = properties = copy.deepcopy(gone.properties)
    properties["vaultUri"] = f"{work.request.base}/_vault/{work.target.name}/"


def _named(work: Work, gone: Resource | None, *, recover: bool) -> None:
    """A new vault's name must be free in the world, and not be kept by one that is gone."""
    name = work.target.name.lower()
    if ("vault.azure.net", name) in work.world.taken or any(v.name.lower() == name for v in work.world.of_type(VAULTS)):
        raise refused(409, "VaultAlreadyExists", f"The vault name '{work.target.name}' is already in use. Vault names are globally unique.")
    if gone is not None and not recover:
        message = "A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault."
        raise refused(409, "ConflictError", message)
    if recover and gone is None:
        raise refused(404, "DeletedVaultNotFound", f"No deleted vault '{work.target.name}' was found to recover.")


def _recovered(work: Work, made: Resource) -> None:
    gone = work.world.deleted.pop(made.name.lower(), None)
    if gone is None or work.old is not None:
        return
    for secret in gone.hidden.pop("secrets", []):
        work.world.keep(secret)
    made.hidden |= gone.hidden


def _kept(world: World, resource: Resource) -> None:
    """A vault that goes is kept with what is in it, also when its group goes."""
    if resource.type == SECRETS:
        vault = world.find(resource.id.rsplit("/", 2)[0])
        if vault is not None:
            vault.hidden.setdefault("secrets", []).append(resource)
    elif resource.type == VAULTS:
        world.deleted[resource.name.lower()] = resource


def _all_deleted(work: Work) -> list[Resource]:
    return [_shown(vault) for vault in work.world.deleted.values()]


def _deleted(work: Work) -> Resource | None:
    gone = work.world.deleted.get(work.target.name.lower())
    return _shown(gone) if gone else None


def _shown(gone: Resource) -> Resource:
    path = ids.resource_id(f"/subscriptions/{SUBSCRIPTION}", DELETED, (str(gone.body["location"]), gone.name))
    properties: dict[str, Any] = {"vaultId": gone.id, "location": gone.body["location"], "tags": gone.body.get("tags") or {}}
    return Resource(path, DELETED, {"properties": properties | {"purgeProtectionEnabled": bool(gone.properties.get("enablePurgeProtection"))}})


def _purge(work: Work) -> Answer:
    gone = work.world.deleted.get(work.target.name.lower())
    if gone is None:
        raise refused(404, "DeletedVaultNotFound", f"The specified deleted vault '{work.target.name}' does not exist.")
    if gone.properties.get("enablePurgeProtection"):
        raise refused(409, "MethodNotAllowed", 'Operation "purge" is not allowed because purge protection is enabled for this vault.')
    del work.world.deleted[work.target.name.lower()]
    return Answer(200)


def _secret(work: Work) -> None:
    properties = work.body["properties"]
    if work.old is None and not isinstance(properties.get("value"), str):
        raise refused(400, "BadRequest", "The value of the secret is required.")
    vault = work.world.find(work.id.rsplit("/", 2)[0])
    assert vault is not None  # noqa: S101  # its parent was looked for
    name, version = work.target.name, uuid.uuid4().hex
    if name.lower() in (vault.hidden.get("gone") or {}):
        message = f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused"
        raise refused(409, "ConflictError", f"{message}; in this state, the secret can only be recovered or purged.")
    if isinstance(properties.get("value"), str):
        value = properties.pop("value")
        versions: list[dict[str, Any]] = vault.hidden.setdefault("values", {}).setdefault(name.lower(), [])
        versions.append({"id": version, "value": value, "made": work.world.now()})
    else:
        version = str(work.old.properties["secretUriWithVersion"]).rpartition("/")[2] if work.old else version
    uri = f"{vault.properties['vaultUri']}secrets/{name}"
    properties |= {
        "secretUri": uri,
        "secretUriWithVersion": f"{uri}/{version}",
        "attributes": {"enabled": True, **(properties.get("attributes") or {})},
    }
    work.body["location"] = vault.body["location"]


def _without_value(_world: World, _secret: Resource, body: dict[str, Any]) -> None:
    body["properties"].pop("value", None)


def _free(work: Work) -> Answer:
    name = str(work.request.json().get("name", "")).lower()
    taken = (
        ("vault.azure.net", name) in work.world.taken or any(v.name.lower() == name for v in work.world.of_type(VAULTS)) or name in work.world.deleted
    )
    if taken:
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": f"The vault name '{name}' is already in use."})
    return Answer(200, {"nameAvailable": True})

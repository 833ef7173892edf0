"""The data plane of vaults: secrets with their versions, and those that were deleted and are still there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from fnctl_azure.standin import entra
from fnctl_azure.standin.providers.identities import may
from fnctl_azure.standin.providers.vaults import SECRETS, VAULTS
from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import TENANT, Resource, World

PREFIX = "/_vault/"
AUDIENCES = ("https://vault.azure.net",)
READERS = frozenset({"4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "00482a5a-887f-4fb3-b363-3b7fe8e74483"})
"""Key Vault Secrets User, Secrets Officer, Administrator."""
WRITERS = READERS - {"4633458b-17de-408a-b874-0445c86b69e6"}
_NAME = re.compile(r"[A-Za-z0-9-]{1,127}")
_REFERENCE = re.compile(r"@Microsoft\.KeyVault\((?P<said>.*)\)")


def answer(world: World, request: Request) -> Answer:
    """Answer one request to a vault. Raises Refused."""
    who = _admitted(world, request)
    if not request.query.get("api-version"):
        raise refused(400, "BadParameter", "The api-version query parameter is required.")
    name, *words = [word for word in request.path.removeprefix(PREFIX).split("/") if word] or [""]
    with world.lock:
        world.settle()
        vault = next((one for one in world.of_type(VAULTS) if one.name.lower() == name.lower()), None)
        if vault is None:
            raise refused(404, "VaultNotFound", f"The vault '{name}' does not exist.")
        if not allowed(world, vault, who, WRITERS if request.method != "GET" else READERS):
            raise refused(403, "Forbidden", f"Caller is not authorized to perform action on resource. Vault: {name}. (ForbiddenByRbac)")
        if words[:1] == ["secrets"]:
            return _secrets(world, vault, request, words[1:])
        if words[:1] == ["deletedsecrets"]:
            return _deleted(world, vault, request, words[1:])
    raise refused(404, "NotFound", f"'{request.path}' leads nowhere.")


def _admitted(world: World, request: Request) -> str:
    if not request.headers.get("authorization"):
        challenge = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
        raise refused(401, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.", {"WWW-Authenticate": challenge})
    return str(entra.admit(world, request, AUDIENCES)["oid"])


def allowed(world: World, vault: Resource, who: str, roles: frozenset[str], scope: str = "") -> bool:
    """Whether an identity may: by a role on the vault or on `scope` in it, or where the vault has no roles, by its access policies."""
    if vault.properties.get("enableRbacAuthorization"):
        return may(world, who, roles, scope or vault.id)
    policies = vault.properties.get("accessPolicies") or []
    word = "get" if roles == READERS else "set"
    mine = [one for one in policies if str(one.get("objectId")).lower() == who.lower()]
    return may(world, who, frozenset(), vault.id) or any(
        word in [str(of).lower() for of in (one.get("permissions") or {}).get("secrets") or []] for one in mine
    )


def follow(world: World, text: str, who: str) -> tuple[str, str | None]:
    """How a Key Vault reference in a setting is seen by an identity, and the value behind it; without one the platform leaves it as it stands."""
    found = _REFERENCE.fullmatch(text.strip())
    if found is None:
        return "InvalidSyntax", None
    said = {key.strip().lower(): value.strip() for key, _, value in (part.partition("=") for part in found["said"].split(";"))}
    name, secret, version = said.get("vaultname", ""), said.get("secretname", ""), said.get("secretversion", "")
    if "secreturi" in said:
        before, _, rest = said["secreturi"].partition("/secrets/")
        secret, _, version = rest.strip("/").partition("/")
        name = before.rstrip("/").rpartition("/")[2].partition(".")[0]
    with world.lock:
        vault = next((one for one in world.of_type(VAULTS) if one.name.lower() == name.lower()), None)
        if vault is None:
            return "VaultNotFound", None
        if not allowed(world, vault, who, READERS, f"{vault.id}/secrets/{secret}"):
            return "AccessToKeyVaultDenied", None
        versions: list[dict[str, Any]] = (vault.hidden.get("values") or {}).get(secret.lower(), [])
    kept = [one for one in versions if not version or one["id"] == version]
    if not kept:
        return ("SecretVersionNotFound" if versions else "SecretNotFound"), None
    return "Resolved", str(kept[-1]["value"])


def _secrets(world: World, vault: Resource, request: Request, words: list[str]) -> Answer:
    values: dict[str, list[dict[str, Any]]] = vault.hidden.setdefault("values", {})
    if not words:
        return Answer(200, {"value": [_outline(vault, name, kept[-1]) for name, kept in values.items()], "nextLink": None})
    name, key = words[0], words[0].lower()
    if request.method == "PUT":
        return _set(world, vault, name, request.json())
    if key not in values:
        raise refused(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
    if request.method == "DELETE":
        gone = vault.hidden.setdefault("gone", {})
        gone[key] = {"name": name, "versions": values.pop(key), "deleted": int(world.now())}
        world.resources.pop(f"{vault.id}/secrets/{name}".lower(), None)
        return Answer(200, _gone(vault, gone[key]))
    if words[1:] == ["versions"]:
        return Answer(200, {"value": [_outline(vault, name, one, version=True) for one in values[key]], "nextLink": None})
    kept = [one for one in values[key] if len(words) < 2 or one["id"] == words[1]]
    if not kept:
        raise refused(404, "SecretNotFound", f"A secret with (name/id) {name}/{words[1]} was not found in this key vault.")
    return Answer(200, _whole(vault, name, kept[-1]))


def _set(world: World, vault: Resource, name: str, said: Mapping[str, Any]) -> Answer:
    if not _NAME.fullmatch(name):
        raise refused(400, "BadParameter", f"The secret name '{name}' is not valid.")
    if not isinstance(said.get("value"), str):
        raise refused(400, "BadParameter", "Property 'value' is required.")
    recoverable(vault, name)
    kept = {"id": uuid.uuid4().hex, "value": said["value"], "made": world.now(), "tags": said.get("tags")}
    vault.hidden["values"].setdefault(name.lower(), []).append(kept)
    uri = f"{vault.properties['vaultUri']}secrets/{name}"
    body = {
        "properties": {"secretUri": uri, "secretUriWithVersion": f"{uri}/{kept['id']}", "attributes": {"enabled": True}},
        "tags": said.get("tags") or {},
    }
    world.keep(Resource(f"{vault.id}/secrets/{name}", SECRETS, {"location": vault.body["location"], **body}))
    return Answer(200, _whole(vault, name, kept))


def recoverable(vault: Resource, name: str) -> None:
    """Refuse the name of a secret that was deleted and is still there."""
    if name.lower() in (vault.hidden.get("gone") or {}):
        message = (
            f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be "
        )
        raise refused(409, "Conflict", message + "recovered or purged.")


def _deleted(world: World, vault: Resource, request: Request, words: list[str]) -> Answer:
    gone: dict[str, dict[str, Any]] = vault.hidden.setdefault("gone", {})
    if not words:
        return Answer(200, {"value": [_gone(vault, one) for one in gone.values()], "nextLink": None})
    found = gone.get(words[0].lower())
    if found is None:
        raise refused(404, "SecretNotFound", f"Deleted Secret not found: {words[0]}")
    if request.method == "GET":
        return Answer(200, _gone(vault, found))
    if request.method == "DELETE":
        if vault.properties.get("enablePurgeProtection"):
            raise refused(403, "Forbidden", "Operation purge is not allowed because purge protection is enabled. (ForbiddenByPolicy)")
        del gone[words[0].lower()]
        return Answer(204)
    for one in gone.pop(words[0].lower())["versions"]:
        vault.hidden.setdefault("values", {}).setdefault(words[0].lower(), []).append(one)
    last = vault.hidden["values"][words[0].lower()][-1]
    uri = f"{vault.properties['vaultUri']}secrets/{found['name']}"
    body = {"properties": {"secretUri": uri, "secretUriWithVersion": f"{uri}/{last['id']}", "attributes": {"enabled": True}}}
    world.keep(Resource(f"{vault.id}/secrets/{found['name']}", SECRETS, {"location": vault.body["location"], **body}))
    return Answer(200, _outline(vault, str(found["name"]), last))


def _outline(vault: Resource, name: str, kept: Mapping[str, Any], *, version: bool = False) -> dict[str, Any]:
    path = f"{vault.properties['vaultUri']}secrets/{name}"
    attributes = {"enabled": True, "created": int(kept["made"]), "updated": int(kept["made"]), "recoveryLevel": "Recoverable+Purgeable"}
    return {"id": f"{path}/{kept['id']}" if version else path, "attributes": attributes, "tags": kept.get("tags")}


def _whole(vault: Resource, name: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    return _outline(vault, name, kept, version=True) | {"value": kept["value"]}


def _gone(vault: Resource, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_outline(vault, str(found["name"]), found["versions"][-1]),
        "recoveryId": f"{vault.properties['vaultUri']}deletedsecrets/{found['name']}",
        "deletedDate": found["deleted"],
        "scheduledPurgeDate": found["deleted"] + 90 * 86400,
    }

"""Microsoft.Storage: accounts, their endpoints and keys, and the names of what is in them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.storage import ACCOUNTS, Storage
from fnctl_azure.standin.wire import Answer, refused
from fnctl_azure.standin.world import Resource, World


def providers(storage: Storage) -> dict[str, Provider]:
    """What accounts do."""
    found = {
        ACCOUNTS.lower(): Provider(
            put=_account,
            show=_shown(storage),
            actions={"listkeys": _keys(storage), "regeneratekey": _keys(storage)},
        ),
        "microsoft.storage": Provider(actions={"checknameavailability": _free}),
    }
    for service, kind in (("blobServices", "containers"), ("queueServices", "queues"), ("tableServices", "tables")):
        found[f"{ACCOUNTS}/{service}/{kind}".lower()] = Provider(stored=_made(storage, kind), delete=_going(storage, kind))
    return found


def _account(work: Work) -> None:
    name = work.target.name.lower()
    if work.old is None:
        if ("core.windows.net", name) in work.world.taken:
            raise refused(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
        if any(other.name == name for other in work.world.of_type(ACCOUNTS)):
            raise refused(
                409, "StorageAccountInAnotherResourceGroup", f"The account {name} is already in another resource group in this subscription."
            )
    properties = work.body["properties"]
    properties.setdefault("allowSharedKeyAccess", True)
    if properties.get("isHnsEnabled") and work.old is not None and not work.old.properties.get("isHnsEnabled"):
        raise refused(400, "HnsCannotBeChanged", "The property 'isHnsEnabled' cannot be changed.")
    if work.old is not None and work.old.body.get("kind") != work.body.get("kind"):
        raise refused(409, "AccountPropertyCannotBeUpdated", "The property 'kind' cannot be updated.")
    work.body["sku"]["tier"] = str(work.body["sku"]["name"]).partition("_")[0]
    properties["primaryLocation"] = work.body["location"]


def _shown(storage: Storage) -> Callable[[World, Resource, dict[str, Any]], None]:
    def show(_world: World, account: Resource, body: dict[str, Any]) -> None:
        body["properties"]["primaryEndpoints"] = storage.endpoints(account.name)

    return show


def _made(storage: Storage, kind: str) -> Callable[[Work, Resource], None]:
    return lambda work, _made: None if work.old is not None else storage.make(work.target.names[0], kind, work.target.name)


def _going(storage: Storage, kind: str) -> Callable[[Work, Resource], None]:
    return lambda work, _old: storage.remove(work.target.names[0], kind, work.target.name)


def _keys(storage: Storage) -> Callable[[Work], Answer]:
    """Both keys are one here. An account that takes no keys gives some all the same, as it does there, and they open nothing."""

    def act(work: Work) -> Answer:
        account = work.world.find(work.id)
        assert account is not None  # noqa: S101  # it was looked for
        value = storage.key if account.properties.get("allowSharedKeyAccess") else base64.b64encode(secrets.token_bytes(64)).decode()
        return Answer(200, {"keys": [{"keyName": f"key{place}", "value": value, "permissions": "FULL"} for place in (1, 2)]})

    return act


def _free(work: Work) -> Answer:
    name = str(work.request.json().get("name", "")).lower()
    taken = ("core.windows.net", name) in work.world.taken or any(other.name == name for other in work.world.of_type(ACCOUNTS))
    if taken:
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": f"The storage account named {name} is already taken."})
    return Answer(200, {"nameAvailable": True})

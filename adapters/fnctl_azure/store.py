"""The ledger in blob storage: an account of its own for each subscription and region, without keys, with ETags for its conditions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from fnctl.errors import CloudError
from fnctl.ledger.store import Conflict
from fnctl_azure import faults
from fnctl_azure.client import Client
from fnctl_azure.client.blobs import Blobs
from fnctl_azure.kinds.role import guid
from fnctl_azure.kinds.types import AUTHORIZATION, RESOURCES, STORAGE
from fnctl_azure.place import ledger_account, ledger_group

CONTAINER = "ledger"
OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
"""Storage Blob Data Owner: the only one of the data roles that may remove old versions."""
HISTORY = 90
"""Days that overwritten and deleted blobs can still be brought back by hand."""
RIGHTS = 300.0
"""Seconds that a new role assignment may take to be believed."""
LEDGER_TAG = {"fnctl:ledger": "true"}


class BlobStore:
    """A `fnctl.ledger.store.Store` below `SERVICE/STAGE/` of the ledger's container."""

    def __init__(self, client: Client, service: str, stage: str) -> None:
        """Name the place; nothing is read yet."""
        self._client, self._prefix = client, f"{service}/{stage}/"
        self.account = ledger_account(client.subscription, client.region)
        host = "the stand-in's account " + self.account if client.place.storage else f"https://{self.account}.blob.core.windows.net"
        self.place = f"{host}/{CONTAINER}/{service}/{stage}"
        self._group = f"/subscriptions/{client.subscription}/resourceGroups/{ledger_group(client.region)}"
        self._id = f"{self._group}/providers/Microsoft.Storage/storageAccounts/{self.account}"
        self._blobs: Blobs | None = None
        self._lock = threading.Lock()

    def exists(self) -> bool:
        """Tell whether the container is there: it is what `bootstrap` makes last."""
        return self._client.find(f"{self._id}/blobServices/default/containers/{CONTAINER}", STORAGE) is not None

    def bootstrap(self) -> None:
        """Create the account, then set it up. Every step can be repeated, by this run or by another one at the same time."""
        put = self._client.arm
        put("PUT", self._group, RESOURCES, {"location": self._client.region, "tags": LEDGER_TAG})
        put("PUT", self._id, STORAGE, _account(self._client.region))
        put("PUT", f"{self._id}/blobServices/default", STORAGE, {"properties": {"isVersioningEnabled": True}})
        put("PUT", f"{self._id}/managementPolicies/default", STORAGE, {"properties": {"policy": {"rules": [_rule()]}}})
        self._grant()
        put("PUT", f"{self._id}/blobServices/default/containers/{CONTAINER}", STORAGE, {"properties": {"publicAccess": "None"}})
        self._until_allowed()

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return a blob's bytes and ETag."""
        return self._found.get(self._prefix + key) if self._found else None

    def put(self, key: str, body: bytes, *, expect: str | None = None, absent: bool = False) -> str:
        """Write under storage's own condition. An answer that was lost is settled by reading back."""
        name = self._prefix + key
        try:
            return self._open.put(name, body, expect=expect, absent=absent)
        except Conflict:
            found = self._open.get(name)
            if found and found[0] == body:  # our own first try, whose answer did not arrive
                return found[1]
            raise

    def delete(self, key: str, *, expect: str | None = None) -> None:
        """Remove a blob. What was conditional (a lock) goes with its history, so that nothing of a destroyed stage stays."""
        if self._found is None:
            return
        self._found.delete(self._prefix + key, expect=expect)
        if expect is not None:
            with _housekeeping():
                self._found.erase(self._prefix + key)

    def list(self, prefix: str = "") -> Iterable[str]:
        """Return the keys below a prefix, sorted; none where there is no container."""
        return [name.removeprefix(self._prefix) for name in self._found.names(self._prefix + prefix)] if self._found else []

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file from disk, unless one of that key and size is there."""
        self._open.put_file(self._prefix + key, path)

    def get_file(self, key: str, path: Path) -> None:
        """Download into place. Raises KeyError where there is none."""
        if self._found is None:
            raise KeyError(key)
        self._found.get_file(self._prefix + key, path)

    def purge(self, *, keep: str | None = None) -> None:
        """Remove every version of every blob below the prefix; of `keep` the current one stays."""
        if self._found:
            self._found.erase(self._prefix, keep=self._prefix + keep if keep else None)

    @property
    def _found(self) -> Blobs | None:
        """The container of an account that is there, else None: the host name of one that is not leads nowhere."""
        with self._lock:
            if self._blobs is None and (account := self._client.find(self._id, STORAGE)):
                endpoint = str(((account.get("properties") or {}).get("primaryEndpoints") or {}).get("blob") or "")
                self._blobs = self._client.blobs(CONTAINER, endpoint)
            return self._blobs

    @property
    def _open(self) -> Blobs:
        found = self._found
        if found is None:
            raise CloudError(f"the ledger at {self.place} is not there", reason="NoLedger", help="run the same command again")
        return found

    def _grant(self) -> None:
        """Let whoever deploys read and write blobs: to own the subscription is not enough for that."""
        who, kind = self._client.who()
        path = f"{self._id}/providers/Microsoft.Authorization/roleAssignments/{guid(self._id, OWNER, who)}"
        role = f"/subscriptions/{self._client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"
        try:
            self._client.arm("PUT", path, AUTHORIZATION, {"properties": {"roleDefinitionId": role, "principalId": who, "principalType": kind}})
        except CloudError as error:
            if error.reason != "RoleAssignmentExists":
                raise

    def _until_allowed(self) -> None:
        until = time.monotonic() + RIGHTS
        for pause in chain(faults.DENSE, repeat(faults.DENSE[-1])):
            try:
                self._open.names(self._prefix)
            except CloudError as error:
                if error.reason not in ("AuthorizationPermissionMismatch", "AuthorizationFailure") or time.monotonic() + pause > until:
                    raise
                time.sleep(pause)
            else:
                return


@contextmanager
def _housekeeping() -> Iterator[None]:
    """Leave to the account's own policy what this identity may not do."""
    try:
        yield
    except CloudError:
        return


def _account(region: str) -> dict[str, Any]:
    return {
        "location": region,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "tags": LEDGER_TAG,
        "properties": {
            "minimumTlsVersion": "TLS1_2",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": False,
            "supportsHttpsTrafficOnly": True,
        },
    }


def _rule() -> dict[str, Any]:
    old = {"delete": {"daysAfterCreationGreaterThan": HISTORY}}
    definition = {"filters": {"blobTypes": ["blockBlob"]}, "actions": {"version": old}}
    return {"enabled": True, "name": "fnctl", "type": "Lifecycle", "definition": definition}

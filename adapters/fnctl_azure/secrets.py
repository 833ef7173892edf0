"""Where secret values live: the key vault of the service and stage. Values go in; only versions come out.

Names and versions are read, and values written, through ARM, for which the rights to deploy are enough. Only to remove one needs a right on the vault
itself, which whoever deploys gives to himself when he first needs it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

from fnctl.adapter import Cancel, Change, Run, Where
from fnctl.errors import CloudError, FnctlError
from fnctl.graph import CLOUD, Address, Json, resolve
from fnctl.manifest.model import Service
from fnctl_azure import faults
from fnctl_azure.client import Client
from fnctl_azure.client.wire import VAULT as SCOPE
from fnctl_azure.kinds import all_kinds
from fnctl_azure.kinds.role import guid
from fnctl_azure.kinds.types import AUTHORIZATION, VAULTS
from fnctl_azure.names import ADDRESS_TAG, GROUP, SERVICE_TAG, STAGE_TAG
from fnctl_azure.translate.ground import group, vault
from fnctl_azure.translate.secrets import vault_name

LIMIT = 25_000
"""Bytes of a value ("Azure Key Vault service limits", 2026)."""
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
"""Key Vault Secrets Officer."""
DATA = "7.4"
RIGHTS = 180.0
"""Seconds that a new role assignment may take to be believed."""
NOT_ALLOWED = frozenset({"Forbidden", "ForbiddenByRbac", "ForbiddenByPolicy", "403"})


class Vault:
    """Secrets of one service and stage, by name."""

    def __init__(self, client: Client, where: Where, facts: Mapping[str, Json]) -> None:
        """Name the vault; nothing is read yet."""
        self._client, self._where, self._facts = client, where, facts
        self._kinds = all_kinds(client)
        service = Service(where.service, where.stage, "azure", where.settings, {}, {}, {}, (), folder=where.folder)
        self._nodes = (group(service), vault(service))
        self._parent, self._vault = self._nodes

    def versions(self) -> Mapping[str, str]:
        """Name -> version of everything that is set; {} where there is no vault yet."""
        return {
            str(item["name"]).rpartition("/")[2].replace("-", "_"): _version(item)
            for item in self._client.pages(f"{self._id()}/secrets", VAULTS)
            if (item.get("properties") or {}).get("attributes", {}).get("enabled") is not False
        }

    def set(self, name: str, value: str) -> str:
        """Write the next version. The vault is made where this comes before the first deploy, and a removed secret is taken up again."""
        _check(name, value)
        self._made()
        tags = {SERVICE_TAG: self._where.service, STAGE_TAG: self._where.stage, ADDRESS_TAG: f"secret/{name}"}
        path = f"{self._id()}/secrets/{vault_name(name)}"
        body = {"tags": tags, "properties": {"value": value, "attributes": {"enabled": True}}}
        try:
            return _version(self._client.arm("PUT", path, VAULTS, body))
        except CloudError as error:
            if "deleted" not in str(error):
                raise
        self._data("POST", f"deletedsecrets/{vault_name(name)}/recover")
        self._until(lambda: self._data("GET", f"secrets/{vault_name(name)}") != faults.NOT_FOUND)
        return _version(self._client.arm("PUT", path, VAULTS, body))

    def remove(self, name: str) -> None:
        """Remove it with all its versions, for good where the vault allows that; nothing there is success."""
        if self._data("DELETE", f"secrets/{vault_name(name)}") == faults.NOT_FOUND:
            return
        self._until(lambda: self._data("GET", f"deletedsecrets/{vault_name(name)}") != faults.NOT_FOUND)
        try:
            self._data("DELETE", f"deletedsecrets/{vault_name(name)}")
        except CloudError as error:
            if error.reason not in NOT_ALLOWED:  # purge protection: Azure forgets it after its days of grace
                raise

    def _id(self) -> str:
        return f"{self._group_id()}/providers/Microsoft.KeyVault/vaults/{self._kinds['azure.vault'].name(self._vault)}"  # type: ignore[attr-defined]  # an Arm

    def _group_id(self) -> str:
        kind: Any = self._kinds["azure.group"]
        return str(kind.id(self._parent, resolve(self._parent.props, self._known())))

    def _known(self) -> dict[Address, Mapping[str, Json]]:
        return {CLOUD: self._facts, GROUP: {"id": self._group_id()} if self._parent.owned is False else {}}

    def _made(self) -> None:
        """Create the group and the vault, as the first deploy would."""
        outputs: dict[Address, Mapping[str, Json]] = {CLOUD: self._facts}
        run = Run(lambda _: None, lambda: Cancel.NO, time.monotonic() + 1800, _slept, lambda _: self._where.folder)
        for node in self._nodes:
            kind, props = self._kinds[node.kind], resolve(node.props, outputs)
            state = kind.read(node, props, None, run)
            if state is None:
                state = kind.write(Change("create", node.address, None, node), props, None, "prepare", run)
            outputs[node.address] = state.outputs

    def _data(self, method: str, path: str) -> int:
        """Ask the vault itself; the right to do so is taken where it is missing."""
        found = self._client.find(self._id(), VAULTS)
        if found is None:
            return faults.NOT_FOUND
        url = f"{str(found['properties']['vaultUri']).rstrip('/')}/{path}?api-version={DATA}"
        began, granted, pauses = time.monotonic(), False, chain(faults.DENSE, repeat(faults.DENSE[-1]))
        while True:
            try:
                return self._client.request(method, url, what=path, scope=SCOPE, gone=True).status
            except CloudError as error:
                purge = method == "DELETE" and path.startswith("deleted")
                if error.reason not in NOT_ALLOWED or purge or time.monotonic() - began > RIGHTS:
                    raise
            granted = granted or self._grant()
            time.sleep(next(pauses))

    def _grant(self) -> bool:
        who, kind = self._client.who()
        path = f"{self._id()}/providers/Microsoft.Authorization/roleAssignments/{guid(self._id(), OFFICER, who)}"
        role = f"/subscriptions/{self._client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}"
        self._client.arm("PUT", path, AUTHORIZATION, {"properties": {"roleDefinitionId": role, "principalId": who, "principalType": kind}})
        return True

    def _until(self, done: Any) -> None:
        until = time.monotonic() + RIGHTS
        while not done() and time.monotonic() < until:
            time.sleep(0.5)


def _version(item: Mapping[str, Any]) -> str:
    return str((item.get("properties") or {}).get("secretUriWithVersion") or "").rpartition("/")[2]


def _slept(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def _check(name: str, value: str) -> None:
    size = len(value.encode())
    if not size:
        message = f"the value of the secret {name} is empty"
        raise FnctlError(message, code="FN950", help=f"pipe it in:\nfnctl secret set {name} < FILE")
    if size > LIMIT:
        message = f"the value of the secret {name} has {size} bytes, and Key Vault takes {LIMIT}"
        raise FnctlError(message, code="FN950", help="keep big values in a bucket, and the key to it here")

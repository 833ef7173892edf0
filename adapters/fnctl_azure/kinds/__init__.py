"""One file a kind of object that is more than its data; the others are rows of a table, read and written by `base.Arm`.

Props of the kinds here. Words in camel case are ARM's own (see `base`). `parent` is `Ref(group, "id")` unless it says otherwise; every kind that can
carry tags has `tags`, and every kind with a place has `location` = `Ref(CLOUD, "region")`. A prop that is None is left to the platform. Outputs are
`id`, `name` and every member of `properties` by its path.

azure.group      parent = Ref(CLOUD, "subscription"), location. Named `<service>-<stage>-<region>`: the region is put behind the node's name.
azure.storage    location, kind, sku, minimumTlsVersion, allowBlobPublicAccess, allowSharedKeyAccess, supportsHttpsTrafficOnly. The node's name is cut
                 to 16 letters and digits, and a hash makes it the only one on Azure. Outputs: `name`, `primaryEndpoints.blob`, `.queue`, `.table`.
azure.container  parent = Ref(storage, "id"), publicAccess. An `existing` one has `service`, the front of its account.
azure.workspace  location, sku (inside `properties` there: `{"name": "PerGB2018"}`), retentionInDays. Outputs: `id`, `customerId`.
azure.insights   location, kind, Application_Type, WorkspaceResourceId. Outputs: `ConnectionString`, `AppId`.
azure.identity   location. Outputs: `id`, `principalId`, `clientId`.
azure.plan       location, kind, sku, reserved.
azure.role       parent = the scope's id, role = the definition's GUID, principal = Ref(identity, "principalId"). Its own name is a GUID made of these
                 three; the node's name is the role's, for people.
azure.vault      location, sku, tenantId = Ref(CLOUD, "tenant"), enableRbacAuthorization. Outputs: `vaultUri`, `name`.
azure.app        see `app`: settings and package are one object. Outputs: `id`, `name`, `host`, `url` (its base, with the scheme), `live`.
azure.function   app = Ref(app, "live"), code, doors. Nothing is written for it: it is there when the app says so. Outputs: `id`, `name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fnctl.adapter import Kind
from fnctl_azure.kinds import data
from fnctl_azure.kinds.app import App
from fnctl_azure.kinds.base import Arm
from fnctl_azure.kinds.function import Function
from fnctl_azure.kinds.group import Group
from fnctl_azure.kinds.plan import Plan
from fnctl_azure.kinds.publish import Door
from fnctl_azure.kinds.role import Role
from fnctl_azure.kinds.stored import Container, Reader
from fnctl_azure.kinds.types import TYPES
from fnctl_azure.kinds.vault import Vault

MORE: Mapping[str, type[Arm]] = {
    "azure.group": Group,
    "azure.plan": Plan,
    "azure.role": Role,
    "azure.vault": Vault,
    "azure.container": Container,
    **data.MORE,
}
"""Kinds that do more than their row says."""


class Client(Door, Reader, Protocol):
    """All that kinds ask of Azure."""


def all_kinds(client: Client) -> Mapping[str, Kind]:
    """Return every kind by its name, all of them speaking through one client."""
    plain: dict[str, Kind] = {name: MORE.get(name, Arm)(client, type_) for name, type_ in {**TYPES, **data.TYPES}.items()}
    return {**plain, "azure.app": App(client, TYPES["azure.app"]), "azure.function": Function()}

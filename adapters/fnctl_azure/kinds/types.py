"""The resource types that every app stands on, as data; `fnctl_azure.kinds` says what each is for.

Api-versions are of 2025 and older where nothing newer is needed: what a sovereign cloud does not have yet cannot be deployed there.
"""

from __future__ import annotations

from collections.abc import Mapping

from fnctl_azure.kinds.base import Type

AUTHORIZATION, RESOURCES, STORAGE, WEB, VAULTS = "2022-04-01", "2024-11-01", "2024-01-01", "2025-05-01", "2024-11-01"
ACCOUNT = "{parent}/providers/Microsoft.Storage/storageAccounts/{name}"

TYPES: Mapping[str, Type] = {
    "azure.group": Type("resource group", "/subscriptions/{parent}/resourceGroups/{name}", RESOURCES, rank=99),
    "azure.storage": Type("storage account", ACCOUNT, STORAGE, rank=80, replaces=frozenset({"kind", "isHnsEnabled"}), unique=24, plain=True),
    "azure.container": Type("container", "{parent}/blobServices/default/containers/{name}", STORAGE, rank=60, tagged=False),
    "azure.workspace": Type(
        "Log Analytics workspace",
        "{parent}/providers/Microsoft.OperationalInsights/workspaces/{name}",
        "2025-07-01",
        rank=80,
        inner=frozenset({"sku"}),
    ),
    "azure.insights": Type(
        "Application Insights component",
        "{parent}/providers/Microsoft.Insights/components/{name}",
        "2020-02-02",
        rank=70,
        replaces=frozenset({"Application_Type"}),
        secret=frozenset({"ConnectionString", "InstrumentationKey"}),
    ),
    "azure.identity": Type("managed identity", "{parent}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}", "2024-11-30", rank=80),
    "azure.plan": Type("plan", "{parent}/providers/Microsoft.Web/serverfarms/{name}", WEB, rank=60, replaces=frozenset({"reserved", "kind"})),
    "azure.role": Type(
        "role assignment",
        "{parent}/providers/Microsoft.Authorization/roleAssignments/{name}",
        AUTHORIZATION,
        rank=20,
        replaces=frozenset({"role", "principal"}),
        tagged=False,
    ),
    "azure.vault": Type("key vault", "{parent}/providers/Microsoft.KeyVault/vaults/{name}", VAULTS, rank=80, unique=24, inner=frozenset({"sku"})),
    "azure.app": Type(
        "function app", "{parent}/providers/Microsoft.Web/sites/{name}", WEB, rank=40, replaces=frozenset({"tier"}), unique=32, phases=("switch",)
    ),
}

"""What a service stands on: its resource group, storage, vault, and where its logs go."""

from __future__ import annotations

from collections.abc import Iterator

from fnctl.graph import CLOUD, Address, Node, Ref, Value
from fnctl.manifest.model import Service
from fnctl_azure.apps import engine
from fnctl_azure.names import DATA, GROUP, HOST, INSIGHTS, REGION, VAULT, WORKSPACE, physical, shared, tags

SHORTEST, LONGEST = 30, 730
"""Days that a workspace keeps logs."""

IN_GROUP = Ref(GROUP, "id")


def ground_nodes(service: Service) -> Iterator[Node]:
    """Yield the group, the accounts, the vault and the monitoring."""
    yield group(service)
    yield _account(service, HOST, "host")
    if any(engine(resource) == "storage" and not resource.existing for resource in service.resources.values()):
        yield _account(service, DATA, "data")
    if any(function.secrets for function in service.functions.values()):
        yield vault(service)
    yield from _monitoring(service)


def group(service: Service) -> Node:
    """Return the group of the service and stage, or the one that the manifest names."""
    given, parent = service.settings.get("resource_group"), Ref(CLOUD, "subscription")
    if given:
        return Node(GROUP, "azure.group", str(given), {"parent": parent}, owned=False, span=service.span("targets", "azure", "resource_group"))
    props: dict[str, Value] = {"parent": parent, "location": REGION, "tags": tags(service, GROUP)}
    return Node(GROUP, "azure.group", shared(service, 60), props, span=service.span("targets", "azure", key=True))


def vault(service: Service) -> Node:
    """Return the vault of the service and stage; rights on it are roles, as on everything else."""
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "sku": {"family": "A", "name": "standard"},
        "tenantId": Ref(CLOUD, "tenant"),
        "enableRbacAuthorization": True,
        "tags": tags(service, VAULT),
    }
    return Node(VAULT, "azure.vault", shared(service, 63), props, span=service.span("secrets"))


def _account(service: Service, address: Address, what: str) -> Node:
    """The host's own account and the one for data are two: whoever may read the data need not read the host's locks and packages."""
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": False,
        "supportsHttpsTrafficOnly": True,
        "tags": tags(service, address),
    }
    return Node(address, "azure.storage", physical(service, what, 63), props, span=service.span("targets", "azure", key=True))


def _monitoring(service: Service) -> Iterator[Node]:
    span = service.span("targets", "azure", key=True)
    props: dict[str, Value] = {
        "parent": IN_GROUP,
        "location": REGION,
        "sku": {"name": "PerGB2018"},
        "retentionInDays": retention(service),
        "tags": tags(service, WORKSPACE),
    }
    yield Node(WORKSPACE, "azure.workspace", shared(service, 63), props, span=span)
    props = {
        "parent": IN_GROUP,
        "location": REGION,
        "kind": "web",
        "Application_Type": "web",
        "WorkspaceResourceId": Ref(WORKSPACE, "id"),
        "DisableLocalAuth": True,
        "tags": tags(service, INSIGHTS),
    }
    yield Node(INSIGHTS, "azure.insights", shared(service, 255), props, span=span)


def retention(service: Service) -> int:
    """Return the days that the workspace keeps everybody's logs: the longest that a function asks for. For ever is as long as there is."""
    asked = [function.logs.retention or LONGEST for function in service.functions.values()]
    return min(max([SHORTEST, *asked]), LONGEST)

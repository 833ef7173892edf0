"""Azure, opened: one subscription, region and stage as the engine's Cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fnctl.adapter import Call, Kind, LogLine, LogQuery, Reply, Run, Where
from fnctl.errors import CloudError
from fnctl.events import Event
from fnctl.graph import Address, Json, Node, State
from fnctl.ledger.store import Store
from fnctl.manifest.model import Service
from fnctl_azure import operate
from fnctl_azure.client import Client
from fnctl_azure.client import connect as open_client
from fnctl_azure.kinds import all_kinds
from fnctl_azure.kinds.base import Arm
from fnctl_azure.kinds.types import RESOURCES
from fnctl_azure.names import ADDRESS_TAG, SERVICE_TAG, STAGE_TAG, short
from fnctl_azure.secrets import Vault
from fnctl_azure.store import BlobStore


class AzureCloud:
    """A `fnctl.adapter.Cloud`. Opening it asks Azure which subscription the login sees, so that nothing is written into the wrong one."""

    def __init__(self, client: Client, where: Where) -> None:
        """Name everything by the subscription."""
        self._client, self._service, self._stage = client, where.service, where.stage
        at = f"at {client.endpoint}" if client.place.elsewhere else ""
        self.identity = " ".join(filter(None, (f"azure {client.subscription} {client.region}", at)))
        self.store: Store | None = BlobStore(client, where.service, where.stage)
        self.kinds: Mapping[str, Kind] = all_kinds(client)
        self._facts: dict[str, Json] = {"subscription": client.subscription, "tenant": client.tenant, "region": client.region}
        self._vault = Vault(client, where, self._facts)

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        """`subscription`, `tenant`, `region`, and the version of every secret that the service declares ("" where it is not set)."""
        if service is None or not service.secrets:
            return self._facts
        versions = self.secrets()
        return self._facts | {f"secret/{name}": versions.get(name, "") for name in service.secrets}

    def adrift(self, run: Run) -> Iterable[Node]:
        """Read ARM's own index of tags. It lags, so a failure is told and no more."""
        wanted = f"$filter=tagName eq '{SERVICE_TAG}' and tagValue eq '{self._service}'"
        listings = ("resources", "resourcegroups")
        try:
            found = [
                item for name in listings for item in self._client.pages(f"/subscriptions/{self._client.subscription}/{name}?{wanted}", RESOURCES)
            ]
        except CloudError as error:
            run.emit(Event("log", {"message": f"strays were not looked for: {error}"}))
            return ()
        return list(self._nodes(found))

    def _nodes(self, found: Iterable[Mapping[str, Any]]) -> Iterator[Node]:
        kinds = {type_of(kind.type.path): name for name, kind in self.kinds.items() if isinstance(kind, Arm) and kind.type.tagged}
        for item in found:
            tags, kind = item.get("tags") or {}, kinds.get(str(item.get("type")).casefold())
            if kind and tags.get(STAGE_TAG) == self._stage and ADDRESS_TAG in tags:
                yield Node(Address(tags[ADDRESS_TAG]), kind, str(item["id"]), {"tags": tags})

    def secrets(self) -> Mapping[str, str]:
        """Name -> version of every secret of this service and stage."""
        return self._vault.versions()

    def secret_set(self, name: str, value: str) -> str:
        """Store a value and return its version."""
        return self._vault.set(name, value)

    def secret_remove(self, name: str) -> None:
        """Remove a value."""
        self._vault.remove(name)

    def invoke(self, node: Node, state: State, call: Call) -> Reply:
        """Call one function."""
        return operate.invoke(self._client, self._service, self._stage, node.props, state, call)

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        """Yield the lines of the named functions."""
        if not nodes:
            return ()
        group = str(next(iter(nodes.values())).outputs["app"]).partition("/providers/")[0]
        name = short(f"{self._service}-{self._stage}", 255)
        return operate.logs(self._client, f"{group}/providers/Microsoft.Insights/components/{name}", nodes, query)

    def close(self) -> None:
        """Give back connections."""
        self._client.close()


def connect(where: Where) -> AzureCloud:
    """Open Azure.

    Raises:
        FnctlError: an SDK is missing, no region is set, or the subscription is of another tenant than the manifest names.
        CredentialsError: none, expired, or not accepted.
        Unreachable: nothing answers at the endpoint.
    """
    return AzureCloud(open_client(where), where)


def type_of(path: str) -> str:
    """Return the type that a path leads to, in small letters: `microsoft.web/sites`."""
    return path.rpartition("/providers/")[2].removesuffix("/{name}").casefold() if "/providers/" in path else "microsoft.resources/resourcegroups"

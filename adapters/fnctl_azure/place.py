"""Which subscription, tenant, region and endpoint a run is for, and which of them a sandbox may ever reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fnctl.adapter import Where
from fnctl.errors import FnctlError
from fnctl.reaching import loopback, safe
from fnctl_azure.names import digest

PUBLIC = "https://management.azure.com"
SOURCE = "FNCTL_AZURE_ENDPOINT"


@dataclass(frozen=True)
class Place:
    """A region of Azure. `endpoint` is ARM's address, `subscription` and `tenant` are None where only the login knows them.

    `storage` is the connection string of the accounts in a sandbox; `folder` is `SERVICE/STAGE`, where the ledger keeps what belongs to this run.
    """

    region: str
    subscription: str | None
    tenant: str | None
    endpoint: str
    sandbox: bool
    storage: str | None
    folder: str

    @property
    def elsewhere(self) -> bool:
        """Whether ARM's address is another one than the public cloud's."""
        return self.endpoint != PUBLIC

    @property
    def local(self) -> bool:
        """Whether ARM is a stand-in on this machine."""
        return loopback(self.endpoint)

    def url(self, host: str) -> str:
        """Return the URL of a host that ARM has named."""
        return f"{'http' if self.local and loopback(f'http://{host}') else 'https'}://{host}" if host else ""


def place_of(where: Where) -> Place:
    """Read the manifest and the environment; the manifest comes first.

    Raises:
        FnctlError: there is no region, or an endpoint is plain http elsewhere than on this machine.
    """
    environ = where.environ
    endpoint = environ.get("FNCTL_AZURE_ENDPOINT") or None
    if where.sandbox and endpoint is None:
        msg = "the sandbox gave no endpoint"
        raise FnctlError(msg, code="FN953", help="fnctl sandbox stop, then try again")
    if endpoint:
        safe(endpoint, local=where.sandbox, source=SOURCE)
    return Place(
        _region(where.settings, environ),
        _said(where.settings, "subscription") or environ.get("AZURE_SUBSCRIPTION_ID") or None,
        _said(where.settings, "tenant") or environ.get("AZURE_TENANT_ID") or None,
        (endpoint or PUBLIC).rstrip("/"),
        where.sandbox,
        environ.get("FNCTL_AZURE_STORAGE_CONNECTION") or None,
        f"{where.service}/{where.stage}",
    )


def ledger_group(region: str) -> str:
    """Name the ledger's resource group: one a subscription and region, and no service's own."""
    return f"fnctl-{region}"


def ledger_account(subscription: str, region: str) -> str:
    """Name the ledger's storage account, whose name must be the only one on Azure."""
    return f"fnctl{digest(f'{subscription}/{region}', 19)}"


def _said(settings: Mapping[str, object], name: str) -> str | None:
    said = settings.get(name)
    return str(said) if said else None


def _region(settings: Mapping[str, object], environ: Mapping[str, str]) -> str:
    said = _said(settings, "region") or environ.get("AZURE_DEFAULTS_LOCATION") or environ.get("AZURE_LOCATION")
    if not said:
        msg = "no Azure region is set"
        raise FnctlError(msg, code="FN968", help="set `targets.azure.region` in the manifest, such as `westeurope`, or AZURE_DEFAULTS_LOCATION")
    return str(said).replace(" ", "").lower()

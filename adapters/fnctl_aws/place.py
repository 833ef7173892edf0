"""Which account, region and endpoint a run is for, and which of them a sandbox may ever reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fnctl.adapter import Where
from fnctl.errors import FnctlError
from fnctl.reaching import safe

SOURCE = "AWS_ENDPOINT_URL"


@dataclass(frozen=True)
class Place:
    """A region of a partition; `endpoint` None is AWS itself, `account` is the only one that the manifest allows, `front` the sandbox's HTTP door.

    `folder` is `SERVICE/STAGE`, where the ledger keeps what belongs to this run.
    """

    region: str
    partition: str
    endpoint: str | None
    sandbox: bool
    account: str | None
    front: str | None
    endpoints: Mapping[str, str]
    folder: str

    def endpoint_of(self, service_id: str) -> str | None:
        """The endpoint set for one service (`AWS_ENDPOINT_URL_DYNAMODB`) or for all; None leaves it to the SDK and its files."""
        return self.endpoints.get(service_id.upper().replace(" ", "_").replace("-", "_")) or self.endpoint

    def expect(self, account: str) -> None:
        """Refuse any account but the one that the manifest names."""
        if self.account and account != self.account:
            msg = f"these credentials belong to account {account}, and `targets.aws.account` says {self.account}"
            raise FnctlError(
                msg,
                code="FN969",
                help="use a profile of that account, or correct the manifest; nothing was written",
            )


def place_of(where: Where, profile_region: Callable[[], str | None], partition_of: Callable[[str], str]) -> Place:
    """Read the region (manifest, environment, profile: the first that says one), its partition and the endpoints.

    Raises:
        FnctlError: there is no region, it is not one of AWS's, or an endpoint is plain http elsewhere than on this machine.
    """
    region = _region(where, profile_region)
    account = where.settings.get("account")
    prefix = "AWS_ENDPOINT_URL_"
    endpoints = {name.removeprefix(prefix): url for name, url in where.environ.items() if name.startswith(prefix) and url}
    endpoint = where.environ.get("AWS_ENDPOINT_URL") or None
    front = where.environ.get("FNCTL_SANDBOX_FRONT") if where.sandbox else None
    if where.sandbox and endpoint is None:
        msg = "the sandbox gave no endpoint"
        raise FnctlError(msg, code="FN953", help="fnctl sandbox stop, then try again")
    for url in filter(None, (endpoint, front, *endpoints.values())):
        safe(url, local=where.sandbox, source=SOURCE)
    try:
        partition = partition_of(region)
    except Exception as error:
        if type(error).__name__ != "UnknownRegionError":
            raise
        msg = f"AWS has no region called `{region}`"
        raise FnctlError(msg, code="FN968", help="regions look like `eu-west-1`") from None
    return Place(
        region, partition, endpoint, where.sandbox, str(account).zfill(12) if account else None, front, endpoints, f"{where.service}/{where.stage}"
    )


def ledger_bucket(account: str, region: str) -> str:
    """Name the ledger's bucket: the form that S3 reserves for the account where the bucket is of its regional namespace."""
    return f"fnctl-{account}-{region}-an"


def _region(where: Where, profile_region: Callable[[], str | None]) -> str:
    environ = where.environ
    said = where.settings.get("region") or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or profile_region()
    if not said:
        msg = "no AWS region is set"
        raise FnctlError(msg, code="FN968", help="set `targets.aws.region` in the manifest, AWS_REGION, or a region in your profile")
    return str(said)

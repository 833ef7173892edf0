"""Where secret values live: Parameter Store, or Secrets Manager where `targets.aws.secrets` says so. Values go in; only versions come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fnctl.errors import CloudError, FnctlError
from fnctl_aws.client import Client
from fnctl_aws.kinds.base import to_list
from fnctl_aws.names import ADDRESS_TAG, SERVICE_TAG, STAGE_TAG

PARAMETER_LIMIT = 4096
"""Bytes of a standard parameter (model ssm 2014-11-06). Advanced ones hold 8 KB, cost money and cannot be turned back."""
SECRET_LIMIT = 65_536
"""Bytes of a value in Secrets Manager (model secretsmanager 2017-10-17)."""


class Vault(Protocol):
    """Secrets of one service and stage, by name."""

    def versions(self) -> Mapping[str, str]:
        """Name -> version of everything that is set."""
        ...

    def set(self, name: str, value: str) -> str:
        """Store a value and return its version."""
        ...

    def remove(self, name: str) -> None:
        """Remove it; nothing there is success."""
        ...


def open_vault(client: Client, service: str, stage: str, settings: Mapping[str, object]) -> Vault:
    """Choose the vault that the manifest names; SSM by default, which costs nothing."""
    return SecretsManager(client, service, stage) if settings.get("secrets") == "secretsmanager" else Parameters(client, service, stage)


@dataclass(frozen=True)
class Parameters:
    """SecureString parameters `/fnctl/SERVICE/STAGE/NAME`, under the account's own key for Systems Manager."""

    client: Client
    service: str
    stage: str

    def versions(self) -> Mapping[str, str]:
        """Read names and versions; values come encrypted and are dropped."""
        path = f"/fnctl/{self.service}/{self.stage}"
        found = self.client.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=False, WithDecryption=False)
        return {item["Name"].rpartition("/")[2]: str(item["Version"]) for item in found}

    def set(self, name: str, value: str) -> str:
        """Create it with its tags, or write the next version: AWS takes tags and `Overwrite` in different calls only."""
        _check(name, value, PARAMETER_LIMIT, "Parameter Store", "shorten it, or set `targets.aws.secrets: secretsmanager`, which takes 64 KB")
        entry = {"Name": _path(self, name), "Value": value, "Type": "SecureString", "Tier": "Standard"}
        try:
            made = self.client.call("ssm", "put_parameter", **entry, Tags=to_list(_tags(self, name)))
        except CloudError as error:
            if error.reason != "ParameterAlreadyExists":
                raise
            made = self.client.call("ssm", "put_parameter", **entry, Overwrite=True)
        return str(made["Version"])

    def remove(self, name: str) -> None:
        """Remove the parameter with all its versions."""
        self.client.find("ssm", "delete_parameter", Name=_path(self, name))


@dataclass(frozen=True)
class SecretsManager:
    """Secrets `/fnctl/SERVICE/STAGE/NAME`; the version is the id that AWS gives it."""

    client: Client
    service: str
    stage: str

    def versions(self) -> Mapping[str, str]:
        """Read names and the ids of their current versions."""
        prefix = _path(self, "")
        listed = self.client.pages("secretsmanager", "list_secrets", "SecretList", Filters=[{"Key": "name", "Values": [prefix]}])
        return {item["Name"].removeprefix(prefix): _current(item.get("SecretVersionsToStages")) for item in listed if item["Name"].startswith(prefix)}

    def set(self, name: str, value: str) -> str:
        """Create it, or write the next version; one that waits for its deletion is brought back first."""
        _check(name, value, SECRET_LIMIT, "Secrets Manager", "keep big values in a bucket, and the key to it here")
        path = _path(self, name)
        try:
            return str(
                self.client.call("secretsmanager", "create_secret", Name=path, SecretString=value, Tags=to_list(_tags(self, name)))["VersionId"]
            )
        except CloudError as error:
            if error.reason not in ("ResourceExistsException", "InvalidRequestException"):
                raise
            if error.reason == "InvalidRequestException":
                self.client.call("secretsmanager", "restore_secret", SecretId=path)
        return str(self.client.call("secretsmanager", "put_secret_value", SecretId=path, SecretString=value)["VersionId"])

    def remove(self, name: str) -> None:
        """Remove it at once: a recovery window would keep the name taken for days."""
        self.client.find("secretsmanager", "delete_secret", SecretId=_path(self, name), ForceDeleteWithoutRecovery=True)


def _path(vault: Parameters | SecretsManager, name: str) -> str:
    return f"/fnctl/{vault.service}/{vault.stage}/{name}"


def _tags(vault: Parameters | SecretsManager, name: str) -> dict[str, str]:
    return {SERVICE_TAG: vault.service, STAGE_TAG: vault.stage, ADDRESS_TAG: f"secret/{name}"}


def _current(versions: Mapping[str, list[str]] | None) -> str:
    return next((version for version, stages in (versions or {}).items() if "AWSCURRENT" in stages), "")


def _check(name: str, value: str, limit: int, vault: str, way_out: str) -> None:
    size = len(value.encode())
    if not size:
        message = f"the value of the secret {name} is empty"
        raise FnctlError(message, code="FN950", help=f"pipe it in:\nfnctl secret set {name} < FILE")
    if size > limit:
        message = f"the value of the secret {name} has {size} bytes, and {vault} takes {limit}"
        raise FnctlError(message, code="FN950", help=way_out)

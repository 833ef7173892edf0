"""A package that an app fetches from an address in its settings, uploaded before the app is told of it: Consumption on Linux knows no other way.

The address holds the package's digest, so a release is one value, and the last one's package is still there while the new one starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl_azure.kinds.base import Client
from fnctl_azure.kinds.role import guid
from fnctl_azure.kinds.types import AUTHORIZATION

SETTING = "WEBSITE_RUN_FROM_PACKAGE"
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Storage Blob Data Contributor, on the one container: to own a subscription is not enough to write a blob."""
NOT_ALLOWED = ("AuthorizationPermissionMismatch", "AuthorizationFailure")
RIGHTS = 300.0
"""Seconds that a new role assignment may take to be believed."""


class Shelf(Protocol):
    """The blobs of one container."""

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file, unless one of that name and size is there."""
        ...

    def names(self, prefix: str) -> list[str]:
        """Return the names of all."""
        ...

    def delete(self, key: str) -> None:
        """Remove one; nothing there is success."""
        ...


class Keeper(Client, Protocol):
    """What it takes of Azure beside ARM: blobs, and who deploys."""

    def blobs(self, container: str, endpoint: str) -> Shelf:
        """Return a container of the account at `endpoint`."""
        ...

    def who(self) -> tuple[str, str]:
        """Return the object id of whoever deploys, and what it is."""
        ...


def address(props: Mapping[str, Any]) -> str | None:
    """Return where an app's settings say that its package is; None for apps that are sent theirs."""
    said = props["settings"].get(SETTING)
    return said if isinstance(said, str) and "://" in said else None


def upload(client: Keeper, url: str, package: Path, group: str, run: Run) -> None:
    """Put a package where its app will look for it; the right to do so is taken where it is missing.

    Args:
        client: Azure.
        url: the package's address: account, container, name.
        package: the file.
        group: the id of the resource group that the account is in.
        run: whose waiting can be cancelled.

    Raises:
        CloudError: it was refused.
    """
    front, container, name = url.rsplit("/", 2)
    _allowed(client, front, container, group, run, lambda: client.blobs(container, front).put_file(name, package))


def tidy(client: Keeper, url: str, before: str | None, group: str, run: Run) -> None:
    """Remove the packages of older releases: the one before may still be asked for by an instance that is ending."""
    front, container, name = url.rsplit("/", 2)
    kept = {name, (before or "").rpartition("/")[2]}

    def remove() -> None:
        shelf = client.blobs(container, front)
        for other in shelf.names(""):
            if other not in kept:
                shelf.delete(other)

    _allowed(client, front, container, group, run, remove)


def _allowed(client: Keeper, front: str, container: str, group: str, run: Run, act: Callable[[], None]) -> None:
    began, granted = time.monotonic(), False
    while True:
        try:
            return act()
        except CloudError as error:
            if error.reason not in NOT_ALLOWED or time.monotonic() - began > RIGHTS:
                raise
            if not granted:
                _grant(client, f"{group}/providers/Microsoft.Storage/storageAccounts/{_account(front)}/blobServices/default/containers/{container}")
                granted = True
            if not run.sleep(5.0):
                raise


def _account(front: str) -> str:
    """Return the account of an address: the first label of its host, or on this machine its path."""
    parts = urlsplit(front)
    return parts.path.strip("/") or str(parts.hostname).partition(".")[0]


def _grant(client: Keeper, scope: str) -> None:
    who, kind = client.who()
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid(scope, CONTRIBUTOR, who)}"
    role = f"/subscriptions/{client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}"
    client.arm("PUT", path, AUTHORIZATION, {"properties": {"roleDefinitionId": role, "principalId": who, "principalType": kind}})

"""Secrets of an app, as the platform follows them: a reference that it cannot follow it leaves as it stands, and says so only when it is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

from fnctl.adapter import Run
from fnctl.errors import CloudError, CredentialsError, Unreachable
from fnctl.graph import Node
from fnctl_azure.kinds.base import say
from fnctl_azure.kinds.publish import Door
from fnctl_azure.kinds.types import WEB

REFERENCE = "@Microsoft.KeyVault("
ASKED = "2022-03-01"
"""The version in which the page "Use Key Vault references" (2026) has them looked for again."""
RIGHTS, RIGHTS_HERE, UNCLEAR = 300.0, 5.0, 30.0
"""Seconds that a new right on a secret may take to be believed, on Azure and in the stand-in; and that the platform may take to say anything."""
HELP: Mapping[str, str] = {
    "AccessToKeyVaultDenied": "its identity has a role on the secret: see that the vault's network lets the app in, and nothing takes the role away",
    "MSINotEnabled": "the app has lost its identity: run the same command again",
    "VaultNotFound": "the vault is gone: `fnctl secret set NAME` makes it again",
    "SecretNotFound": "the secret is gone: `fnctl secret set NAME`, then deploy again",
    "SecretVersionNotFound": "that version of the secret is gone: `fnctl secret set NAME`, then deploy again",
    "InvalidSyntax": "somebody has changed the setting: run the same command again",
}
"""What it means that a secret is not reached. Other words than these and `Resolved` say nothing (Azure/Azure-Functions#2248)."""
PASSING = "AccessToKeyVaultDenied"


def followed(client: Door, node: Node, id_: str, settings: Mapping[str, object], run: Run) -> None:
    """Wait until every secret of an app is reached; while a right has not arrived, have the platform look again. No word of it is told, no more.

    Raises:
        CloudError: one of them cannot be reached.
    """
    wanted = {name for name, value in settings.items() if str(value).startswith(REFERENCE)}
    if not wanted:
        return
    began, last = time.monotonic(), dict[str, str]()

    def done() -> bool | None:
        last.clear()
        last.update((name, status) for name, status in _statuses(client, id_).items() if name in wanted and status != "Resolved")
        clear = {status for status in last.values() if status in HELP}
        if clear == {PASSING}:
            with suppress(CloudError):
                client.arm("POST", f"{id_}/config/configreferences/appsettings/refresh", ASKED, run=run)
            return None
        return True if clear or not last or time.monotonic() - began > UNCLEAR else None

    try:
        client.wait(f"the secrets of {node.name} to be reached", done, run, limit=RIGHTS_HERE if client.sandbox else RIGHTS)
    except CloudError as error:
        if error.reason != "Timeout":
            raise
    for name, status in sorted(last.items()):
        if status in HELP:
            raise CloudError(f"{node.name} does not reach its secret {name} ({status})", code="AZ619", reason=status, help=HELP[status])
        say(run, node, f"Azure does not say whether the secret {name} is reached ({status or 'no word'})")


def _statuses(client: Door, id_: str) -> Mapping[str, str]:
    """Return what the platform says of each reference, by the setting that holds it; {} where it does not say."""
    try:
        found = list(client.pages(f"{id_}/config/configreferences/appsettings", WEB))
    except (CredentialsError, Unreachable):
        raise
    except CloudError:
        return {}
    return {str(one.get("name") or "").rpartition("/")[2]: str((one.get("properties") or {}).get("status") or "") for one in found}

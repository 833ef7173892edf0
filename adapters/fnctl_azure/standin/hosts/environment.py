"""What an app finds around it: its settings, what the platform adds, and nothing of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fnctl_azure.standin.hosts.model import Account

REFERENCE = "@Microsoft.KeyVault("
IDENTITY = "/msi/token"
"""Where an app asks for its identity's tokens, on its own address: there an SDK is told why there are none."""

NOWHERE = "00000000-0000-0000-0000-000000000000"
_RESERVED = re.compile(
    r"(?:AZURE_(?:CLIENT|TENANT|TOKEN|USERNAME|PASSWORD|FEDERATED|AUTHORITY|SUBSCRIPTION|POD)\w*|IDENTITY_\w+|MSI_\w+|HOME|PATH|TMPDIR)\Z"
)
"""Settings that could lead to a real account: what stands here is the sandbox's own."""


def environ(app: str, address: str, language: str, place: Path, command: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of an app's worker.

    Args:
        app: the app's name.
        address: where it answers.
        language: `python` or `node`.
        place: a folder of its own, for its home and what it writes.
        command: the interpreter: its folder is on the search path, as on the platform.
        settings: the app's settings, secrets among them followed already.
    """
    home, scratch = place / "home", place / "tmp"
    for folder in (home, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    own = {name: value for name, value in settings.items() if not _RESERVED.match(name)}
    search = [str(Path(command).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    return (
        {"FUNCTIONS_EXTENSION_VERSION": "~4", "LANG": "C.UTF-8", "TZ": "UTC"}
        | own
        | {
            "FUNCTIONS_WORKER_RUNTIME": language,
            "WEBSITE_SITE_NAME": app,
            "WEBSITE_HOSTNAME": address.removeprefix("http://"),
            "WEBSITE_INSTANCE_ID": "fnctl-sandbox",
            "AZURE_FUNCTIONS_ENVIRONMENT": "Production",
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "PATH": os.pathsep.join(search),
            **_nobody(home, address),
        }
    )


def _nobody(home: Path, address: str) -> dict[str, str]:
    """Return an identity that has no tokens, so that an SDK finds no other: not the command line's, not that of the machine that we are on."""
    return {
        "IDENTITY_ENDPOINT": f"{address}{IDENTITY}",
        "IDENTITY_HEADER": "test",
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "AZURE_CLIENT_ID": NOWHERE,
        "AZURE_TENANT_ID": NOWHERE,
        "AZURE_AUTHORITY_HOST": "https://127.0.0.1:9",
        "AZURE_CONFIG_DIR": str(home / ".azure"),
        "AZURE_SUBSCRIPTION_ID": NOWHERE,
    }


def storage(settings: Mapping[str, str], account: Callable[[str], Account | None]) -> dict[str, str]:
    """Return what opens the storage account that an app's functions use, by the names that Azure's own tools read.

    On Azure its identity does. An SDK sends no token over plain http, which is all that there is here.
    """
    held = (value for name, value in settings.items() if name.endswith(_PLACES) and value.startswith("http://127.0.0.1:"))
    found = next((one for value in held if (one := account(urlsplit(value).path.split("/")[1]))), None)
    if found is None:
        return {}
    said = {
        "AccountName": found.name,
        "AccountKey": found.key,
        "BlobEndpoint": found.blob,
        "QueueEndpoint": found.queue,
        "TableEndpoint": found.table,
    }
    connection = ";".join(f"{name}={value}" for name, value in {"DefaultEndpointsProtocol": "http", **said}.items() if value)
    return {"AZURE_STORAGE_ACCOUNT": found.name, "AZURE_STORAGE_KEY": found.key, "AZURE_STORAGE_CONNECTION_STRING": connection}


_PLACES = ("_QUEUE", "_BUCKET", "_TABLE")
"""Ends of the settings that say where what a function uses is."""


def followed(settings: Mapping[str, str], secret: Callable[[str], str | None]) -> dict[str, str]:
    """Put secrets in the place of their references. One that cannot be followed is left as it stands, as the platform leaves it."""
    return {name: (secret(value) if value.startswith(REFERENCE) else None) or value for name, value in settings.items()}

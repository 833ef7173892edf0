"""What an app finds around it: its settings, what the platform adds, and nothing of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

REFERENCE = "@Microsoft.KeyVault("
NOWHERE = "00000000-0000-0000-0000-000000000000"
_RESERVED = re.compile(r"(?:AZURE_(?:CLIENT|TENANT|USERNAME|PASSWORD|FEDERATED|AUTHORITY|SUBSCRIPTION)\w*|IDENTITY_\w+|MSI_\w+|HOME|PATH|TMPDIR)\Z")
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
            **_nobody(home),
        }
    )


def _nobody(home: Path) -> dict[str, str]:
    """Return credentials that open nothing, so that an SDK finds no others: not the command line's, not a managed identity's."""
    return {
        "AZURE_CLIENT_ID": NOWHERE,
        "AZURE_TENANT_ID": NOWHERE,
        "AZURE_CLIENT_SECRET": "test",
        "AZURE_AUTHORITY_HOST": "https://127.0.0.1:9",
        "AZURE_CONFIG_DIR": str(home / ".azure"),
        "AZURE_SUBSCRIPTION_ID": NOWHERE,
    }


def followed(settings: Mapping[str, str], secret: Callable[[str], str | None]) -> dict[str, str]:
    """Put secrets in the place of their references. One that cannot be followed is left as it stands, as the platform leaves it."""
    return {name: (secret(value) if value.startswith(REFERENCE) else None) or value for name, value in settings.items()}

"""Keys of apps and hosts, as long and as random as the platform's."""

from __future__ import annotations

import base64
import secrets


def fresh() -> str:
    """A key as the Functions host makes them: 37 random bytes in the alphabet of URLs, and the mark of its origin."""
    return base64.urlsafe_b64encode(secrets.token_bytes(37)).decode().rstrip("=") + "AzFu" + "=="

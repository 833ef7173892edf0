"""Requests to storage signed with an account's key: a stand-in on plain http takes no tokens. Azure's own accounts of fnctl have no keys.

Words: "Authorize with Shared Key", 2025. Only reads are signed here, which have no body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import parse_qsl, urlsplit

STANDARD = 11
"""Headers of HTTP that have a line each, empty in a read."""


def key_of(connection: str) -> str:
    """Return the key in a connection string."""
    return _words(connection).get("AccountKey", "")


def signed(url: str, connection: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a GET with its signature. An emulator's account is the first word of the path."""
    parts = urlsplit(url)
    account = parts.path.strip("/").partition("/")[0]
    dated = {**headers, "x-ms-date": formatdate(usegmt=True)}
    resource = f"/{account}{parts.path}"
    if _is_table(url, connection):
        text = "\n".join(["GET", "", "", dated["x-ms-date"], resource])
    else:
        asked = "".join(f"\n{name}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True)))
        own = [f"{name}:{value}" for name, value in sorted(dated.items()) if name.startswith("x-ms-")]
        text = "\n".join(["GET", *[""] * STANDARD, *own, f"{resource}{asked}"])
    signature = base64.b64encode(hmac.new(base64.b64decode(key_of(connection)), text.encode(), hashlib.sha256).digest()).decode()
    return {**dated, "Authorization": f"SharedKey {account}:{signature}"}


def _is_table(url: str, connection: str) -> bool:
    return urlsplit(_words(connection).get("TableEndpoint", "")).netloc == urlsplit(url).netloc


def _words(connection: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition("=") for part in connection.split(";")) if name}

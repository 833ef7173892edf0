"""Storage tables of this machine: made, removed and listed by the table service's REST interface."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

SECONDS = 30.0


def make(address: str, account: str, key: str, name: str) -> None:
    """Make a table; one that is there is left as it is."""
    _call(address, account, key, "POST", "Tables", {"TableName": name}, (201, 204, 409))


def remove(address: str, account: str, key: str, name: str) -> None:
    """Remove a table with its entities; one that is not there is gone already."""
    _call(address, account, key, "DELETE", f"Tables('{name}')", None, (204, 404))


def listed(address: str, account: str, key: str) -> list[str]:
    """The names of an account's tables."""
    found = _call(address, account, key, "GET", "Tables", None, (200,))
    return [str(one["TableName"]) for one in (found or {}).get("value", ())]


def _call(address: str, account: str, key: str, method: str, path: str, body: Any, fine: tuple[int, ...]) -> Any:
    split = urlsplit(f"{address.rstrip('/')}/{path}")
    date = format_datetime(datetime.now(UTC), usegmt=True)
    kind = "application/json" if body is not None else ""
    # "Authorize with Shared Key", table service: verb, MD5, type, date, resource.
    text = "\n".join((method, "", kind, date, f"/{account}{split.path}"))
    signed = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
    headers = {
        "Authorization": f"SharedKey {account}:{signed}",
        "x-ms-date": date,
        "x-ms-version": "2024-11-04",
        "Accept": "application/json;odata=nometadata",
        "DataServiceVersion": "3.0;NetFx",
        **({"Content-Type": kind} if kind else {}),
    }
    connection = http.client.HTTPConnection(split.netloc, timeout=SECONDS)
    try:
        connection.request(method, split.path, json.dumps(body).encode() if body is not None else None, headers)
        answer = connection.getresponse()
        told = answer.read()
    finally:
        connection.close()
    if answer.status not in fine:
        message = f"the table service answers {answer.status} to {method} {path}: {told.decode('utf-8', 'replace')[:200]}"
        raise RuntimeError(message)
    return json.loads(told) if told and answer.status == 200 else None

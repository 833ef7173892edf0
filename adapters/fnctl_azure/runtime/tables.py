"""Asking the Table service by hand, without an SDK: the app's identity, one request, again where that helps."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlencode, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any
    from urllib.parse import SplitResult

VERSION = "2020-12-06"
RESOURCE = "https://storage.azure.com"
_ATTEMPTS = 4
_TIMEOUT = 5.0
_LATER = frozenset({408, 429, 500, 502, 503, 504})
_EARLY = 300.0
"""Seconds before its end after which a token is not used any more."""
_token: list[Any] = ["", 0.0]


class TableError(Exception):
    """The service did not do it; `status` is that of HTTP, 0 where nothing came back, `code` the service's own word."""

    def __init__(self, trouble: str, status: int = 0, code: str = "") -> None:
        super().__init__(trouble)
        self.status = status
        self.code = code


def ask(
    method: str, url: str, environ: Mapping[str, str], body: Mapping[str, Any] | None = None, etag: str | None = None
) -> tuple[dict[str, Any], str]:
    """Send one request, up to four times, and return the entity (or {}) and its ETag. Raises TableError."""
    error = TableError("")
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(0.1 * 3**attempt / 3)
        try:
            status, headers, text = _sent(method, urlsplit(url), environ, None if body is None else json.dumps(body).encode(), etag)
        except (OSError, HTTPException) as failure:
            error = TableError(f"{type(failure).__name__}: {failure}")
            continue
        if status < 300:
            return json.loads(text or b"{}"), headers.get("etag", "")
        code, message = _said(text)
        error = TableError(f"{method} {urlsplit(url).path}: {status} {code}: {message}", status, code)
        if status not in _LATER:
            break
    raise error


def _said(text: bytes) -> tuple[str, str]:
    try:
        told = json.loads(text)["odata.error"]
        return told["code"], told["message"]["value"].partition("\n")[0]
    except (ValueError, KeyError, TypeError):
        return "", text[:200].decode("utf-8", "replace")


def _sent(method: str, url: SplitResult, environ: Mapping[str, str], body: bytes | None, etag: str | None) -> tuple[int, dict[str, str], bytes]:
    headers = {
        "accept": "application/json;odata=nometadata",
        "x-ms-version": VERSION,
        "x-ms-date": formatdate(usegmt=True),
        "dataserviceversion": "3.0",
        **({"content-type": "application/json", "prefer": "return-no-content"} if body is not None else {}),
        **({"if-match": etag} if etag else {}),
    }
    headers["authorization"] = _authorization(url, environ, headers["x-ms-date"])
    return _exchanged(url, method, headers, body)


def _exchanged(url: SplitResult, method: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, dict[str, str], bytes]:
    make = HTTPConnection if url.scheme == "http" else HTTPSConnection
    connection = make(url.hostname or "", url.port, timeout=_TIMEOUT)
    try:
        connection.request(method, f"{url.path}?{url.query}" if url.query else url.path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def _authorization(url: SplitResult, environ: Mapping[str, str], date: str) -> str:
    """Return the app's token. An account on this machine speaks plain http, over which no token goes, and has a key that opens nothing else."""
    key = environ.get("AZURE_STORAGE_KEY")
    if key and url.scheme == "http" and url.hostname == "127.0.0.1":
        import hmac
        from base64 import b64decode, b64encode

        account = url.path.split("/")[1]
        signed = hmac.digest(b64decode(key), f"{date}\n/{account}{url.path}".encode(), "sha256")
        return f"SharedKeyLite {account}:{b64encode(signed).decode()}"
    return f"Bearer {_identity(environ)}"


def _identity(environ: Mapping[str, str]) -> str:
    """Return a token of the app's identity, kept until shortly before its end."""
    if _token[1] > time.time() + _EARLY:
        return str(_token[0])
    endpoint, secret = environ.get("IDENTITY_ENDPOINT"), environ.get("IDENTITY_HEADER")
    if not endpoint or not secret:
        message = "the app has no identity: IDENTITY_ENDPOINT is not in its environment"
        raise TableError(message)
    words = {"api-version": "2019-08-01", "resource": RESOURCE, "client_id": environ.get("AZURE_CLIENT_ID", "")}
    url = urlsplit(f"{endpoint}?{urlencode({name: value for name, value in words.items() if value})}")
    status, _, text = _exchanged(url, "GET", {"x-identity-header": secret}, None)
    if status != 200:
        message = f"the app's identity gave no token: {status} {text[:200].decode('utf-8', 'replace')}"
        raise TableError(message, status)
    told = json.loads(text)
    _token[:] = [told["access_token"], float(told["expires_on"])]
    return str(_token[0])


def entity(table: str, partition: str, row: str = "") -> str:
    """Return the address of one entity."""
    return f"{table}(PartitionKey='{quote(partition, safe='')}',RowKey='{quote(row, safe='')}')"

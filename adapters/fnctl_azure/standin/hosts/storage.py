"""Queues and blobs of a storage account on this machine, by Azure Storage's REST interface and the account's key: what the host needs of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as Tree
from xml.sax.saxutils import escape

from fnctl_azure.standin.hosts.model import Account

VERSION = "2024-11-04"
SECONDS = 30.0


class Unreachable(Exception):  # a plain noun
    """The account does not answer, or not as it should; `status` is 0 where nothing came back."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Message:
    """A message that was taken from a queue; whoever has its receipt may keep or remove it."""

    id: str
    receipt: str
    count: int
    text: str
    inserted: datetime
    expires: datetime
    next: datetime


@dataclass(frozen=True)
class Blob:
    """A blob as a listing shows it."""

    name: str
    etag: str
    size: int
    type: str
    kind: str


def named(account: Callable[[str], Account | None], settings: Mapping[str, str], connection: str, service: str) -> Account | None:
    """Find the account behind a binding's `connection`: a prefix of settings that name it, or its address.

    Args:
        account: finds one by its name.
        settings: the app's.
        connection: `JOBS_QUEUE_CONNECTION`; empty for the host's own.
        service: `queue` or `blob`.
    """
    prefix = connection or "AzureWebJobsStorage"
    name = settings.get(f"{prefix}__accountName")
    address = settings.get(f"{prefix}__{service}ServiceUri") or settings.get(f"{prefix}__serviceUri")
    return account(name or (account_of(address) if address else ""))


def account_of(address: str) -> str:
    """Return the account in an address: the first label of Azure's hosts, the last part of the path on this machine."""
    split = urlsplit(address)
    host = split.hostname or ""
    return split.path.strip("/").rpartition("/")[2] if host in ("127.0.0.1", "localhost") else host.partition(".")[0]


def take(account: Account, queue: str, count: int, hidden: float) -> list[Message]:
    """Take messages from a queue; nobody else sees them for `hidden` seconds."""
    query = {"numofmessages": str(count), "visibilitytimeout": str(int(hidden))}
    return [_message(one) for one in _tree(_call(account, "GET", f"{account.queue}/{queue}/messages", query)).iter("QueueMessage")]


def _message(found: Tree.Element) -> Message:
    said = {one.tag: one.text or "" for one in found}
    times = (parsedate_to_datetime(said[name]) for name in ("InsertionTime", "ExpirationTime", "TimeNextVisible"))
    return Message(said["MessageId"], said["PopReceipt"], int(said["DequeueCount"]), said["MessageText"], *times)


def done(account: Account, queue: str, message: Message) -> None:
    """Remove a message."""
    _call(account, "DELETE", f"{account.queue}/{queue}/messages/{message.id}", {"popreceipt": message.receipt})


def leave(account: Account, queue: str, message: Message, hidden: float) -> None:
    """Let a message be seen again after `hidden` seconds, as it is."""
    query = {"popreceipt": message.receipt, "visibilitytimeout": str(int(hidden))}
    _call(account, "PUT", f"{account.queue}/{queue}/messages/{message.id}", query, _said(message.text))


def put(account: Account, queue: str, text: str) -> None:
    """Put a message into a queue, which is made if it is not there."""
    try:
        _call(account, "POST", f"{account.queue}/{queue}/messages", {}, _said(text))
    except Unreachable as error:
        if error.status != 404:
            raise
        make(account, "queue", queue)
        _call(account, "POST", f"{account.queue}/{queue}/messages", {}, _said(text))


def _said(text: str) -> bytes:
    return f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()


def make(account: Account, service: str, name: str) -> None:
    """Make a container or a queue; one that is there is left as it is.

    Args:
        account: where.
        service: `blob` or `queue`.
        name: of the container or the queue.
    """
    try:
        _call(account, "PUT", f"{account.blob if service == 'blob' else account.queue}/{name}", _CONTAINER if service == "blob" else {})
    except Unreachable as error:
        if error.status != 409:
            raise


def remove(account: Account, service: str, name: str) -> None:
    """Remove a container or a queue, with what is in it; one that is not there is gone already."""
    try:
        _call(account, "DELETE", f"{account.blob if service == 'blob' else account.queue}/{name}", _CONTAINER if service == "blob" else {})
    except Unreachable as error:
        if error.status != 404:
            raise


_CONTAINER = {"restype": "container"}


def upload(account: Account, container: str, name: str, content: bytes, kind: str = "application/octet-stream") -> None:
    """Write a blob."""
    _call(account, "PUT", f"{account.blob}/{container}/{name}", {}, content, kind, {"x-ms-blob-type": "BlockBlob"})


def read(account: Account, container: str, name: str) -> bytes:
    """Return a blob. Raises Unreachable, with 404 where there is none."""
    return _call(account, "GET", f"{account.blob}/{container}/{name}", {})


def erase(account: Account, container: str, name: str) -> None:
    """Remove a blob."""
    _call(account, "DELETE", f"{account.blob}/{container}/{name}", {})


def queues(account: Account) -> list[str]:
    """List an account's queues."""
    return [_text(one, "Name") for page in _pages(account, account.queue + "/", {"comp": "list"}) for one in page.iter("Queue")]


def containers(account: Account) -> list[str]:
    """List an account's containers."""
    return [_text(one, "Name") for page in _pages(account, account.blob + "/", {"comp": "list"}) for one in page.iter("Container")]


def blobs(account: Account, container: str, prefix: str = "") -> list[Blob]:
    """List the blobs of a container; none when it is not there."""
    query = {"restype": "container", "comp": "list", **({"prefix": prefix} if prefix else {})}
    try:
        return [_blob(one) for page in _pages(account, f"{account.blob}/{container}", query) for one in page.iter("Blob")]
    except Unreachable as error:
        if error.status == 404:
            return []
        raise


def _blob(found: Tree.Element) -> Blob:
    about = found.find("Properties")
    said = {one.tag: one.text or "" for one in (about if about is not None else ())}
    size, etag = int(said.get("Content-Length") or 0), said.get("Etag", "").strip('"')
    return Blob(_text(found, "Name"), etag, size, said.get("Content-Type", ""), said.get("BlobType", "BlockBlob"))


def _pages(account: Account, url: str, query: Mapping[str, str]) -> Iterator[Tree.Element]:
    marker = ""
    while True:
        page = _tree(_call(account, "GET", url, {**query, **({"marker": marker} if marker else {})}))
        yield page
        marker = _text(page, "NextMarker")
        if not marker:
            return


def _text(found: Tree.Element, name: str) -> str:
    one = found.find(name)
    return (one.text or "") if one is not None else ""


def _tree(body: bytes) -> Tree.Element:
    return Tree.fromstring(body.decode("utf-8-sig"))  # noqa: S314  # of our own emulator


def _call(
    account: Account,
    method: str,
    url: str,
    query: Mapping[str, str],
    body: bytes = b"",
    kind: str = "application/xml",
    more: Mapping[str, str] | None = None,
) -> bytes:
    split = urlsplit(url)
    path = quote(split.path)
    headers = {"x-ms-date": format_datetime(datetime.now(UTC), usegmt=True), "x-ms-version": VERSION, **(more or {})}
    kind = kind if body else ""
    signed = {"Authorization": f"SharedKey {account.name}:{_signature(account, method, path, query, headers, len(body), kind)}"}
    sizes = {"Content-Length": str(len(body)), **({"Content-Type": kind} if kind else {})}
    connection = http.client.HTTPConnection(split.netloc, timeout=SECONDS)
    try:
        connection.request(method, f"{path}?{urlencode(query)}" if query else path, body, {**headers, **signed, **sizes})
        answer = connection.getresponse()
        told = answer.read()
    except (OSError, http.client.HTTPException) as error:
        words = f"the storage account {account.name} does not answer: {error}"
        raise Unreachable(words) from error
    finally:
        connection.close()
    if answer.status >= 300:
        words = f"the storage account {account.name} answers {answer.status} to {method} {unquote(path)}: {answer.headers.get('x-ms-error-code', '')}"
        raise Unreachable(words, answer.status)
    return told


def _signature(account: Account, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], length: int, kind: str) -> str:
    """Sign as "Authorize with Shared Key" has it: the verb, eleven headers, those of Azure, and what is asked for."""
    standard = ["", "", str(length) if length else "", "", kind, "", "", "", "", "", ""]
    own = [f"{name}:{value}" for name, value in sorted(headers.items())]
    wanted = "".join(f"\n{name}:{value}" for name, value in sorted(query.items()))
    text = "\n".join([method, *standard, *own, f"/{account.name}{path}{wanted}"])
    return base64.b64encode(hmac.new(base64.b64decode(account.key), text.encode(), hashlib.sha256).digest()).decode()

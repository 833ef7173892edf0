"""Azure's public addresses, as a company's proxy shows them: fnctl speaks https to the names that Azure has, and the stand-in and its Azurite answer.

Nothing leaves this machine. What a caller sends is taken as Azure takes it: a token for the audience of whoever answers, and for blobs a role on the
account, which Azurite does not know. Answers speak of public names, and what is asked about those reaches the stand-in by its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from azure_standin.tls import certificate
from fnctl_azure.client.signing import key_of
from fnctl_azure.standin import entra
from fnctl_azure.standin.world import SUBSCRIPTION

NAMES = (
    "management.azure.com",
    "login.microsoftonline.com",
    *(f"*.{name}" for name in ("blob.core.windows.net", "queue.core.windows.net", "table.core.windows.net", "vault.azure.net", "azurewebsites.net")),
)
BLOBS = "https://storage.azure.com"
OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
ACCOUNT = re.compile(r"https://([a-z0-9]+)\.(blob|queue|table)\.core\.windows\.net/")
SITE = re.compile(r"local-(\d+)\.azurewebsites\.net")
VAULT = re.compile(r"https://([\w-]+)\.vault\.azure\.net/")
SIGNED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date")
CONDITIONS = ("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")


@dataclass
class Internet:
    """Who is asked: the stand-in's address, and what opens its storage.

    Attributes:
        asked: hosts, each once.
        refused: codes of what the data plane of storage refused.
        late: requests to it for which a right has not arrived yet.
        lose: writes to it that are done, and nobody hears of it.
        environ: what leads a caller here.
    """

    arm: str
    connection: str
    asked: set[str] = field(default_factory=set[str])
    refused: list[str] = field(default_factory=list[str])
    late: int = 0
    lose: int = 0
    environ: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        found = re.findall(r"(\w+)Endpoint=http://([^/]+)/", self.connection)
        self.ports: dict[str, str] = {str(service).lower(): str(place) for service, place in found}

    def public(self, text: str) -> str:
        """Return an answer in Azure's names."""
        for service, place in self.ports.items():
            text = re.sub(rf"http://{place}/([a-z0-9]+)/", rf"https://\1.{service}.core.windows.net/", text)
        text = re.sub(r"https://management\.azure\.com/_vault/([\w-]+)/", r"https://\1.vault.azure.net/", text)
        return re.sub(r"127\.0\.0\.1:(\d+)", r"local-\1.azurewebsites.net", text)

    def here(self, text: str) -> str:
        """Return what is asked in the names of this machine."""
        text = ACCOUNT.sub(lambda found: f"http://{self.ports[found[2]]}/{found[1]}/", text)
        text = VAULT.sub(r"https://management.azure.com/_vault/\1/", text)
        return SITE.sub(r"127.0.0.1:\1", text)

    def place(self, host: str, path: str) -> tuple[str, str]:
        """Return which port of this machine a host is, and the path there."""
        if found := SITE.fullmatch(host):
            return f"127.0.0.1:{found[1]}", path
        name, _, domain = host.partition(".")
        if domain == "vault.azure.net":
            return self.arm, f"/_vault/{name}{path}"
        if domain.endswith(".core.windows.net"):
            return self.ports[domain.partition(".")[0]], path  # Azurite reads the account off the host, as Azure does
        return self.arm, path

    def may(self, account: str, headers: Mapping[str, str]) -> str | None:
        """Return why an account's data plane refuses a caller; None where it does not. A key is no way in: the accounts have none."""
        claims = entra.read(headers.get("authorization", "").removeprefix("Bearer "))
        if claims is None or not headers.get("authorization", "").startswith("Bearer "):
            return "KeyBasedAuthenticationNotPermitted"
        if claims["aud"] != BLOBS:
            return "InvalidAuthenticationInfo"
        self.late -= 1
        return None if self.late < 0 and str(claims["oid"]) in self._owners(account) else "AuthorizationPermissionMismatch"

    def lost(self, method: str) -> bool:
        """Tell whether the answer to a request is lost."""
        self.lose -= method == "PUT"
        return method == "PUT" and self.lose >= 0

    def _owners(self, account: str) -> set[str]:
        """Return who has the role on an account, as the resource manager tells it."""
        found = self._ask(f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments")
        mine = [one["properties"] for one in found if one["properties"]["scope"].endswith(f"/storageAccounts/{account}")]
        return {str(one["principalId"]) for one in mine if one["roleDefinitionId"].endswith(OWNER)}

    def _ask(self, path: str) -> list[dict[str, dict[str, str]]]:
        form = f"grant_type=client_credentials&client_id={entra.CLIENT}&client_secret={entra.SECRET}&scope=https://management.azure.com/.default"
        link = http.client.HTTPConnection(self.arm, timeout=30)
        try:
            link.request("POST", "/t/oauth2/v2.0/token", form, {"content-type": "application/x-www-form-urlencoded"})
            token = json.loads(link.getresponse().read())["access_token"]
            link.request("GET", f"{path}?api-version=2022-04-01", headers={"authorization": f"Bearer {token}"})
            found: list[dict[str, dict[str, str]]] = json.loads(link.getresponse().read())["value"]
        finally:
            link.close()
        return found

    def signed(self, account: str, method: str, path: str, headers: Mapping[str, str], size: int) -> dict[str, str]:
        """Return headers with an account's signature ("Authorize with Shared Key", 2025): Azurite asks for that, where Azure asks for a token."""
        parts = urlsplit(path)
        given = {**headers, "content-length": str(size or "")}
        lines = [method, *(given.get(name, "") if name != "date" or "x-ms-date" not in given else "" for name in (*SIGNED, *CONDITIONS))]
        own = [f"{name}:{value}" for name, value in sorted(headers.items()) if name.startswith("x-ms-")]
        query = [f"{name.lower()}:{value}" for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))]
        text = "\n".join([*lines, *own, f"/{account}{quote(unquote(parts.path))}", *query])
        code = hmac.new(base64.b64decode(key_of(self.connection)), text.encode(), hashlib.sha256).digest()
        return {**headers, "authorization": f"SharedKey {account}:{base64.b64encode(code).decode()}"}


@contextmanager
def internet(arm: str, connection: str, python: Path, folder: Path) -> Iterator[Internet]:
    """Stand between while the block runs."""
    file = folder / "internet.pem"
    certificate(python, file, *NAMES)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    made = Internet(arm, connection)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Between", (_Proxy,), {"net": made, "context": context}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        made.environ = {"HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}", "REQUESTS_CA_BUNDLE": str(file)}
        yield made
    finally:
        server.shutdown()
        server.server_close()


class _Proxy(BaseHTTPRequestHandler):
    """Takes a tunnel, ends its TLS itself, and answers what comes through it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    net: Internet
    context: ssl.SSLContext
    host = ""

    def do_CONNECT(self) -> None:
        self.host = self.path.partition(":")[0]
        self.send_response_only(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", -1)
        self.close_connection = False

    def finish(self) -> None:
        """Give back the tunnel's socket, which took the place of the server's own."""
        super().finish()
        self.connection.close()

    def _any(self) -> None:
        self.net.asked.add(self.host)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        account, data = self.host.partition(".")[0], self.host.endswith(".core.windows.net")
        if data and (why := self.net.may(account, headers)):
            self.net.refused.append(why)
            told = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{why}</Code><Message>This request is not authorized.</Message></Error>'
            self._tell(403, [("content-type", "application/xml"), ("x-ms-error-code", why)], told.encode())
            return
        address, path = self.net.place(self.host, self.path)
        if data:
            headers = self.net.signed(account, self.command, path, headers, len(body))
        elif "json" in headers.get("content-type", ""):
            body = self.net.here(body.decode()).encode()
        self._hand_on(address, path, headers | {"content-length": str(len(body)), "x-forwarded-proto": "https"}, body, data=data)

    def _hand_on(self, address: str, path: str, headers: Mapping[str, str], body: bytes, *, data: bool) -> None:
        behind = http.client.HTTPConnection(address, timeout=60)
        try:
            behind.request(self.command, path, body, dict(headers))
            answer = behind.getresponse()
            told = answer.read()
            if data and self.net.lost(self.command):
                self.close_connection = True
                return
            if "json" in (answer.getheader("content-type") or ""):
                told = self.net.public(told.decode()).encode()
            self._tell(answer.status, [(name, self.net.public(value)) for name, value in answer.getheaders()], told)
        finally:
            behind.close()

    def _tell(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        length = {name.lower(): value for name, value in headers}.get("content-length") if self.command == "HEAD" else str(len(body))
        for name, value in headers:
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("content-length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = _any  # noqa: N815  # the base's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing."""

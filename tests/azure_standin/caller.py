"""A caller of the stand-in without an SDK in between: what goes over the wire is what a test says."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fnctl_azure.standin import entra
from fnctl_azure.standin.world import SUBSCRIPTION, TENANT

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VERSIONS = {
    "Microsoft.Storage": "2024-01-01",
    "Microsoft.Web": "2025-05-01",
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.ManagedIdentity": "2024-11-30",
    "Microsoft.OperationalInsights": "2025-07-01",
    "Microsoft.Insights": "2020-02-02",
    "Microsoft.KeyVault": "2024-11-01",
    "Microsoft.EventGrid": "2025-02-15",
    "Microsoft.ServiceBus": "2026-01-01",
    "Microsoft.EventHub": "2026-01-01",
    "Microsoft.DocumentDB": "2026-03-15",
}


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is parsed where it is JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The error's code, in either of Azure's shapes."""
        found = self.body if isinstance(self.body, dict) else {}
        return str(found.get("Code") or (found.get("error") or {}).get("code") or "") if not isinstance(found.get("error"), str) else found["error"]


@dataclass
class Caller:
    """Who calls `host` with a token of the token endpoint."""

    host: str
    bearer: str = ""
    foreign: bool = False
    """Whether others than tests ask: what they send is not ours to check."""

    def raw(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, host: str = "") -> Reply:
        """One request, as it is."""
        connection = http.client.HTTPConnection(host or self.host, timeout=20)
        try:
            connection.request(method, quote(path, safe="/?&=:$'%+,()"), body or None, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()
        parsed = json.loads(text) if text and "json" in found.get("content-type", "") else text
        return Reply(answer.status, parsed, found)

    def token(self, audience: str = "https://management.azure.com", **form: str) -> Reply:
        """Ask for a token."""
        said = {"grant_type": "client_credentials", "client_id": entra.CLIENT, "client_secret": entra.SECRET, "scope": f"{audience}/.default"} | form
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.raw("POST", f"/{TENANT}/oauth2/v2.0/token", urlencode(said).encode(), kind)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Reply:
        """One request to the resource manager; a path that does not start with / is below the group, or names its provider."""
        if not self.bearer:
            self.bearer = self.token().body["access_token"]
        whole = path if path.startswith("/") else f"{GROUP}/providers/{path}"
        if "api-version=" not in whole:
            namespace = whole.rpartition("/providers/")[2].partition("/")[0]
            whole += ("&" if "?" in whole else "?") + f"api-version={VERSIONS.get(namespace, '2025-04-01')}"
        sent = json.dumps(body).encode() if body is not None else b""
        return self.raw(method, whole, sent, {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"} | dict(headers or {}))

    def done(self, method: str, path: str, body: Any = None) -> Reply:
        """A request that has to succeed, waited for to its end."""
        reply = self.ask(method, path, body)
        assert reply.status < 300, reply
        self.settle(reply)
        return reply

    def settle(self, reply: Reply) -> None:
        """Follow an operation to its end."""
        link = reply.headers.get("azure-asyncoperation") or reply.headers.get("location", "")
        limit = time.monotonic() + 5
        while link and reply.status in (200, 201, 202) and time.monotonic() < limit:
            found = self.ask("GET", link.removeprefix(f"http://{self.host}"))
            state = found.body.get("status", "Succeeded") if isinstance(found.body, dict) else ""
            if found.status != 202 and state != "InProgress":
                return
            time.sleep(0.01)

    def control(self, word: str, body: Any = None, method: str = "POST") -> Reply:
        """Tell the stand-in something."""
        return self.raw(method, f"/_fnctl/{word}", json.dumps(body).encode() if body is not None else b"")

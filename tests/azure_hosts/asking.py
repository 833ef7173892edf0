"""Hosts with their log, asked over HTTP."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fnctl_azure.standin.hosts import Account, Hosts, Row


@dataclass(frozen=True)
class Answer:
    """What a client reads."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Sandbox:
    """Hosts, and the rows that they wrote."""

    def __init__(self, folder: Path, account: Callable[[str], Account | None] = lambda _: None) -> None:
        self.rows: list[Row] = []
        secrets = {"@Microsoft.KeyVault(VaultName=v;SecretName=s)": "followed"}
        self.hosts = Hosts(folder, self.rows.append, account, secrets.get)

    def ask(self, app: str, path: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection(self.hosts.address(app).removeprefix("http://"), timeout=30)
        try:
            connection.request(method, path, body=body or None, headers=dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def said(self, wanted: Callable[[Row], bool], seconds: float = 10.0) -> Row:
        """Wait for a row."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            for row in list(self.rows):
                if wanted(row):
                    return row
            time.sleep(0.02)
        raise AssertionError([row["message"] for row in self.rows])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hosts.close()

"""What lies in a storage account: queues, containers and tables. Each tells where its account is, and whether something is in it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Protocol
from urllib.parse import quote

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_azure.kinds.base import Arm, Client, Type
from fnctl_azure.kinds.publish import Answer
from fnctl_azure.kinds.types import STORAGE

SCOPE = "https://storage.azure.com/.default"
VERSION = "2023-11-03"
"""Of the storage services' own API."""


class Headed(Answer, Protocol):
    """An answer with its headers, by their names in small letters."""

    @property
    def headers(self) -> Mapping[str, str]:
        """As they came."""
        ...


class Reader(Client, Protocol):
    """What looking into an account asks of Azure beside ARM: the storage services, with the login's own rights."""

    def request(
        self,
        method: str,
        url: str,
        *,
        what: str,
        scope: str | None = ...,
        headers: Mapping[str, str] | None = ...,
        run: Run | None = ...,
        gone: bool = ...,
    ) -> Headed:
        """Ask anything of Azure; a 404 is an answer with `gone`. Raises CloudError."""
        ...


class Stored(Arm, ABC):
    """One of the three services of an account."""

    service: ClassVar = ""
    what: ClassVar = ""

    def __init__(self, client: Reader, type_: Type) -> None:
        """Keep the client, which can also look into an account."""
        super().__init__(client, type_)
        self.reader = client

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return it; one that exists already brings along where its account is."""
        state = super().read(node, props, hint, run)
        if state is None or node.owned:
            return state
        return replace(state, outputs={**state.outputs, "service": self._front(state)})

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say what is in it. A login that may not look is told that there may be something: to lose it unseen would be worse."""
        url = f"{self._front(state)}{quote(str(state.outputs['name']))}"
        try:
            return self.inside(url, node, run)
        except CloudError as error:
            return f"{self.what} that this login may not see ({error.reason})"

    @abstractmethod
    def inside(self, url: str, node: Node, run: Run) -> str | None:
        """Look. Raises CloudError."""

    def ask(self, url: str, node: Node, run: Run, **headers: str) -> Headed:
        """Ask the service itself."""
        told = {"x-ms-version": VERSION, **headers}
        return self.reader.request("GET", url, what=f"{self.type.title} {node.name}", scope=SCOPE, headers=told, run=run, gone=True)

    def _front(self, state: State) -> str:
        account = self.client.find(state.id.partition(f"/{self.service}Services/")[0], STORAGE) or {}
        return str(((account.get("properties") or {}).get("primaryEndpoints") or {}).get(self.service) or "")


class Queue(Stored):
    """The service counts its messages, roughly and never too few."""

    service = "queue"
    what = "messages"

    def inside(self, url: str, node: Node, run: Run) -> str | None:
        """Count."""
        count = int(self.ask(f"{url}?comp=metadata", node, run).headers.get("x-ms-approximate-messages-count") or 0)
        return f"about {count} message{'s' if count > 1 else ''}" if count else None


class Container(Stored):
    """Old versions of blobs count as well."""

    service = "blob"
    what = "blobs"

    def inside(self, url: str, node: Node, run: Run) -> str | None:
        """Look for one."""
        answer = self.ask(f"{url}?restype=container&comp=list&maxresults=1&include=versions", node, run)
        return "1 or more blobs" if answer.status < 400 and b"<Blob>" in answer.body else None


class Table(Stored):
    """A table of the Table service."""

    service = "table"
    what = "records"

    def inside(self, url: str, node: Node, run: Run) -> str | None:
        """Look for one; an answer may be empty and say that there is more."""
        answer = self.ask(f"{url}()?$top=1", node, run, accept="application/json;odata=nometadata")
        if answer.status >= 400:
            return None
        more = "x-ms-continuation-nextpartitionkey" in answer.headers
        return "1 or more records" if more or json.loads(answer.body).get("value") else None


class Settings(Arm):
    """Settings of the blobs of an account: there as long as it is. As the platform makes them they are as good as none."""

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return them where they are others than the platform's own."""
        state = super().read(node, props, hint, run)
        return state if state and any((state.outputs.get("isVersioningEnabled"), state.outputs.get("cors.corsRules"))) else None

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Put back what the platform does by itself."""
        if self.client.find(state.id, self.type.api) is not None:
            self.client.arm("PUT", state.id, self.type.api, {"properties": {"isVersioningEnabled": False, "cors": {"corsRules": []}}}, run)

    def phases(self, change: Change) -> tuple[Phase, ...]:
        """Old versions are kept before new code overwrites the first."""
        return ("prepare",)

"""The opened folder: which kinds of object are in it, and what it cannot do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from fnctl.adapter import Call, Cloud, Kind, LogLine, LogQuery, Reply, Run, Where
from fnctl.errors import FnctlError
from fnctl.graph import Json, Node, State
from fnctl.ledger.store import Store
from fnctl.manifest.model import Service
from fnctl_adapter_folder.kinds import FunctionKind
from fnctl_adapter_folder.translate import KIND


@dataclass
class FolderCloud:
    """A folder has no object store with conditional writes: `store` None keeps the ledger on this machine."""

    identity: str
    kinds: Mapping[str, Kind]
    store: Store | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)

    def outputs(self, service: Service | None) -> Mapping[str, Json]:
        """There is no account with facts of its own."""
        return self.facts

    def adrift(self, run: Run) -> Iterable[Node]:
        """Nothing in a folder is tagged."""
        return ()

    def secrets(self) -> Mapping[str, str]:
        """There is no vault, so nothing is set in it."""
        return {}

    def secret_set(self, name: str, value: str) -> str:
        """Refuse: a folder keeps no secrets."""
        _refuse("a folder has no vault for secrets")

    def secret_remove(self, name: str) -> None:
        """Refuse: a folder keeps no secrets."""
        _refuse("a folder has no vault for secrets")

    def invoke(self, node: Node, state: State, call: Call) -> Reply:
        """Refuse: a folder runs nothing."""
        _refuse("a folder runs no functions")

    def logs(self, nodes: Mapping[str, State], query: LogQuery) -> Iterable[LogLine]:
        """What does not run logs nothing."""
        return ()

    def close(self) -> None:
        """There is no connection to give back."""


def connect(where: Where) -> Cloud:
    """Open the folder that `targets.folder.path` names. It is made by the first deploy, not here: `plan` must write nothing."""
    folder = (where.folder / str(where.settings.get("path") or "deployed")).resolve()
    return FolderCloud(f"folder {folder}", {KIND: FunctionKind(folder)})


def _refuse(message: str) -> NoReturn:
    raise FnctlError(message, code="FOLDER101", help="leave this to the machines that take their functions from it")

"""One sandbox a worker: what is tested against it is what people get with `--sandbox`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aws.strict import faults
from fnctl.adapter import Cancel, Run, Where
from fnctl.events import Event
from fnctl.graph import Artifact
from fnctl_aws.client import Client, connect
from fnctl_aws.sandbox import sandbox


@pytest.fixture(scope="session")
def sandbox_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What an SDK needs to reach a sandbox of this worker's own."""
    stand_in = sandbox(tmp_path_factory.mktemp("sandbox"))
    assert stand_in is not None
    yield stand_in.start(lambda _text: None)
    stand_in.stop()


@pytest.fixture
def client(sandbox_endpoint: Mapping[str, str], tmp_path: Path) -> Iterator[Strict]:
    """The real client, with every call held against AWS's own models."""
    made = connect(Where("orders", "dev", {"region": "eu-west-1"}, sandbox_endpoint, tmp_path, sandbox=True))
    yield Strict(made)
    made.close()


class Strict:
    """A client that notes every call, and refuses what AWS would refuse and a stand-in may not."""

    def __init__(self, inner: Client) -> None:
        self.inner = inner
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def call(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any]:
        self._note(service, operation, params)
        return self.inner.call(service, operation, run, **params)

    def find(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any] | None:
        self._note(service, operation, params)
        return self.inner.find(service, operation, run, **params)

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> Iterator[Any]:
        self._note(service, operation, params)
        return self.inner.pages(service, operation, key, **params)

    def _note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        assert faults(service, operation, params) == []
        self.calls.append(f"{service}.{operation}")

    def writes(self) -> list[str]:
        """What was changed, in order."""
        reads = ("get_", "list_", "describe_", "head_", "scan")
        return [call for call in self.calls if not call.split(".")[1].startswith(reads)]


@dataclass
class Talk:
    """A run that gives artifacts from a folder and keeps what is said."""

    folder: Path
    events: list[Event] = field(default_factory=list)

    def run(self) -> Run:
        return Run(self.events.append, lambda: Cancel.NO, time.monotonic() + 120, self._sleep, self._fetch)

    def _sleep(self, seconds: float) -> bool:
        time.sleep(min(seconds, 0.05))
        return True

    def _fetch(self, artifact: Artifact) -> Path:
        return self.folder / f"{artifact.sha256}.zip"


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    return Talk(tmp_path)

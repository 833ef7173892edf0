"""Doors to AWS for these tests: a client for a stub, and a sandbox where AWS's semantics matter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fnctl.adapter import Cancel, Run, Where
from fnctl.events import Event
from fnctl.graph import Artifact
from fnctl_aws.client import Client, connect
from fnctl_aws.sandbox import sandbox

KEYS = {"AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST", "AWS_SECRET_ACCESS_KEY": "very-secret-key"}


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Connect to an endpoint: `open_client(url, read_timeout=0.5)`."""
    opened: list[Client] = []

    def connect_to(url: str, settings: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None, **more: Any) -> Client:
        found = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": url, **KEYS, **(environ or {})}
        client = connect(Where("orders", "dev", {"region": "eu-west-1", **(settings or {})}, found, tmp_path), **more)
        opened.append(client)
        return client

    yield connect_to
    for client in opened:
        client.close()


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def run(told: list[Event], tmp_path: Path) -> Run:
    """A run that sleeps for real, and ends in a minute."""

    def sleep(seconds: float) -> bool:
        time.sleep(seconds)
        return True

    def fetch(artifact: Artifact) -> Path:
        return tmp_path / artifact.sha256

    return Run(told.append, lambda: Cancel.NO, time.monotonic() + 60, sleep, fetch)


@pytest.fixture(scope="session")
def sandbox_environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What reaches a sandbox of this worker's own."""
    stand_in = sandbox(tmp_path_factory.mktemp("sandbox"))
    assert stand_in is not None
    yield stand_in.start(lambda _text: None)
    stand_in.stop()


@pytest.fixture
def sandbox_where(sandbox_environ: Mapping[str, str], tmp_path: Path) -> Where:
    """A service and stage of this test's own in the sandbox."""
    return Where("orders", f"t{time.monotonic_ns()}", {}, sandbox_environ, tmp_path, sandbox=True)


@pytest.fixture
def sandbox_client(sandbox_where: Where) -> Iterator[Client]:
    client = connect(sandbox_where)
    yield client
    client.close()

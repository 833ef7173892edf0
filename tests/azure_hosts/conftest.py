"""Hosts of a sandbox, and what is published in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from azure_build import hosting
from azure_hosts.asking import Sandbox
from fnctl.standins.environments import Environments
from fnctl_azure.standin.hosts import parts


@pytest.fixture(scope="session")
def python() -> list[str]:
    """What starts a Python worker."""
    found = hosting.python()
    if found is None:
        pytest.skip("no Python 3.13 interpreter")
    return parts.python(found, Environments("azure", os.environ, print))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Hosts without a package."""
    with Sandbox(tmp_path_factory.mktemp("hosts")) as made:
        yield made


@pytest.fixture(scope="module")
def mechanics(sandbox: Sandbox, python: list[str]) -> Sandbox:
    """The app beside this file, published as `mechanics`."""
    sandbox.hosts.publish("mechanics", Path(__file__).parent / "app", "python3.13", python, {"GREETING": "hello", "AZURE_CLIENT_SECRET": "real"})
    return sandbox

"""Hosts of a sandbox, and what is published in them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from azure_build import hosting
from azure_hosts.asking import Sandbox
from fnctl.standins.environments import Environments
from fnctl_azure.standin.azurite import Azurite
from fnctl_azure.standin.azurite import parts as azurite_parts
from fnctl_azure.standin.hosts import Account, parts
from portable.conftest import build


@pytest.fixture(scope="session")
def python() -> list[str]:
    """What starts a Python worker."""
    found = hosting.python()
    if found is None:
        pytest.skip("no Python 3.13 interpreter")
    return parts.python(found, Environments("azure", os.environ, print))


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """Azurite."""
    command = azurite_parts.azurite(hosting.node(), Environments("azure", os.environ, print))
    made = Azurite(command, tmp_path_factory.mktemp("azurite"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Hosts without a package."""

    def account(name: str) -> Account | None:
        found: Azurite = request.getfixturevalue("azurite")
        return found.account(name) if name.endswith("data") else None

    with Sandbox(tmp_path_factory.mktemp("hosts"), account) as made:
        yield made


@pytest.fixture(scope="module")
def mechanics(sandbox: Sandbox, azurite: Azurite, python: list[str]) -> Sandbox:
    """The app beside this file, published as `mechanics`."""
    account = azurite.account("mechanicsdata")
    settings = {
        "GREETING": "hello",
        "AZURE_CLIENT_SECRET": "real",
        "TICKS": "* * * * * *",
        "DATA__queueServiceUri": account.queue,
        "WORK_QUEUE": f"{account.queue}/work",
    }
    sandbox.hosts.publish("mechanics", Path(__file__).parent / "app", "python3.13", python, settings)
    return sandbox


@pytest.fixture(scope="module")
def portable(sandbox: Sandbox, azurite: Azurite, python: list[str], tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The apps of examples/portable, built as a user builds them, as `python` and `node`."""
    place = tmp_path_factory.mktemp("portable")
    address = azurite.account("portabledata").queue
    settings = {f"{name}_QUEUE_CONNECTION__queueServiceUri": address for name in ("JOBS", "CHORES", "PILES")}
    for archive in sorted(set(build("azure", place).artifacts.values())):
        with zipfile.ZipFile(archive) as members:
            members.extractall(place / archive.stem)
        words = ("python3.13", python) if archive.stem == "python" else ("nodejs22", parts.node(hosting.node()))
        sandbox.hosts.publish(archive.stem, place / archive.stem, *words, settings)
    return sandbox

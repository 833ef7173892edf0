"""One stand-in in this process for the tests of this folder, with a real Azurite, emptied before each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from azure_standin import contracts
from azure_standin.caller import Caller
from fnctl.standins import runtimes, serving
from fnctl.standins.environments import Environments
from fnctl_azure.standin.azurite import Azurite, parts
from fnctl_azure.standin.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    state = tmp_path_factory.mktemp("azure")
    environ = dict(os.environ)
    azurite = Azurite(parts.azurite(runtimes.node("20", environ), Environments("azure", environ, lambda _: None)), state / "azurite")
    made = Desk(state, serving.bind(0), "identity", azurite, state / "runtimes")
    yield made
    made.close()
    azurite.close()


@pytest.fixture
def state(desk: Desk) -> Path:
    """The folder that it fills."""
    return desk.state


@pytest.fixture
def caller(desk: Desk) -> Iterator[Caller]:
    """A caller of an empty stand-in; what it was answered is held against what Azure publishes."""
    found = Caller(f"127.0.0.1:{desk.port}")
    assert found.control("reset").status == 204
    yield found
    if not found.foreign:
        assert contracts.problems(contracts.read(desk.state)) == []

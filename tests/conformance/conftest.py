"""Every platform's stand-in, started once for a test process; every test of this folder runs on each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conformance import aws, azure, vercel
from conformance.driver import Driver, Project
from fakes.forked import Command, command

DRIVERS: dict[str, Callable[[Path], AbstractContextManager[Driver]]] = {"aws": aws.driver, "azure": azure.driver, "vercel": vercel.driver}


@pytest.fixture(scope="session", params=DRIVERS)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with DRIVERS[request.param](tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture(scope="session")
def commands(started: Driver) -> Iterator[tuple[Command, Command]]:
    """Two, for what happens at the same time."""
    with command(*started.modules) as one, command(*started.modules) as two:
        yield one, two


@pytest.fixture
def driver(started: Driver) -> Driver:
    """The platform, empty."""
    started.wire.heal()
    started.reset()
    return started


@pytest.fixture
def project(tmp_path: Path, driver: Driver, commands: tuple[Command, Command]) -> Project:
    driver.lend(tmp_path)
    made = Project(tmp_path, driver, commands[0])
    made.write()
    return made

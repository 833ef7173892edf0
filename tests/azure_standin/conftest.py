"""One stand-in in this process for the tests of this folder, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azure_standin.caller import Caller
from fnctl.standins import serving
from fnctl_azure.standin.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("azure"), serving.bind(0), "identity")
    yield made
    made.close()


@pytest.fixture
def caller(desk: Desk) -> Caller:
    found = Caller(f"127.0.0.1:{desk.port}")
    assert found.control("reset").status == 204
    return found

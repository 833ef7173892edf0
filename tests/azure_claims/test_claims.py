"""`idempotent` on Azure: the store keeps its promises over Azurite's own conditional writes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fakes.promises import *  # noqa: F403  # the promises are the tests here
from fakes.promises import CONFIG, InNode, Open
from fnctl_azure.runtime.claims import Claims
from fnctl_azure.standin.azurite import Azurite
from fnctl_runtime.invocation import Invocation, enter

if TYPE_CHECKING:
    from fnctl_runtime.once import Store

SAID = {"idempotent": {"table": "DONE_TABLE"}}


@pytest.fixture(scope="module")
def environ(azurite: Azurite) -> dict[str, str]:
    """What a function finds around it on this machine."""
    account = azurite.account("shopdata")
    return {"AZURE_STORAGE_KEY": account.key, "DONE_TABLE": f"{account.table}/done"}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Node's modules in one folder, as they are joined."""
    folder = tmp_path_factory.mktemp("runtime")
    for source in ("cli/fnctl_runtime/node", "adapters/fnctl_azure/runtime/node"):
        shutil.copytree(root / source, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(params=["python", "node"])
def another(request: pytest.FixtureRequest, environ: dict[str, str], runtime: Path) -> Iterator[Open]:
    """Opens a store: each is a worker of its own, over one table of its language."""
    enter(Invocation("request"))
    mine = {**environ, "DONE_TABLE": f"{environ['DONE_TABLE']}{request.param}"}
    with ExitStack() as opened:

        def node() -> Store:
            return opened.enter_context(InNode(runtime, SAID["idempotent"], {"PATH": os.defpath, **mine}))

        yield node if request.param == "node" else lambda: Claims(CONFIG | SAID, mine)


@pytest.fixture
def store(another: Open) -> Store:
    return another()

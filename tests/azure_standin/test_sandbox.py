"""The sandbox as a process: started once, found again, emptied and ended; and what functions are built for there."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest

from fnctl.errors import FnctlError
from fnctl_azure.plugin import Azure
from fnctl_azure.sandbox import DIFFERENCES, AzureSandbox


def test_a_sandbox_starts_is_found_forgets_and_ends(tmp_path: Path) -> None:
    told: list[str] = []
    made = AzureSandbox(tmp_path)
    try:
        environ = made.start(told.append)
        assert AzureSandbox(tmp_path).start(told.append) == environ
        assert told.count("Starting the sandbox") == 1
        status = made.status()
        assert status is not None
        assert (status["endpoint"], status["differences"]) == (environ["FNCTL_AZURE_ENDPOINT"], list(DIFFERENCES))
        made.reset()
        assert _get(environ["FNCTL_AZURE_ENDPOINT"], "/_fnctl/resources") == b"[]"
        assert "127.0.0.1" in environ["FNCTL_AZURE_STORAGE_CONNECTION"]
    finally:
        assert made.stop()
    assert made.status() is None
    with pytest.raises(OSError, match="refused"):
        _get(environ["FNCTL_AZURE_ENDPOINT"], "/health")


def test_functions_are_built_for_what_runs_them_and_bring_the_library(tmp_path: Path) -> None:
    made = Azure().sandbox(tmp_path)
    assert made is not None
    python, _ = made.build_target("python3.11", "x86_64")
    assert python.interpreter is not None
    assert any(line.startswith("azure-functions==1.") for line in python.brings)
    node, _ = made.build_target("nodejs20", "x86_64")
    assert "@azure/functions" in node.externals
    with pytest.raises(FnctlError, match="cannot run java21"):
        made.build_target("java21", "x86_64")


def _get(address: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()

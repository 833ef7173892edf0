"""Microsoft's own command line works on the stand-in. It is installed by scripts/conformance-azure, and not by anything else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from azure_standin.caller import Caller
from azure_standin.tls import Tls, certificate

VENV = Path(os.environ.get("XDG_CACHE_HOME", "")) / "azure-cli" / "venv"
Az: TypeAlias = "Callable[..., Any]"

pytestmark = pytest.mark.skipif(not (VENV / "bin" / "az").exists(), reason="az is not installed: scripts/conformance-azure")


@pytest.fixture
def az(caller: Caller, tmp_path: Path) -> Iterator[Az]:
    """The command line, logged in to the stand-in as a custom cloud."""
    caller.foreign = True
    file = tmp_path / "tls.pem"
    certificate(VENV / "bin" / "python", file)
    tls = Tls(caller.host, file)
    environ = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "AZURE_CONFIG_DIR": str(tmp_path / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
        "REQUESTS_CA_BUNDLE": str(file),
        "IDENTITY_ENDPOINT": f"http://{caller.host}/msi/token",
        "IDENTITY_HEADER": "anything",
    }

    def run(*words: str) -> Any:
        done = subprocess.run(
            [str(VENV / "bin" / "az"), *words, "--output", "json"], env=environ, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    run("cloud", "register", "--name", "sandbox", "--endpoint-resource-manager", tls.address)
    run("cloud", "set", "--name", "sandbox")
    run("login", "--identity")
    yield run
    tls.close()


def test_az_makes_shows_changes_and_deletes_a_function_app(az: Az) -> None:
    app = ("--resource-group", "rg", "--name", "azapp")
    assert az("group", "create", "--name", "rg", "--location", "westeurope")["properties"]["provisioningState"] == "Succeeded"
    made = az("storage", "account", "create", "--resource-group", "rg", "--name", "data", "--location", "westeurope", "--sku", "Standard_LRS")
    assert made["kind"] == "StorageV2"
    flex = ("--flexconsumption-location", "westeurope", "--runtime", "python", "--runtime-version", "3.13")
    az("functionapp", "create", *app, "--storage-account", "data", *flex, "--disable-app-insights", "true")

    assert [one["name"] for one in az("functionapp", "list", "--resource-group", "rg")] == ["azapp"]
    shown = az("functionapp", "show", *app)
    assert shown["properties"]["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.13"}
    az("functionapp", "config", "appsettings", "set", *app, "--settings", "GREETING=hello")
    assert "hello" in [one["value"] for one in az("functionapp", "config", "appsettings", "list", *app)]
    assert az("functionapp", "keys", "list", *app)["masterKey"]
    az("functionapp", "delete", *app)
    assert az("functionapp", "list", "--resource-group", "rg") == []

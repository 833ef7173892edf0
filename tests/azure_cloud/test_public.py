"""What real users run: no sandbox, Azure's public addresses over TLS, a login of azure-identity, and a ledger that is opened by that login alone."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from azure_cloud.conftest import Cloud, Project
from azure_cloud.internet import Internet, internet
from fnctl.adapter import Where
from fnctl.errors import CloudError
from fnctl.ledger.store import Conflict
from fnctl_azure import store as stores
from fnctl_azure.client import Client, connect
from fnctl_azure.store import BlobStore

STORAGE = "FNCTL_AZURE_STORAGE_CONNECTION"
HERE = (STORAGE, "FNCTL_AZURE_ENDPOINT", "AZURE_AUTHORITY_HOST")
"""What a sandbox says and nobody else has."""
LEDGER = "/resourceGroups/fnctl-westeurope"
MADE = [
    LEDGER,
    f"{LEDGER}/providers/Microsoft.Storage/storageAccounts/NAME",
    f"{LEDGER}/providers/Microsoft.Storage/storageAccounts/NAME/blobServices/default",
    f"{LEDGER}/providers/Microsoft.Storage/storageAccounts/NAME/blobServices/default/containers/ledger",
    f"{LEDGER}/providers/Microsoft.Storage/storageAccounts/NAME/managementPolicies/default",
    f"{LEDGER}/providers/Microsoft.Storage/storageAccounts/NAME/providers/Microsoft.Authorization/roleAssignments/NAME",
]


@pytest.fixture
def net(cloud: Cloud, tmp_path: Path) -> Iterator[Internet]:
    arm = cloud.environ["FNCTL_AZURE_ENDPOINT"].removeprefix("http://")
    with internet(arm, cloud.environ[STORAGE], Path(sys.executable), tmp_path) as made:
        yield made


@pytest.fixture
def user(project: Project, net: Internet) -> Project:
    """The same project, in the hands of somebody who has no sandbox."""
    login = {name: value for name, value in project.cloud.environ.items() if name not in HERE}
    return replace(project, cloud=replace(project.cloud, environ=login | net.environ))


@pytest.fixture
def client(user: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    for name, value in user.cloud.environ.items():
        monkeypatch.setenv(name, value)
    made = connect(Where("small", "dev", {"region": "westeurope"}, user.cloud.environ, user.folder))
    yield made
    made.close()


def ledger(project: Project) -> list[str]:
    """What was made for the ledger, without the names that are somebody's own."""
    found = [f"/resourceGroups/{one.partition('/resourceGroups/')[2]}" for one in project.cloud.tell("resources", method="GET")]
    named = (re.sub(r"(?<=/)fnctl[0-9a-f]{19}(?=/|$)|[0-9a-f-]{36}$", "NAME", one) for one in found)
    return sorted(one for one in named if f"{one}/".startswith(f"{LEDGER}/"))


def test_a_service_lives_at_azures_own_addresses(project: Project, user: Project, net: Internet) -> None:
    user.write(secrets=True)
    user.run("secret", "set", "TOKEN", stdin="the-hidden-value")
    net.late = 1
    assert user.deploy()["status"] == "deployed"
    assert net.refused == ["AuthorizationPermissionMismatch"], "a right that has not arrived is waited for"
    assert ledger(project) == sorted(MADE)
    assert user.answer() == {"version": 1, "greeting": "hi", "token": True}
    assert user.deploy()["status"] == "unchanged"
    user.run("secret", "rm", "TOKEN")
    user.run("destroy", "--yes")
    assert project.cloud.resources() == []
    sites = {re.sub(r"^(local-\d+|fnctl[0-9a-f]{19}|smalldevdata[0-9a-f]{8}|small-dev-[0-9a-f]{8})\.", "NAME.", host) for host in net.asked}
    data = {f"NAME.{service}.core.windows.net" for service in ("blob", "queue")}
    assert sites == {"management.azure.com", "login.microsoftonline.com", "NAME.azurewebsites.net", "NAME.vault.azure.net", *data}
    assert set(net.refused) == {"AuthorizationPermissionMismatch"}, "who deploys may look into no queue of the service"


def test_the_ledger_holds_its_conditions_by_a_login_alone(user: Project, net: Internet, client: Client, tmp_path: Path) -> None:
    made = BlobStore(client, "small", "dev")
    assert (made.exists(), made.get("lock.json"), list(made.list())) == (False, None, [])
    made.bootstrap()
    made.bootstrap()
    assert made.exists()
    first = made.put("lock.json", b"mine", absent=True)
    with pytest.raises(Conflict):
        made.put("lock.json", b"theirs", absent=True)
    second = made.put("lock.json", b"mine still", expect=first)
    for late in (lambda: made.put("lock.json", b"late", expect=first), lambda: made.delete("lock.json", expect=first)):
        with pytest.raises(Conflict):
            late()
    net.lose = 1
    third = made.put("lock.json", b"an answer was lost", expect=second)
    assert made.get("lock.json") == (b"an answer was lost", third)
    (tmp_path / "package").write_bytes(b"x" * 100_000)
    made.put_file("packages/a", tmp_path / "package")
    made.get_file("packages/a", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == b"x" * 100_000
    assert list(made.list()) == ["lock.json", "packages/a"]
    made.delete("lock.json", expect=third)
    assert list(made.list()) == ["packages/a"]
    made.purge()
    assert list(made.list()) == []
    assert net.refused == []


def test_who_has_no_right_to_the_ledger_is_told_which_it_is(client: Client, net: Internet, monkeypatch: pytest.MonkeyPatch) -> None:
    made = BlobStore(client, "small", "dev")
    made.bootstrap()
    net.late = 9
    with pytest.raises(CloudError, match="is not allowed") as refused:
        made.get("lock.json")
    assert "Storage Blob Data Owner" in (refused.value.diagnostics[0].help or "")
    monkeypatch.setattr(stores, "RIGHTS", 0.0)
    with pytest.raises(CloudError, match="is not allowed"):
        made.bootstrap()

"""Apps on other plans than Flex: how a package gets there, and that a change of plan is another app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from azure_cloud.conftest import Project
from fnctl.adapter import Cancel, Run
from fnctl.errors import CloudError
from fnctl_azure.client import Client
from fnctl_azure.kinds import package
from fnctl_azure.kinds.package import Shelf

LATEST = "python3.12"
"""The last Python that Consumption on Linux runs."""


@pytest.fixture
def older(project: Project) -> Project:
    """The small service on Consumption."""
    project.cloud.sandbox.build_target(LATEST, "x86_64")
    moved(project, "consumption")
    return project


def moved(project: Project, plan: str, version: int = 1) -> None:
    """Write the service anew, on a plan."""
    project.write(version)
    path = project.folder / "fnctl.yaml"
    path.write_text(path.read_text().replace("westeurope }", f"westeurope, plan: {plan} }}").replace("python3.13", LATEST))


def test_the_life_of_a_service_on_consumption(older: Project) -> None:
    assert older.deploy()["status"] == "deployed"
    assert older.answer()["version"] == 1
    site = older.arm("GET", older.app(), api="2025-05-01")["properties"]
    assert (site["sku"], site.get("functionAppConfig"), site["siteConfig"]["linuxFxVersion"]) == ("Dynamic", None, "Python|3.12")
    first = packages(older)
    older.cloud.written()
    assert older.deploy()["status"] == "unchanged"
    assert older.cloud.written() == []

    moved(older, "consumption", 2)
    assert older.deploy()["status"] == "deployed"
    assert older.answer()["version"] == 2
    app = older.app().rpartition("/")[2]
    written = [one for one in older.cloud.written() if app in one or "/api/" in one]
    assert written[0] == f"PUT sites/{app}", "one update of the app, and no site for deployments"
    assert set(written[1:]) == {f"POST {app}/syncfunctiontriggers"}, "asked once, or again while its host still starts"
    assert len(packages(older)) == 2
    assert older.run("rollback", "--yes", "--output", "json").result()["status"] == "restored"
    assert older.answer()["version"] == 1
    moved(older, "consumption", 3)
    older.deploy()
    assert (older.answer()["version"], len(packages(older)), first < packages(older)) == (3, 2, True), "this release's, and the last one's"

    moved(older, "flex", 3)
    older.deploy()
    assert older.answer()["version"] == 3
    assert older.arm("GET", older.app(), api="2025-05-01")["properties"]["sku"] == "FlexConsumption"
    assert [one for one in older.cloud.resources() if one.endswith("-consumption")] == []
    older.run("destroy", "--yes")
    assert older.cloud.resources() == []


def packages(project: Project) -> set[str]:
    """Names of the blobs that the app's container holds."""
    client = project.cloud.client(project.folder)
    try:
        return set(shelf(project, client)[0].names(""))
    finally:
        client.close()


def shelf(project: Project, client: Client) -> tuple[Shelf, str]:
    """The app's container, and its address."""
    url = client.arm("POST", f"{project.app()}/config/appsettings/list", "2025-05-01")["properties"][package.SETTING]
    front, container, _ = url.rsplit("/", 2)
    return client.blobs(container, front), url


def test_a_package_that_cannot_be_fetched_fails_the_deploy(older: Project) -> None:
    older.deploy()
    older.cloud.world(pace={"roles": 1000.0})
    moved(older, "consumption", 2)
    older.arm("DELETE", next(one for one in older.cloud.resources() if reads_packages(older, one)), api="2022-04-01")
    failed = older.run("deploy", "--yes", code=None)
    assert failed.code in (5, 6)
    assert "AZ613" in failed.err
    assert "Status: 403" in failed.err
    older.cloud.world(pace={"roles": 0.05})


def reads_packages(project: Project, resource: str) -> bool:
    """Tell whether a resource is the right of the app's identity to its host's storage."""
    return "storageAccounts/smalldevhost" in resource and "/roleAssignments/" in resource


@dataclass
class Closed:
    """A container that its account keeps from whoever deploys, until there is a right: Azurite knows none."""

    inner: Shelf
    allowed: Callable[[], bool]

    def put_file(self, key: str, path: Path) -> None:
        if not self.allowed():
            raise CloudError("not allowed", reason="AuthorizationPermissionMismatch")
        self.inner.put_file(key, path)

    def names(self, prefix: str) -> list[str]:
        return self.inner.names(prefix)

    def delete(self, key: str) -> None:
        self.inner.delete(key)


def test_who_deploys_takes_the_right_to_upload_where_it_is_missing(older: Project, tmp_path: Path) -> None:
    older.deploy()
    client = older.cloud.client(older.folder)
    try:
        inner, url = shelf(older, client)
        group = older.app().partition("/providers/")[0]

        def granted() -> list[str]:
            return [one for one in older.cloud.resources() if "/containers/" in one and "/roleAssignments/" in one]

        assert granted() == []
        closed = Closed(inner, lambda: bool(granted()))
        client.blobs = lambda _container, _endpoint: closed  # type: ignore[method-assign,assignment,return-value]  # the one part that Azurite lacks
        new = tmp_path / "new.zip"
        new.write_bytes(b"zip")
        run = Run(lambda _event: None, lambda: Cancel.NO, 1e12, lambda _seconds: True, lambda _artifact: new)
        package.upload(client, f"{url.rpartition('/')[0]}/new.zip", new, group, run)
        assert "new.zip" in inner.names("")
        (right,) = granted()
        assert older.arm("GET", right, api="2022-04-01")["properties"]["principalId"] == client.who()[0]
    finally:
        client.close()

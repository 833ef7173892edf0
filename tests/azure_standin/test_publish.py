"""Publishing: what is taken, what is refused and how, and that what was taken really runs."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest

from azure_standin import bodies, packages
from azure_standin.caller import Caller
from fakes import parts

GOOD = packages.zipped(host__json=packages.HOST, function_app__py=packages.HELLO)


@pytest.mark.parametrize(
    ("package", "says"),
    [
        (b"no zip at all", "Failed to open the package"),
        (packages.zipped(function_app__py=""), "host.json is not at the root"),
        (packages.zipped(**{"app/host__json": "{}", "app/function_app__py": ""}), "it is at 'app/host.json'"),
        (packages.zipped(host__json="{}"), "no function_app.py"),
        (packages.zipped(**{"host__json": "{}", "function_app__py": "", "../out": "x"}), "outside the package"),
    ],
    ids=["no zip", "no host.json", "deeper", "no function_app.py", "leaves"],
)
def test_a_package_that_is_none_fails_and_says_why(package: bytes, says: str, caller: Caller) -> None:
    site = packages.app(caller)
    done = packages.publish(caller, site, package)
    assert (done.body["status"], done.body["status_text"]) == (3, "Failed")
    assert says in packages.log(caller, site)


@pytest.mark.parametrize(
    ("missing", "says"),
    [({"container": False}, "The specified container does not exist"), ({"role": False}, "AuthorizationPermissionMismatch")],
    ids=["container", "role"],
)
def test_the_apps_identity_has_to_reach_the_container(missing: dict[str, bool], says: str, caller: Caller) -> None:
    site = packages.app(caller, **missing)
    assert packages.publish(caller, site, GOOD).body["status"] == 3
    assert says in packages.log(caller, site)


def test_what_was_published_runs_logs_and_takes_new_settings(caller: Caller, state: Path) -> None:
    packages.prepare(state)
    site = packages.app(caller)
    _connected(caller, {"AzureWebJobsStorage__accountName": "data"})
    assert caller.raw("GET", "/hello", host=site["properties"]["defaultHostName"]).status == 503

    done = packages.publish(caller, site, GOOD)

    assert (done.body["status"], done.body["complete"]) == (4, True), packages.log(caller, site)
    assert packages.names(caller) == ["app/hello", "app/made"]
    host = site["properties"]["defaultHostName"]
    assert caller.raw("GET", "/hello?name=Ada", host=host).body == b"hello"
    assert _lines(caller, "hello", "said hello to Ada") == ["said hello to Ada"]

    _connected(caller, {"GREETING": "good day"})
    assert caller.raw("GET", "/hello", host=host).body == b"good day", "an update is done when the host runs with it"
    master = caller.done("POST", f"{packages.SITE}/host/default/listkeys").body["masterKey"]
    status = caller.raw("GET", "/admin/host/status", headers={"x-functions-key": master}, host=host)
    assert status.body["state"] == "Running"

    path = f"/subscriptions/{site['id'].split('/')[2]}/resourceGroups/rg"
    caller.done("DELETE", path)
    with pytest.raises(OSError):  # noqa: PT011  # nobody listens there any more, and each system says it in its own words
        caller.raw("GET", "/hello", host=host)


def test_a_module_that_raises_is_deployed_and_has_no_functions(caller: Caller, state: Path) -> None:
    packages.prepare(state)
    site = packages.app(caller)
    done = packages.publish(caller, site, packages.zipped(host__json=packages.HOST, function_app__py="import nothing_of_that_name"))
    assert done.body["status"] == 4
    assert packages.names(caller) == []
    status = caller.done("GET", f"{packages.SITE}/host/default/properties/status").body["properties"]
    assert "nothing_of_that_name" in str(status["errors"])


def test_a_test_may_ask_for_no_functions(caller: Caller, state: Path) -> None:
    packages.prepare(state)
    site = packages.app(caller)
    caller.control("world", {"no_functions": True})
    assert packages.publish(caller, site, GOOD).body["status"] == 4
    assert packages.names(caller) == []
    caller.control("world", {"no_functions": False})
    packages.publish(caller, site, GOOD)
    assert packages.names(caller) == ["app/hello", "app/made"]


def test_packages_are_installed_where_the_app_runs(caller: Caller, state: Path, tmp_path: Path) -> None:
    made = parts.wheel(tmp_path / "links", "tea")
    packages.prepare(state, **parts.offline(made.parent))
    site = packages.app(caller)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    app = "import tea\n" + packages.HELLO.replace('"hello"))', "tea.name))")

    def publish(listed: str, **more: str) -> tuple[int, str]:
        package = packages.zipped(host__json=packages.HOST, function_app__py=app, **{"requirements__txt": listed, **more})
        done = packages.publish(caller, site, package, "RemoteBuild=true&Deployer=test")
        assert done.body["remoteBuild"] is True
        return done.body["status"], packages.log(caller, site)

    status, said = publish(f"tea==1.0 --hash=sha256:{digest}\n")
    assert status == 4, said
    assert "Successfully installed tea-1.0" in said
    host = site["properties"]["defaultHostName"]
    assert caller.raw("GET", "/hello", host=host).body == b"tea"
    for listed, why in (
        ("no-such-package==1.0\n", "No matching distribution found for no-such-package==1.0"),
        (f"tea==1.0 --hash=sha256:{'0' * 64}\n", "THESE PACKAGES DO NOT MATCH THE HASHES"),
    ):
        status, said = publish(listed)
        assert (status, why in said, "pip install ended with exit code 1" in said) == (3, True, True), said
    assert caller.raw("GET", "/hello", host=host).body == b"tea", "what could not be built takes nothing's place"
    done = packages.publish(caller, site, GOOD, "RemoteBuild=true&Deployer=test")
    assert (done.body["status"], "there is no requirements.txt" in packages.log(caller, site)) == (3, True)


def test_one_deployment_at_a_time(caller: Caller) -> None:
    site = packages.app(caller)
    caller.control("world", {"pace": {"publish": 0.5}})
    kind = {"Authorization": f"Bearer {caller.bearer}", "Content-Type": "application/zip"}
    first = caller.raw("POST", "/api/publish?RemoteBuild=false", b"x", kind, host=packages.scm(site))
    second = caller.raw("POST", "/api/publish?RemoteBuild=false", b"x", kind, host=packages.scm(site))
    assert (first.status, second.status) == (202, 409)
    assert caller.raw("GET", "/api/deployments/latest", b"", kind, host=packages.scm(site)).status == 202
    assert caller.raw("POST", "/api/zipdeploy", b"x", kind, host=packages.scm(site)).status == 404
    assert caller.raw("POST", "/api/publish", b"x", {"Content-Type": "application/zip"}, host=packages.scm(site)).status == 401


def test_a_secret_is_followed_where_the_identity_may(caller: Caller, state: Path) -> None:
    packages.prepare(state)
    site = packages.app(caller)
    vault = {"location": "westeurope", "properties": {"tenantId": "99999999-8888-7777-6666-555555555555", "sku": {"family": "A", "name": "standard"}}}
    vault["properties"]["enableRbacAuthorization"] = True  # type: ignore[index]  # a dict
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe", vault)
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe/secrets/greeting", {"properties": {"value": "psst"}})
    caller.done("PATCH", packages.SITE, {"properties": {"keyVaultReferenceIdentity": bodies.IDENTITY}})
    reference = "@Microsoft.KeyVault(VaultName=safe;SecretName=greeting)"
    caller.done("PUT", f"{packages.SITE}/config/appsettings", {"properties": {"GREETING": reference}})
    packages.publish(caller, site, GOOD)
    host = site["properties"]["defaultHostName"]
    assert caller.raw("GET", "/hello", host=host).body == reference.encode()

    role = bodies.body({"use": "role", "set": {"roleDefinitionId": f"{USER}"}}, caller)
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000002", role)
    caller.done("POST", f"{packages.SITE}/restart")
    assert _until(lambda: caller.raw("GET", "/hello", host=host).body == b"psst")
    assert "psst" not in (state / "requests.jsonl").read_text()


USER = "/providers/Microsoft.Authorization/roleDefinitions/4633458b-17de-408a-b874-0445c86b69e6"


def _connected(caller: Caller, settings: dict[str, str]) -> None:
    """Give the app settings, among them the component that it tells."""
    logs = caller.done("PUT", "Microsoft.OperationalInsights/workspaces/logs", {"location": "westeurope"}).body
    component = {"location": "westeurope", "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": logs["id"]}}
    made = caller.done("PUT", "Microsoft.Insights/components/told", component).body
    settings = {"APPLICATIONINSIGHTS_CONNECTION_STRING": made["properties"]["ConnectionString"], **settings}
    caller.done("PUT", f"{packages.SITE}/config/appsettings", {"properties": settings})


def _lines(caller: Caller, function: str, text: str) -> list[Any]:
    query = f"traces | where operation_Name in ('{function}') | where message contains_cs '{text}' | project message"
    found: list[Any] = []

    def look() -> bool:
        found[:] = caller.done("POST", "Microsoft.Insights/components/told/query?api-version=2018-04-20", {"query": query}).body["tables"][0]["rows"]
        return bool(found)

    _until(look)
    return [row[0] for row in found]


def _until(done: Any, seconds: float = 20.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if done():
            return True
        time.sleep(0.05)
    return False

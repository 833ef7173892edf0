"""What stands in the way: logins, names, other people's objects, and secrets that come and go."""

from __future__ import annotations

from azure_cloud.conftest import Project
from fnctl_azure.kinds.types import STORAGE
from fnctl_azure.store import BlobStore

STORED = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}


def test_a_token_that_has_run_out_is_told_as_such(project: Project) -> None:
    body = {"error": "invalid_client", "error_description": "AADSTS7000222: The provided client secret keys are expired. Trace ID: 1"}
    project.cloud.world(refuse_tokens={"status": 401, "body": body})
    refused = project.run("deploy", "--yes", code=8)
    assert "make a new one and set AZURE_CLIENT_SECRET" in " ".join(refused.err.split())
    project.cloud.world(refuse_tokens={})
    project.cloud.fault(
        "refuse", path="/subscriptions/", status=401, code="ExpiredAuthenticationToken", message="The access token has expired.", times=99
    )
    refused = project.run("deploy", "--yes", code=8)
    assert "az login" in refused.err


def test_a_login_that_ends_on_the_way_stops_half_way_and_the_next_run_goes_on(project: Project) -> None:
    project.cloud.fault("refuse", method="WRITE", path="/sites/", status=401, code="ExpiredAuthenticationToken", message="Expired.", times=99)
    project.run("deploy", "--yes", code=5)
    project.cloud.tell("faults", method="DELETE")
    assert project.deploy()["status"] == "deployed"


def test_what_belongs_to_others_is_not_touched(project: Project) -> None:
    project.deploy()
    account = next(one for one in project.cloud.resources() if "/storageAccounts/smalldevdata" in one)
    account = account.partition("/queueServices")[0]
    project.run("destroy", "--yes")
    group = account.partition("/providers/")[0]
    project.arm("PUT", group, {"location": "westeurope"})
    project.arm("PUT", account, STORED, STORAGE)
    refused = project.run("deploy", "--yes", code=5)
    assert refused.err.count("FN919") >= 1
    assert sorted(project.cloud.resources())[:1] == [group]
    assert account in project.cloud.resources()


def test_a_group_with_something_of_somebody_in_it_stays(project: Project) -> None:
    project.deploy()
    group = project.app().partition("/providers/")[0]
    other = f"{group}/providers/Microsoft.Storage/storageAccounts/ofsomebody"
    project.arm("PUT", other, STORED, STORAGE)
    stopped = project.run("destroy", "--yes", code=6)
    assert "ofsomebody" in stopped.err
    project.arm("DELETE", other, api=STORAGE)
    project.run("destroy", "--yes")
    assert project.cloud.resources() == []


def test_a_name_that_is_taken_says_so(project: Project) -> None:
    project.deploy()
    name = project.app().rpartition("/")[2]
    project.run("destroy", "--yes")
    project.cloud.world(take=[["azurewebsites.net", name]])
    refused = project.run("deploy", "--yes", code=5)
    assert "AZ616" in refused.err


def test_a_region_without_the_plan_is_named_with_those_that_have_it(project: Project) -> None:
    project.cloud.fault("refuse", method="PUT", path="/serverfarms/", status=400, code="BadRequest", message="The plan cannot be created.", times=9)
    project.cloud.fault("refuse", path="/geoRegions$", status=200, body={"value": [{"name": "North Europe"}, {"name": "East US 2"}]})
    refused = " ".join(project.run("deploy", "--yes", code=5).err.split())
    assert "error[AZ622]: Azure has no plan of the kind FlexConsumption in westeurope" in refused
    assert "set another `targets.azure.region`: eastus2, northeurope" in refused
    assert "The plan cannot be created" in refused


def test_secrets_come_and_go_with_their_vault(project: Project) -> None:
    project.write(secrets=True)
    assert "FN943" in project.run("deploy", "--yes", code=1).err
    assert project.cloud.resources() == []
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value")
    project.cloud.world(no_functions=True)
    project.run("deploy", "--yes", code=5)
    project.cloud.world(no_functions=False)
    assert "set" in project.run("secret", "list").out, "a deploy that failed took a secret along that it had not made"
    project.deploy()
    assert project.answer()["token"] is True

    project.run("secret", "set", "TOKEN", stdin="the-hidden-value-2")
    changes = project.run("plan", "--output", "json").document()["changes"]
    assert [field["path"] for one in changes for field in one["fields"]] == ["settings.TOKEN"]
    project.run("secret", "rm", "TOKEN")
    assert "missing" in project.run("secret", "list").out
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value-3")
    project.deploy()
    project.run("destroy", "--yes")
    assert project.cloud.resources() == []
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value-4")
    assert "set" in project.run("secret", "list").out

    project.cloud.fault("refuse", method="POST", path="/purge$", status=403, code="AuthorizationFailed", message="It may not be purged.")
    kept = " ".join(project.run("destroy", "--yes").err.split())
    assert "cannot be purged (AuthorizationFailed): it comes back with the next deploy" in kept
    assert project.cloud.resources() == []
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value-5")
    project.deploy()
    assert project.answer()["token"] is True


def test_what_a_lost_ledger_forgot_is_found_by_its_tags(project: Project) -> None:
    project.deploy()
    store = BlobStore(project.cloud.client(project.folder), "small", "dev")
    store.purge()
    project.run("destroy", "--yes")
    assert project.cloud.resources() == []


def test_a_secret_that_the_app_does_not_reach_is_no_success(project: Project) -> None:
    project.write(secrets=True)
    project.run("secret", "set", "TOKEN", stdin="the-hidden-value")
    told = [[{"name": "TOKEN", "properties": {"status": status}}] for status in ("SecretNotFound", "AccessToKeyVaultDenied")]
    project.cloud.fault("refuse", path="/configreferences/appsettings$", status=200, body={"value": told[0]})
    refused = project.run("deploy", "--yes", code=5).err
    assert "AZ619" in refused
    assert "does not reach its secret TOKEN (SecretNotFound)" in " ".join(refused.split())
    assert "fnctl secret set NAME" in refused

    project.cloud.fault("refuse", path="/configreferences/appsettings$", status=200, body={"value": told[1]})
    project.deploy()
    assert any(line["path"].endswith("/refresh") for line in project.cloud.requests()), "a right that has not arrived is waited for"
    assert project.answer()["token"] is True

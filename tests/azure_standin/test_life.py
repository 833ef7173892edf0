"""The life of resources: what takes its time, what is filled in, what goes with what, what comes back."""

from __future__ import annotations

import time

import pytest

from azure_standin import bodies
from azure_standin.caller import GROUP, Caller
from fnctl_azure.standin.world import USER

ACCOUNT = {"location": "West Europe", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "tags": {"a": "b"}}


@pytest.fixture(autouse=True)
def group(caller: Caller) -> None:
    caller.done("PUT", GROUP, {"location": "westeurope"})


def test_a_new_account_takes_its_time_and_tells_where_to_look(caller: Caller) -> None:
    caller.control("world", {"pace": {"operation": 0.3}})
    begun = caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT)
    assert (begun.status, begun.body) == (202, b"")
    assert begun.headers["retry-after"] == "0"
    assert "azure-asyncoperation" not in begun.headers
    link = begun.headers["location"].removeprefix(f"http://{caller.host}")
    assert caller.ask("GET", link).status == 202
    assert caller.ask("GET", "Microsoft.Storage/storageAccounts/data").body["properties"]["provisioningState"] == "Creating"
    assert caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT).code == "AnotherOperationInProgress"
    caller.settle(begun)
    found = caller.ask("GET", link)
    assert (found.status, found.body["properties"]["provisioningState"]) == (200, "Succeeded")
    assert (found.body["location"], found.body["tags"], found.body["sku"]["tier"]) == ("westeurope", {"a": "b"}, "Standard")
    assert found.body["properties"]["accessTier"] == "Hot"
    assert found.body["properties"]["primaryEndpoints"]["blob"].endswith("/data/")


def test_plans_say_where_they_are_as_people_write_it_and_have_both_links(caller: Caller) -> None:
    bodies.build("plan", caller)
    found = caller.done("GET", "Microsoft.Web/serverfarms/plan").body
    assert (found["location"], found["sku"]["tier"], found["properties"]["numberOfSites"]) == ("West Europe", "FlexConsumption", 0)
    reply = caller.ask("PUT", "Microsoft.Web/serverfarms/other", bodies.WORLDS["plan"][0][2])
    assert reply.status == 202
    state = caller.ask("GET", reply.headers["azure-asyncoperation"].removeprefix(f"http://{caller.host}"))
    assert state.body["status"] in ("InProgress", "Succeeded")


def test_a_group_that_goes_takes_all_along_and_takes_its_time(caller: Caller) -> None:
    bodies.build("app", caller)
    caller.control("world", {"pace": {"operation": 0.2}})
    begun = caller.ask("DELETE", GROUP)
    assert begun.status == 202
    assert caller.ask("PUT", "Microsoft.ManagedIdentity/userAssignedIdentities/late", {"location": "westeurope"}).code == "ResourceGroupBeingDeleted"
    caller.settle(begun)
    assert caller.ask("GET", GROUP).code == "ResourceGroupNotFound"
    assert caller.control("resources", method="GET").body == []


def test_the_last_app_takes_its_plan_along_unless_told_otherwise(caller: Caller) -> None:
    bodies.build("app", caller)
    caller.done("DELETE", "Microsoft.Web/sites/app?deleteEmptyServerFarm=false")
    assert caller.ask("GET", "Microsoft.Web/serverfarms/plan").status == 200
    bodies.build("app", caller)
    caller.done("DELETE", "Microsoft.Web/sites/app")
    assert caller.ask("GET", "Microsoft.Web/serverfarms/plan").status == 404


def test_settings_are_replaced_whole_and_are_not_shown_with_the_app(caller: Caller) -> None:
    bodies.build("app", caller)
    listed = "Microsoft.Web/sites/app/config/appsettings/list"
    assert caller.done("POST", listed).body["properties"] == {"AzureWebJobsStorage__accountName": "data"}
    caller.done("PUT", "Microsoft.Web/sites/app/config/appsettings", {"properties": {"ONE": "1"}})
    assert caller.done("POST", listed).body["properties"] == {"ONE": "1"}
    shown = caller.done("GET", "Microsoft.Web/sites/app").body
    assert "ONE" not in str(shown)
    assert shown["properties"]["functionAppConfig"]["siteUpdateStrategy"] == {"type": "Recreate"}
    assert {one["hostType"] for one in shown["properties"]["hostNameSslStates"]} == {"Standard", "Repository"}


def test_host_names_are_of_the_whole_world(caller: Caller) -> None:
    taken = [["azurewebsites.net", "app"], ["core.windows.net", "data"], ["vault.azure.net", "safe"]]
    caller.control("world", {"take": taken})
    free = caller.done("POST", f"/subscriptions/{GROUP.split('/')[2]}/providers/Microsoft.Web/checknameavailability", {"name": "app"})
    assert free.body["nameAvailable"] is False
    assert caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT).code == "StorageAccountAlreadyTaken"
    assert caller.ask("PUT", "Microsoft.KeyVault/vaults/safe", bodies.VAULT).code == "VaultAlreadyExists"


def test_a_vault_comes_back_with_its_secrets_or_is_purged(caller: Caller) -> None:
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe", bodies.VAULT)
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe/secrets/one", {"properties": {"value": "1"}})
    assert "value" not in caller.done("GET", "Microsoft.KeyVault/vaults/safe/secrets/one").body["properties"]
    caller.done("DELETE", "Microsoft.KeyVault/vaults/safe")
    gone = f"/subscriptions/{GROUP.split('/')[2]}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/safe"
    assert caller.done("GET", gone).body["name"] == "safe"
    caller.done("PUT", "Microsoft.KeyVault/vaults/safe", bodies.body({"use": "vault", "set": {"createMode": "recover"}}, caller))
    assert [one["name"] for one in caller.done("GET", "Microsoft.KeyVault/vaults/safe/secrets").body["value"]] == ["one"]
    caller.done("DELETE", "Microsoft.KeyVault/vaults/safe")
    caller.done("POST", f"{gone}/purge")
    assert caller.ask("GET", gone).status == 404


def test_a_provider_has_to_be_registered(caller: Caller) -> None:
    caller.control("world", {"unregister": ["Microsoft.Web"]})
    refused = caller.ask("PUT", "Microsoft.Web/serverfarms/plan", bodies.WORLDS["plan"][0][2])
    assert (refused.status, refused.code) == (409, "MissingSubscriptionRegistration")
    caller.done("POST", f"/subscriptions/{GROUP.split('/')[2]}/providers/Microsoft.Web/register")
    caller.done("PUT", "Microsoft.Web/serverfarms/plan", bodies.WORLDS["plan"][0][2])


def test_tags_are_changed_by_the_resource_manager_itself(caller: Caller) -> None:
    bodies.build("identity", caller)
    path = f"{bodies.IDENTITY}/providers/Microsoft.Resources/tags/default?api-version=2024-11-01"
    caller.done("PATCH", path, {"operation": "Merge", "properties": {"tags": {"a": "1", "b": "2"}}})
    caller.done("PATCH", path, {"operation": "Delete", "properties": {"tags": {"a": "1", "b": "other"}}})
    assert caller.done("GET", bodies.IDENTITY).body["tags"] == {"b": "2"}
    assert caller.ask("PATCH", path, {"operation": "Forget"}).code == "InvalidTagPatchOperation"


def test_conditions_on_etags_hold(caller: Caller) -> None:
    caller.done("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT)
    tag = caller.ask("GET", "Microsoft.Storage/storageAccounts/data").headers["etag"]
    assert caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT, {"If-Match": '"other"'}).status == 412
    assert caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT, {"If-None-Match": "*"}).status == 412
    assert caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT, {"If-Match": tag}).status == 200


def test_roles_are_listed_by_who_has_them(caller: Caller) -> None:
    bodies.build("role", caller)
    path = "Microsoft.Authorization/roleAssignments?$filter=principalId eq '{}'"
    who = caller.done("GET", bodies.IDENTITY).body["properties"]["principalId"]
    assert len(caller.done("GET", path.format(who)).body["value"]) == 1
    assert caller.done("GET", path.format(USER)).body["value"] == []


def test_an_operation_may_hang(caller: Caller) -> None:
    caller.control("world", {"hang": True})
    begun = caller.ask("PUT", "Microsoft.Storage/storageAccounts/data", ACCOUNT)
    time.sleep(0.1)
    assert caller.ask("GET", begun.headers["location"].removeprefix(f"http://{caller.host}")).status == 202


def test_a_subscription_needs_a_rule_and_has_one(caller: Caller) -> None:
    bodies.build("bus", caller)
    caller.done("PUT", "Microsoft.ServiceBus/namespaces/busbus/topics/t", {"properties": {}})
    caller.done("PUT", "Microsoft.ServiceBus/namespaces/busbus/topics/t/subscriptions/s", {"properties": {}})
    rules = caller.done("GET", "Microsoft.ServiceBus/namespaces/busbus/topics/t/subscriptions/s/rules").body["value"]
    assert [one["name"] for one in rules] == ["$Default"]
    caller.done("DELETE", "Microsoft.ServiceBus/namespaces/busbus/topics/t/subscriptions/s/rules/$Default")

"""The real `azure-mgmt-web` client on the stand-in: its models read what is answered, and its pollers find the end of operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.web import WebSiteManagementClient, models

from azure_standin import bodies
from azure_standin.caller import GROUP, Caller
from fnctl_azure.standin.world import SUBSCRIPTION


class Bearer(SansIOHTTPPolicy[Any, Any]):
    """Brings a token over plain http, which azure-core's own refuses."""

    def __init__(self, token: str) -> None:
        self._token = token

    def on_request(self, request: Any) -> None:
        """Add it."""
        request.http_request.headers["Authorization"] = f"Bearer {self._token}"


@pytest.fixture
def web(caller: Caller) -> Iterator[WebSiteManagementClient]:
    policy = Bearer(caller.token().body["access_token"])
    address, transport = f"http://{caller.host}", RequestsTransport(use_env_settings=False)
    nobody: Any = object()  # the policy asks for no credential
    with WebSiteManagementClient(
        nobody, SUBSCRIPTION, base_url=address, credential_scopes=["x"], authentication_policy=policy, polling_interval=0, transport=transport
    ) as client:
        yield client


def test_its_models_and_pollers_read_the_answers(web: WebSiteManagementClient, caller: Caller) -> None:
    caller.done("PUT", GROUP, {"location": "westeurope"})
    bodies.build("storage", caller)
    bodies.build("identity", caller)
    plan: Any = web.app_service_plans.begin_create_or_update("rg", "plan", bodies.WORLDS["plan"][0][2]).result(20)
    assert plan.sku.tier == "FlexConsumption"
    site: Any = web.web_apps.begin_create_or_update("rg", "app", bodies.FLEX).result(20)  # type: ignore[call-overload]  # its JSON
    assert site.properties.function_app_config.scale_and_concurrency.instance_memory_mb == 2048
    assert [state.host_type for state in site.properties.host_name_ssl_states] == ["Standard", "Repository"]
    assert list(site.identity.user_assigned_identities) == [bodies.IDENTITY]
    settings: Any = web.web_apps.list_application_settings("rg", "app")
    assert dict(settings.properties) == {"AzureWebJobsStorage__accountName": "data"}
    assert list(web.web_apps.list_functions("rg", "app")) == []
    keys: Any = web.web_apps.list_host_keys("rg", "app")
    assert keys.master_key
    web.web_apps.sync_function_triggers("rg", "app")
    with pytest.raises(HttpResponseError) as refused:
        web.app_service_plans.delete("rg", "plan")
    assert refused.value.status_code == 409
    web.web_apps.delete("rg", "app", delete_empty_server_farm=False)
    with pytest.raises(ResourceNotFoundError):
        web.web_apps.get("rg", "app")


def test_it_makes_a_slot_routes_to_it_swaps_and_deletes_it(web: WebSiteManagementClient, caller: Caller) -> None:
    apps: Any = web.web_apps  # which takes JSON as well as models
    caller.done("PUT", GROUP, {"location": "westeurope"})
    caller.done("PUT", "Microsoft.Web/serverfarms/plan", {"location": "westeurope", "sku": {"name": "EP1"}, "properties": {"reserved": True}})

    def site(greeting: str) -> dict[str, Any]:
        settings = [{"name": name, "value": greeting} for name in ("GREETING", "WHERE")]
        plan = f"{GROUP}/providers/Microsoft.Web/serverfarms/plan"
        return {"location": "westeurope", "properties": {"serverFarmId": plan, "siteConfig": {"appSettings": settings}}}

    apps.begin_create_or_update("rg", "app", site("old")).result(20)
    slot = apps.begin_create_or_update_slot("rg", "app", "next", site("new")).result(20)
    apps.update_slot_configuration_names("rg", "app", {"properties": {"appSettingNames": ["WHERE"]}})
    rule = models.RampUpRule(action_host_name=slot.properties.default_host_name, reroute_percentage=25.0, name="next")
    config = models.SiteConfig(experiments=models.Experiments(ramp_up_rules=[rule]))
    apps.update_configuration("rg", "app", models.SiteConfigResource(properties=config))
    shown = apps.get_configuration("rg", "app").properties.experiments.ramp_up_rules
    assert [found.reroute_percentage for found in shown] == [25.0]
    apps.create_or_update_host_secret_slot("rg", "app", "functionKeys", "own", "next", {"properties": {"name": "own", "value": "k"}})
    assert apps.list_host_keys_slot("rg", "app", "next").function_keys["own"] == "k"
    apps.begin_swap_slot_with_production("rg", "app", models.CsmSlotEntity(target_slot="next", preserve_vnet=True)).result(20)
    assert dict(apps.list_application_settings("rg", "app").properties) == {"GREETING": "new", "WHERE": "old"}
    apps.delete_slot("rg", "app", "next")
    assert list(apps.list_slots("rg", "app")) == []

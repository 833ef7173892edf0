"""The real `azure-mgmt-web` client on the stand-in: its models read what is answered, and its pollers find the end of operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.web import WebSiteManagementClient

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

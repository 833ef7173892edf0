"""Slots beside a Premium app: which rules for the traffic are taken, what a swap exchanges and leaves, and when it moves nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from azure_standin import packages
from azure_standin.caller import GROUP, Caller
from azure_standin.packages import SITE

SLOT = f"{SITE}/slots/next"
GOOD = packages.zipped(host__json=packages.HOST, function_app__py=packages.HELLO)
PICKY = packages.HELLO + "\nif os.environ.get('WHERE') == 'production':\n    raise ValueError('not here')\n"


def site(caller: Caller, path: str, **settings: str) -> Any:
    """Make an app or a slot with these settings."""
    config = {
        "linuxFxVersion": f"Python|{packages.python()[6:]}",
        "cors": {"allowedOrigins": [f"https://{path[-3:]}.example"]},
        "appSettings": [{"name": name, "value": value} for name, value in settings.items()],
    }
    properties = {"serverFarmId": f"{GROUP}/providers/Microsoft.Web/serverfarms/plan", "siteConfig": config}
    caller.done("PUT", path, {"location": "westeurope", "kind": "functionapp,linux", "properties": properties})
    return caller.done("GET", path).body


@pytest.fixture
def two(caller: Caller, state: Path) -> tuple[Any, Any]:
    """An app and its slot, of which the setting WHERE stays where it is."""
    packages.prepare(state)
    caller.control("world", {"pace": {"operation": 0.0}})
    caller.done("PUT", GROUP, {"location": "westeurope"})
    plan = {"location": "westeurope", "kind": "elastic", "sku": {"name": "EP1", "tier": "ElasticPremium"}, "properties": {"reserved": True}}
    caller.done("PUT", "Microsoft.Web/serverfarms/plan", plan)
    made = (site(caller, SITE, GREETING="old", WHERE="production"), site(caller, SLOT, GREETING="new", WHERE="slot"))
    caller.done("PUT", f"{SITE}/config/slotConfigNames", {"properties": {"appSettingNames": ["WHERE"]}})
    return made


def said(caller: Caller, one: Any) -> str:
    """What the function of an app or slot answers."""
    return str(caller.raw("GET", "/hello", host=one["properties"]["defaultHostName"]).body.decode())


def settings(caller: Caller, path: str) -> Any:
    return caller.done("POST", f"{path}/config/appsettings/list").body["properties"]


def test_a_rule_leads_to_a_slot_and_all_of_them_to_no_more_than_everything(caller: Caller, two: tuple[Any, Any]) -> None:
    host = two[1]["properties"]["defaultHostName"]

    def ruled(*rules: tuple[str, float]) -> int:
        found = [{"name": "next", "actionHostName": host, "reroutePercentage": share} for host, share in rules]
        return caller.ask("PATCH", f"{SITE}/config/web", {"properties": {"experiments": {"rampUpRules": found}}}).status

    assert (ruled(("nowhere.azurewebsites.net", 10)), ruled((host, 60), (host, 60)), ruled((host, 25))) == (400, 400, 200)
    shown = caller.done("GET", f"{SITE}/config/web").body["properties"]["experiments"]["rampUpRules"]
    assert [rule["reroutePercentage"] for rule in shown] == [25]
    assert caller.ask("PUT", f"{SITE}/slots/third", {"location": "westeurope", "properties": {}}).status == 202
    assert caller.ask("PUT", f"{SITE}/slots/fourth", {"location": "westeurope", "properties": {}}).code == "Conflict"


def test_a_swap_exchanges_what_runs_and_leaves_what_stays(caller: Caller, two: tuple[Any, Any]) -> None:
    for one in two:
        assert packages.publish(caller, one, GOOD).body["status"] == 4, packages.log(caller, one)
    assert [said(caller, one) for one in two] == ["old", "new"]
    assert caller.ask("POST", f"{SITE}/slotsswap", {"targetSlot": "next"}).status == 400
    assert caller.ask("POST", f"{SITE}/slotsswap", {"targetSlot": "none", "preserveVnet": True}).status == 404
    caller.done("POST", f"{SITE}/slotsswap", {"targetSlot": "next", "preserveVnet": True})
    assert [said(caller, one) for one in two] == ["new", "old"]
    assert [settings(caller, path) for path in (SITE, SLOT)] == [{"GREETING": "new", "WHERE": "production"}, {"GREETING": "old", "WHERE": "slot"}]
    config = caller.done("GET", f"{SITE}/config/web").body["properties"]
    assert config["cors"]["allowedOrigins"] == ["https://app.example"]

    caller.done("DELETE", SLOT)
    caller.done("PUT", f"{SITE}/config/appsettings", {"properties": {"GREETING": "newer"}})
    assert said(caller, two[0]) == "newer", "what it runs was the slot's, and has not gone with it"


def test_a_swap_moves_nothing_where_the_package_does_not_start_with_its_new_settings(caller: Caller, two: tuple[Any, Any]) -> None:
    picky = packages.zipped(host__json=packages.HOST, function_app__py=PICKY)
    for one, package in zip(two, (GOOD, picky), strict=True):
        assert packages.publish(caller, one, package).body["status"] == 4
    swapped = caller.ask("POST", f"{SLOT}/slotsswap", {"targetSlot": "production", "preserveVnet": True})
    assert swapped.status == 202
    limit = time.monotonic() + 5
    while (found := caller.ask("GET", swapped.headers["azure-asyncoperation"].partition(caller.host)[2]).body)["status"] == "InProgress":
        assert time.monotonic() < limit
    assert (found["status"], "not here" in found["error"]["message"]) == ("Failed", True)
    assert [said(caller, one) for one in two] == ["old", "new"]
    assert settings(caller, SITE) == {"GREETING": "old", "WHERE": "production"}

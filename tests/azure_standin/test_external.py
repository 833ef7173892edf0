"""Consumption on Linux: an app runs the package that its settings name, as its identity, and is listed when it is asked to look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azure_standin import bodies, packages
from azure_standin.caller import GROUP, Caller
from fnctl.standins.serving import write_json
from fnctl_azure.standin.desk import Desk

ROLE = "Microsoft.Storage/storageAccounts/data/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001"
SETTINGS = f"{packages.SITE}/config/appsettings"


def test_an_app_runs_what_its_settings_name(desk: Desk, caller: Caller, state: Path) -> None:
    packages.prepare(state)
    # Whichever Python is at hand: it is the worker that runs, and not its version, that is looked at.
    write_json(state / "runtimes" / "python3.12.json", json.loads((state / "runtimes" / f"{packages.python()}.json").read_text()))
    caller.control("world", {"pace": {"operation": 0.0, "roles": 0.0, "directory": 0.0}})
    caller.done("PUT", GROUP, {"location": "westeurope"})
    bodies.build("consumption", caller)
    caller.done("PUT", "Microsoft.Storage/storageAccounts/data/blobServices/default/containers/packages", {})
    for name, text in (("one", "hello"), ("two", "again")):
        package = packages.zipped(host__json=packages.HOST, function_app__py=packages.HELLO.replace('"hello"))', f'"{text}"))'))
        desk.storage.upload("data", "packages", f"{name}.zip", package)
    slow = json.dumps({"version": "2.0", "functionTimeout": "00:20:00"})
    desk.storage.upload("data", "packages", "slow.zip", packages.zipped(host__json=slow, function_app__py=packages.HELLO))
    site = caller.done("PUT", packages.SITE, bodies.body({"use": "classic"}, caller)).body

    def told() -> str:
        return str(caller.done("GET", f"{packages.SITE}/host/default/properties/status").body["properties"].get("errors"))

    def names(blob: str, **more: str) -> None:
        settings = {"WEBSITE_RUN_FROM_PACKAGE": f"https://data.blob.core.windows.net/packages/{blob}", **more}
        caller.done("PUT", SETTINGS, {"properties": settings})

    def looked() -> int:
        return caller.ask("POST", f"{packages.SITE}/syncfunctiontriggers").status

    who = {"WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID": bodies.IDENTITY}
    names("one.zip", **who)
    assert (looked(), "Status: 403" in told()) == (400, True), "its identity may not read the blob"
    caller.done("PUT", ROLE, bodies.body({"use": "role"}, caller))
    names("one.zip")
    assert (looked(), "Status: 403" in told()) == (400, True), "nobody said as whom"
    names("none.zip", **who)
    assert (looked(), "Status: 404" in told()) == (400, True)

    names("one.zip", **who)
    assert hello(caller, site) == b"hello"
    assert packages.names(caller) == [], "nobody has looked yet"
    assert (looked(), packages.names(caller)) == (204, ["app/hello", "app/made"])
    names("two.zip", **who)
    assert hello(caller, site) == b"again"
    names("slow.zip", **who)
    assert "less than 00:10:00" in told()
    assert packages.publish(caller, site, b"x", path="zipdeploy").body["status"] == 3
    assert "Malformed SCM_RUN_FROM_PACKAGE" in packages.log(caller, site)


def hello(caller: Caller, site: Any) -> Any:
    return caller.raw("GET", "/hello", host=site["properties"]["defaultHostName"]).body

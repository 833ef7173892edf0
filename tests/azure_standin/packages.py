"""Packages for the stand-in, small and written by hand, and what it takes to run them."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

from azure_standin import bodies
from azure_standin.caller import GROUP, Caller, Reply
from fnctl.standins import runtimes
from fnctl.standins.environments import Environments
from fnctl.standins.serving import write_json
from fnctl_azure.standin.hosts import parts

SITE = "Microsoft.Web/sites/app"
HELLO = """
import logging, os
import azure.functions as func

app = func.FunctionApp()

@app.route(route="hello", auth_level=func.AuthLevel.ANONYMOUS)
def hello(req: func.HttpRequest) -> func.HttpResponse:
    logging.warning("said hello to %s", req.params.get("name"))
    return func.HttpResponse(os.environ.get("GREETING", "hello"))

@app.event_grid_trigger(arg_name="event")
def made(event: func.EventGridEvent) -> None:
    logging.warning("made %s", event.subject)
"""
HOST = json.dumps({"version": "2.0", "extensions": {"http": {"routePrefix": ""}}})


def python() -> str:
    """The runtime of a Python that is at hand."""
    return "python" + ".".join(runtimes.own_python(os.environ).version.split(".")[:2])


def prepare(state: Path, **more: str) -> None:
    """Let the stand-in run that Python, and install packages for it; `more` is what its pip finds in its environment."""
    own, environments = runtimes.own_python(os.environ), Environments("azure", {**os.environ, **more}, lambda _: None)
    write_json(state / "runtimes" / f"{python()}.json", parts.python(own, environments))
    write_json(state / "runtimes" / f"{python()}.pip.json", environments.installer(own.path))


def zipped(**files: str) -> bytes:
    """A package: names as keywords, with `__` for a dot."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "."), text)
    return made.getvalue()


def app(caller: Caller, *, role: bool = True, container: bool = True) -> Any:
    """An app whose identity may read its container, unless said otherwise; returns the site."""
    caller.control("world", {"pace": {"operation": 0.0, "roles": 0.0, "directory": 0.0}})
    caller.done("PUT", GROUP, {"location": "westeurope"})
    bodies.build("plan", caller)
    caller.done(
        "PUT",
        "Microsoft.Web/sites/app",
        bodies.body({"use": "flex", "set": {"functionAppConfig.runtime": {"name": "python", "version": python()[6:]}}}, caller),
    )
    if container:
        caller.done("PUT", "Microsoft.Storage/storageAccounts/data/blobServices/default/containers/packages", {})
    if role:
        path = "Microsoft.Storage/storageAccounts/data/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001"
        caller.done("PUT", path, bodies.body({"use": "role"}, caller))
    return caller.done("GET", SITE).body


def scm(site: Any) -> str:
    """The host of its publish endpoint."""
    return next(str(one["name"]) for one in site["properties"]["hostNameSslStates"] if one["hostType"] == "Repository")


def publish(caller: Caller, site: Any, package: bytes, query: str = "RemoteBuild=false&Deployer=test", path: str = "publish") -> Reply:
    """Send a package, and wait for the end of its deployment, which is returned."""
    kind = {"Authorization": f"Bearer {caller.bearer}", "Content-Type": "application/zip"}
    taken = caller.raw("POST", f"/api/{path}?{query}", package, kind, host=scm(site))
    if taken.status != 202:
        return taken
    limit = time.monotonic() + 60
    found = taken
    while found.status == 202:
        assert time.monotonic() < limit, found
        time.sleep(0.02)
        found = caller.raw("GET", f"/api/deployments/{taken.body or 'latest'}", b"", kind, host=scm(site))
    return found


def log(caller: Caller, site: Any) -> str:
    """What the last deployment said."""
    found = caller.raw("GET", "/api/deployments/latest/log", b"", {"Authorization": f"Bearer {caller.bearer}"}, host=scm(site))
    return "\n".join(str(line["message"]) for line in found.body)


def names(caller: Caller) -> list[str]:
    """The functions that the resource manager lists."""
    return sorted(str(one["name"]) for one in caller.done("GET", f"{SITE}/functions").body["value"])

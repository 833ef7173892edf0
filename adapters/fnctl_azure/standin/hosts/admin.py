"""The host's own addresses below /admin, for who has the master key: its state, its functions, and a call of any of them."""

from __future__ import annotations

import json
import threading
from typing import Any

from fnctl_azure.standin.hosts import inputs, messages
from fnctl_azure.standin.hosts.app import App, Ask, Stopped
from fnctl_azure.standin.hosts.messages import Request, Response
from fnctl_azure.standin.hosts.model import Found, Keys

VERSION = "4.1041.200.25360"


def answer(app: App, _keys: Keys, given: Request) -> Response:
    """Answer a request that brought the master key."""
    match [part for part in given.path.split("/") if part][1:]:
        case ["host", "status"] if given.method == "GET":
            return _json(200, status(app))
        case ["host", "ping"]:
            return Response(200)
        case ["functions"] if given.method == "GET":
            return _json(200, [described(app, found) for found in app.functions.values()])
        case ["functions", name, *rest]:
            return _function(app, name, rest, given)
        case _:
            return Response(404)


def status(app: App) -> dict[str, Any]:
    """Say how the host is, as /admin/host/status does."""
    state = "Running" if app.published else "Offline"
    found: dict[str, Any] = {"id": app.name[:32].lower(), "state": "Error" if app.error else state, "version": VERSION, "processUptime": 0}
    return found | ({"errors": [app.error]} if app.error else {})


def described(app: App, found: Found) -> dict[str, Any]:
    """Describe a function, as /admin/functions does."""
    config = {"name": found.name, "language": found.language, "bindings": [dict(one) for one in found.bindings]}
    return {
        "name": found.name,
        "href": f"{app.address}/admin/functions/{found.name}",
        "language": found.language,
        "config": config,
        "isDisabled": False,
    }


def _function(app: App, name: str, rest: list[str], given: Request) -> Response:
    found = next((one for one in app.functions.values() if one.name.lower() == name.lower()), None)
    if found is None:
        return Response(404)
    if rest == ["status"]:
        return _json(200, {})
    if rest or given.method not in ("GET", "POST"):
        return Response(404)
    if given.method == "GET":
        return _json(200, described(app, found))
    try:
        text = json.loads(given.body or b"{}").get("input") or ""
    except (ValueError, AttributeError):
        return Response(400)
    ask = called(app, found, text if isinstance(text, str) else json.dumps(text))
    threading.Thread(target=_run, args=(app, found.name, ask), daemon=True, name=f"admin-{name}").start()
    return Response(202)


def called(app: App, found: Found, text: str) -> Ask:
    """Return what a call without a trigger hands over; to HTTP, the text is the body of a POST."""
    if found.kind != "httptrigger":
        return inputs.ask(found, text)
    given = Request("POST", f"/api/{found.name}", (("content-type", "application/json"),), text.encode())
    return Ask(messages.request(given, app.address.removeprefix("http://"), {}, found.language), reason=inputs.REASON)


def _run(app: App, function: str, ask: Ask) -> None:
    try:
        app.run(function, ask)
    except Stopped:
        app.say(f"'{function}' was called, and the host is not running", "Error", "Host.Startup", function)


def _json(status: int, value: object) -> Response:
    return Response(status, (("Content-Type", messages.JSON),), json.dumps(value).encode())

"""Event Grid's way into an app: /runtime/webhooks/EventGrid, with the handshake, and with the key of the extension."""

from __future__ import annotations

import hmac
import json
from typing import Any

from fnctl_azure.standin.hosts import messages
from fnctl_azure.standin.hosts.app import App, Ask, Stopped
from fnctl_azure.standin.hosts.messages import Request, Response
from fnctl_azure.standin.hosts.model import Keys

EXTENSION = "eventgrid_extension"
REASON = "EventGrid trigger fired at"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


def webhook(app: App, keys: Keys, given: Request) -> Response:
    """Take the events of one delivery: 202 when the function has done with all of them, 500 when it failed for one."""
    if given.path.strip("/").lower() != "runtime/webhooks/eventgrid":
        return Response(404)
    if not hmac.compare_digest(given.query.get("code", "").encode(), keys.system[EXTENSION].encode()):
        return Response(401)
    if given.method == "OPTIONS":  # the handshake of the CloudEvents schema
        return Response(200, (("WebHook-Allowed-Origin", given.header("webhook-request-origin") or "*"), ("WebHook-Allowed-Rate", "*")))
    found = next((one for one in app.functions.values() if one.name.lower() == given.query.get("functionName", "").lower()), None)
    if found is None:
        return Response(404, (("Content-Type", messages.TEXT),), b"cannot find function")
    events = _events(given.body)
    if events is None:
        return Response(400)
    if events and events[0].get("eventType") == VALIDATION:
        told = {"validationResponse": events[0]["data"]["validationCode"]}
        return Response(200, (("Content-Type", messages.JSON),), json.dumps(told).encode())
    try:
        done = [deliver(app, found.name, event) for event in events]
        return Response(202 if all(done) else 500)
    except Stopped:
        return Response(503)


def _events(body: bytes) -> list[dict[str, Any]] | None:
    """Read a delivery: one event, or a list of them; None for anything else."""
    try:
        read = json.loads(body)
    except ValueError:
        return None
    events = read if isinstance(read, list) else [read]
    return events if all(isinstance(event, dict) for event in events) else None


def deliver(app: App, function: str, event: Any) -> bool:
    """Hand one event to a function; whether it has done with it. Raises Stopped."""
    return app.run(function, Ask({"json": json.dumps(event)}, reason=REASON)).status == "Success"

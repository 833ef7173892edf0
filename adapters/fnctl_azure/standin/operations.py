"""Operations that take their time: where an answer sends the caller, and what is found there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import Operation, Resource, World

_PATH = re.compile(r"/subscriptions/[^/]+/(?:providers/[^/]+/locations/[^/]+/)?(operationStatuses|operationresults)/([0-9a-f-]+)", re.IGNORECASE)


def started(
    world: World, request: Request, operation: Operation, status: int, body: dict[str, Any] | None, headers: dict[str, str] | None = None
) -> Answer:
    """Send the caller to where the operation can be asked for. Storage and resource groups have a Location only, as there."""
    words = request.path.split("/")
    namespace = words[words.index("providers") + 1] if "providers" in words else ""
    place = f"/subscriptions/{words[2]}" + (f"/providers/{namespace}/locations/westeurope" if namespace else "")
    version = f"?api-version={request.query['api-version']}"
    links = {"Location": f"{request.base}{place}/operationresults/{operation.id}{version}", "Retry-After": str(world.pace.retry_after)}
    if namespace and namespace != "Microsoft.Storage":
        links["Azure-AsyncOperation"] = f"{request.base}{place}/operationStatuses/{operation.id}{version}"
    if status == 202 and namespace in ("", "Microsoft.Storage"):
        body = None
    return Answer(status, body, {**(headers or {}), **links})


def poll(world: World, request: Request, shown: Callable[[Resource], dict[str, Any]]) -> Answer | None:
    """Answer a question after an operation; None for any other request."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    operation = world.operations.get(found[2])
    if operation is None:
        raise refused(404, "OperationNotFound", f"The operation '{found[2]}' was not found.")
    again = {"Retry-After": str(world.pace.retry_after)}
    if found[1].lower() == "operationstatuses":
        return Answer(200, _status(request, operation), {} if operation.done else again)
    if not operation.done:
        return Answer(202, None, {"Location": f"{request.base}{request.path}?api-version={request.query['api-version']}", **again})
    if operation.error is not None:
        return Answer(409, {"error": operation.error})
    resource = world.find(operation.resource)
    return Answer(200, shown(resource) if resource is not None and not operation.deleting else None)


def _status(request: Request, operation: Operation) -> dict[str, Any]:
    state = "InProgress" if not operation.done else "Failed" if operation.error else "Succeeded"
    status: dict[str, Any] = {"id": request.path, "name": operation.id, "status": state}
    return status | ({"error": operation.error} if operation.done and operation.error else {})

"""Tags of any resource, changed by the resource manager itself and not by the resource's provider."""

from __future__ import annotations

from typing import Any

from fnctl_azure.standin import checks
from fnctl_azure.standin.ids import Target
from fnctl_azure.standin.table import Spec, table
from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import World

TYPE = "Microsoft.Resources/tags"


def answer(world: World, target: Target, request: Request) -> Answer:
    """Read or change the tags of what `target` hangs on. Raises Refused."""
    resource = world.find(target.prefix)
    if resource is None:
        raise refused(404, "ResourceNotFound", f"The Resource '{target.prefix}' was not found.")
    tags: dict[str, str] = dict(resource.body.get("tags") or {})
    if request.method in ("PUT", "PATCH"):
        said = request.json()
        given = (said.get("properties") or {}).get("tags") or {}
        tags = _changed(tags, given, "Replace" if request.method == "PUT" else str(said.get("operation")))
        checks.tags(table().get(resource.type.lower()) or Spec(resource.type, ()), tags)
        resource.body["tags"] = tags
    elif request.method == "DELETE":
        resource.body["tags"] = {}
        return Answer(200)
    body: dict[str, Any] = {"id": f"{target.prefix}/providers/{TYPE}/default", "name": "default", "type": TYPE, "properties": {"tags": tags}}
    return Answer(200, body)


def _changed(tags: dict[str, str], given: dict[str, str], operation: str) -> dict[str, str]:
    match operation.lower():
        case "merge":
            return tags | given
        case "replace":
            return dict(given)
        case "delete":
            # A name goes with the value that it is said to have, as there.
            return {name: value for name, value in tags.items() if name not in given or (given[name] and given[name] != value)}
        case _:
            raise refused(400, "InvalidTagPatchOperation", f"The tags operation '{operation}' is none of Replace, Merge, Delete.")

"""What the resource manager does itself: subscriptions, resource groups, providers and their registration."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fnctl_azure.standin import checks, operations
from fnctl_azure.standin.table import Spec, namespaces, table
from fnctl_azure.standin.wire import Answer, Request, refused
from fnctl_azure.standin.world import SUBSCRIPTION, TENANT, Resource, World

TYPE = "Microsoft.Resources/resourceGroups"
_SPEC = Spec(TYPE, (), located=True)
_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")
Shown = Callable[[Resource], dict[str, Any]]


def answer(world: World, request: Request, shown: Shown) -> Answer:
    """Answer what no provider answers. Raises Refused."""
    for method, path, act in ROUTES:
        found = re.fullmatch(path, request.path.rstrip("/"), re.IGNORECASE)
        if found is not None and method in (request.method, ""):
            return act(world, request, found[found.lastindex or 0], shown)
    raise refused(404, "InvalidResourceType", f"The requested path '{request.path}' leads nowhere.")


def _tenants(_world: World, _request: Request, _name: str, _shown: Shown) -> Answer:
    return Answer(200, {"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT, "displayName": "sandbox", "tenantCategory": "Home"}]})


def _register(world: World, _request: Request, name: str, _shown: Shown) -> Answer:
    world.unregistered.discard(_known(name))
    return Answer(200, _provider(world, _known(name)))


def _listed(found: list[Resource], request: Request, shown: Shown) -> Answer:
    return Answer(200, {"value": [_outline(shown(r)) for r in _filtered([r for r in found if _tracked(r)], request)]})


def _one(world: World, request: Request, name: str, shown: Shown) -> Answer:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}"
    old = world.find(path)
    if request.method == "HEAD":
        return Answer(204 if old else 404)
    if request.method == "PUT":
        return _put(world, request, path, old, shown)
    group = _group(world, name)
    if request.method == "GET":
        return Answer(200, shown(group))
    if request.method == "PATCH":
        given = request.json()
        checks.tags(_SPEC, given.get("tags"))
        group.body["tags"] = given.get("tags", group.body.get("tags"))
        return Answer(200, shown(group))
    if request.method == "DELETE":
        if group.state == "Deleting":
            raise refused(
                409, "ResourceGroupBeingDeleted", f"The resource group '{name}' is in deprovisioning state and cannot perform this operation."
            )
        return operations.started(world, request, world.begin(group.id, deleting=True), 202, None)
    raise refused(405, "MethodNotAllowed", f"The http method '{request.method}' is not supported for resource groups.")


def _put(world: World, request: Request, path: str, old: Resource | None, shown: Shown) -> Answer:
    name = path.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise refused(400, "InvalidResourceGroup", f"The provided resource group name '{name}' has these invalid characters or ends with a period.")
    if old is not None and old.state == "Deleting":
        raise refused(409, "ResourceGroupBeingDeleted", f"The resource group '{name}' is in deprovisioning state and cannot perform this operation.")
    given = request.json()
    where = checks.region(given.get("location"))
    if old is not None and where and where != old.body["location"]:
        message = f"Invalid resource group location '{where}'. The Resource group already exists in location '{old.body['location']}'."
        raise refused(409, "InvalidResourceGroupLocation", message)
    checks.body(_SPEC, name, given, old)
    group = old or Resource(path, TYPE, {}, made=world.clock())
    group.body = {"location": where, "tags": given.get("tags") or {}, "properties": {}}
    world.keep(group)
    return Answer(200 if old else 201, shown(group))


def _group(world: World, name: str) -> Resource:
    group = world.find(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}")
    if group is None:
        raise refused(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return group


def _tracked(resource: Resource) -> bool:
    spec = table().get(resource.type.lower())
    return spec is not None and spec.located


def _filtered(found: list[Resource], request: Request) -> list[Resource]:
    """`$filter` of lists: by type and by one tag, which is all that is asked here."""
    words = request.query.get("$filter", "")
    kind = re.search(r"resourceType eq '([^']+)'", words)
    tag = re.search(r"tagName eq '([^']+)'", words)
    value = re.search(r"tagValue eq '([^']*)'", words)
    if kind is not None:
        found = [r for r in found if r.type.lower() == kind[1].lower()]
    if tag is not None:
        found = [r for r in found if tag[1] in (r.body.get("tags") or {})]
    if tag is not None and value is not None:
        found = [r for r in found if r.body["tags"][tag[1]] == value[1]]
    return found


def _outline(shown: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shown.items() if key != "properties"}


def _known(name: str) -> str:
    if name.lower() not in namespaces():
        raise refused(404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid.")
    return namespaces()[name.lower()]


def _provider(world: World, name: str) -> dict[str, Any]:
    types = [spec for spec in table().values() if spec.namespace == name]
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{name}",
        "namespace": name,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": "NotRegistered" if name in world.unregistered else "Registered",
        "resourceTypes": [
            {
                "resourceType": spec.type.partition("/")[2],
                "locations": list(checks.REGIONS) if spec.located else [],
                "apiVersions": list(reversed(spec.versions)),
                "capabilities": "SupportsTags, SupportsLocation" if spec.located else "None",
            }
            for spec in types
        ],
    }


def _subscription() -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "sandbox",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    }


def _location(name: str, shown_as: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": shown_as,
        "regionalDisplayName": shown_as,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


S = "/subscriptions/[^/]+"
ROUTES: tuple[tuple[str, str, Callable[[World, Request, str, Shown], Answer]], ...] = (
    ("GET", "/tenants", _tenants),
    ("GET", "/subscriptions", lambda *_: Answer(200, {"value": [_subscription()], "count": {"type": "Total", "value": 1}})),
    ("GET", S, lambda *_: Answer(200, _subscription())),
    ("GET", f"{S}/locations", lambda *_: Answer(200, {"value": [_location(name, shown_as) for name, shown_as in checks.DISPLAYED.items()]})),
    ("GET", f"{S}/providers", lambda world, *_: Answer(200, {"value": [_provider(world, name) for name in namespaces().values()]})),
    ("GET", f"{S}/providers/([^/]+)", lambda world, _request, name, _shown: Answer(200, _provider(world, _known(name)))),
    ("POST", f"{S}/providers/([^/]+)/register", _register),
    (
        "GET",
        f"{S}/resourcegroups",
        lambda world, request, _name, shown: Answer(200, {"value": [shown(group) for group in _filtered(world.of_type(TYPE), request)]}),
    ),
    ("GET", f"{S}/resources", lambda world, request, _name, shown: _listed(list(world.resources.values()), request, shown)),
    (
        "GET",
        f"{S}/resourcegroups/([^/]+)/resources",
        lambda world, request, name, shown: _listed(list(world.below(_group(world, name).id)), request, shown),
    ),
    ("", f"{S}/resourcegroups/([^/]+)", _one),
)
"""Method, path and who answers; a group of the path is the name that is given on."""

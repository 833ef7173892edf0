"""Identities: of their own, and as resources have them; and who may do what where."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.wire import refused
from fnctl_azure.standin.world import TENANT, USER, Resource, World

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
READ_BLOBS = frozenset({"b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"})
"""Storage Blob Data Owner, Contributor, Reader."""
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions/"


def providers() -> dict[str, Provider]:
    """What identities and role assignments do."""
    return {IDENTITIES.lower(): Provider(put=_identity), ASSIGNMENTS.lower(): Provider(put=_assign, stored=_assigned, list=_assignments)}


def fill(work: Work) -> None:
    """Give a resource the identities that it asks for, as the platform does."""
    wanted = work.body.get("identity")
    if not isinstance(wanted, dict):
        return
    kind = str(wanted.get("type", ""))
    kept: dict[str, Any] = {"type": kind}
    if "systemassigned" in kind.lower():
        old = (work.old.body.get("identity") or {}).get("principalId") if work.old else None
        kept |= {"principalId": old or principal(work.world), "tenantId": TENANT}
    if "userassigned" in kind.lower():
        kept["userAssignedIdentities"] = {path: _named(work.world, path) for path in wanted.get("userAssignedIdentities") or {}}
    work.body["identity"] = kept


def principal(world: World) -> str:
    """A new identity in the directory, which takes a moment to know it everywhere."""
    fresh = str(uuid.uuid4())
    world.principals[fresh] = world.clock() + world.pace.directory
    return fresh


def _named(world: World, path: str) -> dict[str, str]:
    found = world.find(path)
    if found is None or found.type != IDENTITIES:
        raise refused(400, "FailedIdentityOperation", f"Identity operation failed: the identity '{path}' was not found.")
    return {"principalId": found.properties["principalId"], "clientId": found.properties["clientId"]}


def acting(world: World, site: Resource, authentication: Mapping[str, Any]) -> str:
    """The object id of the identity that an app uses for something; "" for none, or one that is not the app's."""
    identity = site.body.get("identity") or {}
    if authentication.get("type") == "SystemAssignedIdentity":
        return str(identity.get("principalId") or "")
    wanted = str(authentication.get("userAssignedIdentityResourceId") or "")
    if authentication.get("type") == "UserAssignedIdentity" and wanted.lower() in map(str.lower, identity.get("userAssignedIdentities") or {}):
        found = world.find(wanted)
        return str(found.properties.get("principalId") or "") if found else ""
    return ""


def _identity(work: Work) -> None:
    old = work.old.properties if work.old else {}
    work.body["properties"] = {
        "tenantId": TENANT,
        "principalId": old.get("principalId") or principal(work.world),
        "clientId": old.get("clientId") or str(uuid.uuid4()),
    }


def _assign(work: Work) -> None:
    properties = work.body["properties"]
    who, role = str(properties["principalId"]).lower(), _role(properties["roleDefinitionId"])
    scope = work.target.prefix
    known = work.world.principals.get(who)
    named = str(properties.get("principalType") or "").lower() == "serviceprincipal"
    if known is None or (known > work.world.clock() and not named):
        message = (
            f"Principal {who.replace('-', '')} does not exist in the directory {TENANT}. Check that you have the correct principal ID. If you are "
            "creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set "
            "the role assignment principalType property to a value, such as ServicePrincipal, User, or Group."
        )
        raise refused(400, "PrincipalNotFound", message)
    if work.old is not None:
        old = work.old.properties
        if (old["principalId"].lower(), _role(old["roleDefinitionId"])) != (who, role):
            raise refused(
                409, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            )
    for other in work.world.of_type(ASSIGNMENTS):
        same = other.properties["principalId"].lower() == who and _role(other.properties["roleDefinitionId"]) == role
        if same and other.properties["scope"].lower() == scope.lower() and other.id.lower() != work.id.lower():
            raise refused(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the existing role assignment is {other.name.replace('-', '')}.",
            )
    properties.setdefault("principalType", "User" if who == USER else "ServicePrincipal")
    properties |= {"scope": scope, "condition": properties.get("condition"), "delegatedManagedIdentityResourceId": None}


def _assigned(work: Work, made: Resource) -> None:
    made.hidden.setdefault("acts", work.world.clock() + work.world.pace.roles)


def _assignments(work: Work) -> list[Resource]:
    """Those at a scope and below it; `atScope()` leaves the lower ones out, `principalId eq` and `assignedTo` all others."""
    scope = work.target.prefix.lower()
    words = work.request.query.get("$filter", "")
    found = [one for one in work.world.of_type(ASSIGNMENTS) if (one.properties["scope"].lower() + "/").startswith(scope + "/")]
    if "atScope()" in words:
        found = [one for one in found if one.properties["scope"].lower() == scope]
    if "'" in words:
        who = words.split("'")[1].lower()
        found = [one for one in found if one.properties["principalId"].lower() == who]
    return found


def _role(definition: Any) -> str:
    """The GUID of a role, of whatever scope it was named with."""
    role = str(definition).lower().rpartition("/")[2]
    if DEFINITIONS.lower() not in str(definition).lower():
        raise refused(400, "InvalidRoleDefinitionId", f"The role definition ID '{definition}' is not valid.")
    return role


def may(world: World, who: str, roles: frozenset[str], scope: str) -> bool:
    """Whether an identity has one of the roles at a scope or above it, and long enough for it to act."""
    if who.lower() == USER:
        return True
    for one in world.of_type(ASSIGNMENTS):
        properties = one.properties
        above = (scope.lower() + "/").startswith(properties["scope"].lower() + "/")
        mine = above and properties["principalId"].lower() == who.lower() and _role(properties["roleDefinitionId"]) in roles
        if mine and one.hidden.get("acts", 0.0) <= world.clock():
            return True
    return False

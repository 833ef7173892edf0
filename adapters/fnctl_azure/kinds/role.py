"""`azure.role`: what an identity may do at a scope. Its name is a GUID made of the three, so that the same right is never given twice.

Props: `parent` (the scope's id), `role` (GUID of the definition), `principal` (of a managed identity). While code changes, the old assignments stand
beside the new ones: what goes, goes last.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_azure.kinds.base import Arm, known

SPACE = uuid.UUID("6f1c8f0e-6c2b-5f0c-9c3e-0f3c1b0c5a11")
"""Any constant would do, as long as it stays."""
PARTS = ("parent", "role", "principal")


class Role(Arm):
    """It cannot be changed, only made and removed."""

    def id(self, node: Node, props: Mapping[str, Any]) -> str | None:
        """Return the assignment's id; unknown until scope and identity are there."""
        if not all(known(props.get(part)) for part in PARTS):
            return None
        return self.type.path.format(parent=props["parent"], name=guid(*(str(props[part]) for part in PARTS)))

    def live(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Read its role and its principal."""
        inner = found.get("properties") or {}
        role = str(inner.get("roleDefinitionId") or "").rpartition("/")[2]
        return {"parent": wanted.get("parent"), "role": role, "principal": inner.get("principalId")}

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Name the type of the principal: without it Azure looks a fresh identity up, and does not find it yet."""
        definition = f"/subscriptions/{self.client.subscription}/providers/Microsoft.Authorization/roleDefinitions/{props['role']}"
        return {"properties": {"roleDefinitionId": definition, "principalId": props["principal"], "principalType": "ServicePrincipal"}}

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Give the right; one that somebody gave before is taken for ours."""
        try:
            return super().write(change, props, state, phase, run)
        except CloudError as error:
            if error.reason != "RoleAssignmentExists":
                raise
            found = self._given(props)
            if found is None:
                raise
            return State(str(found["id"]), dict(props), self.outputs(str(found["id"]), found))

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the assignment by its own name; without one, the same right under another name."""
        state = super().read(node, props, None, run)
        found = self.client.find(hint, self.type.api) if hint and state is None and self.id(node, props) else None
        return state or (self.state(str(hint), found, props) if found and self._same(found.get("properties") or {}, props) else None)

    def _given(self, props: Mapping[str, Any]) -> Mapping[str, Any] | None:
        listed = f"{props['parent']}/providers/Microsoft.Authorization/roleAssignments?$filter=principalId eq '{props['principal']}'"
        return next((item for item in self.client.pages(listed, self.type.api) if self._same(item.get("properties") or {}, props)), None)

    def _same(self, found: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        scope = str(found.get("scope") or props["parent"]).casefold()
        return str(found.get("roleDefinitionId")).endswith(str(props["role"])) and scope == str(props["parent"]).casefold()


def guid(*parts: str) -> str:
    """Return a GUID that the same parts give again; ids are the same in any case."""
    return str(uuid.uuid5(SPACE, "|".join(part.casefold() for part in parts)))

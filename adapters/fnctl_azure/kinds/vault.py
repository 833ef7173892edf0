"""`azure.vault`: the key vault with the secrets of a service and stage. Azure keeps a removed one for a while, and its name with it until a purge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_azure.kinds.base import Arm, say

KEPT = frozenset({"ConflictError", "VaultAlreadyExists", "SoftDeletedVaultExists"})
"""What ARM answers when a vault of this name waits for its end."""
PROTECTED = frozenset({"MethodNotAllowed", "MethodNotAllowedInVault", "Forbidden", "AuthorizationFailed", "DeletedVaultPurgeProtected"})
"""Why a purge is refused: the vault is protected from it, or this identity may not."""


class Vault(Arm):
    """Made anew under a name that was removed, it comes back with what was in it."""

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it, or bring the removed one back and then make it as it should be."""
        try:
            return super().write(change, props, state, phase, run)
        except CloudError as error:
            if error.reason not in KEPT or self._removed(self.name(change.node)) is None:
                raise
        say(run, change.node, "a removed vault of this name comes back, with the secrets that were in it")
        id_ = self.id(change.node, props)
        assert id_ is not None  # noqa: S101  # written once already
        body = self.body(change.node, props)
        self.client.arm("PUT", id_, self.type.api, {**body, "properties": {**body["properties"], "createMode": "recover"}}, run)
        return super().write(change, props, self.state(id_, self.client.find(id_, self.type.api) or {}, props), phase, run)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it for good where that is allowed, so that nothing is left and the name is free."""
        super().delete(node, state, run)
        name = state.id.rpartition("/")[2]  # a stray is called by its id
        removed = self._removed(name)
        if removed is None:
            return
        try:
            self.client.arm("POST", f"{removed}/purge", self.type.api, run=run)
        except CloudError as error:
            if error.reason not in PROTECTED:
                raise
            say(run, node, f"the vault {name} cannot be purged ({error.reason}): it comes back with the next deploy")

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Count its secrets."""
        found = sum(1 for _ in self.client.pages(f"{state.id}/secrets", self.type.api))
        return f"{found} secrets" if found > 1 else "1 secret" if found else None

    def _removed(self, name: str) -> str | None:
        path = f"/subscriptions/{self.client.subscription}/providers/Microsoft.KeyVault/locations/{self.client.region}/deletedVaults/{name}"
        return path if self.client.find(path, self.type.api) is not None else None

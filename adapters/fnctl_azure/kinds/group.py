"""`azure.group`: the resource group of a service and stage. Named with its region, so that a stage can be in two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_azure.kinds.base import Arm, is_ours
from fnctl_azure.kinds.types import RESOURCES
from fnctl_azure.names import short

BY_ITSELF = frozenset({"microsoft.insights/actiongroups", "microsoft.alertsmanagement/smartdetectoralertrules"})
"""What Application Insights puts beside itself, and leaves there."""


class Group(Arm):
    """A group holds other things: it goes only when nothing of anybody else is in it."""

    def name(self, node: Node) -> str:
        """Return the name with the region, or an existing group's own."""
        return f"{short(node.name, 89 - len(self.client.region))}-{self.client.region}" if node.owned else node.name

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it, unless somebody has put something there: Azure would remove that, too."""
        left = [item for item in self.client.pages(f"{state.id}/resources", RESOURCES) if not self._ours_or_nobodys(item, node)]
        if left:
            names = ", ".join(sorted(f"{item.get('type')} {item.get('name')}" for item in left)[:5])
            raise CloudError(
                f"the resource group {state.outputs['name']} still holds what fnctl has not made: {names}",
                reason="GroupNotEmpty",
                code="AZ611",
                help="move or remove it, then run the same command again",
            )
        super().delete(node, state, run)

    def _ours_or_nobodys(self, item: Mapping[str, Any], node: Node) -> bool:
        tags: Any = item.get("tags") or {}
        wanted: Any = node.props.get("tags") or {}
        return is_ours(wanted, tags) or str(item.get("type")).casefold() in BY_ITSELF

"""`azure.function`: one function of the manifest, as a part of its app. It is there when the app's package is, and the host lists all its doors.

Props: `app` = Ref(app, "live"), `code` (the app's digest), `doors` = [{"name", "kind", "key"}] of `fnctl_azure.artifact.bindings.doors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State


class Function:
    """Nothing is written for it: the app carries it."""

    rank = 10
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return it as the app tells it."""
        app = props["app"]
        if not isinstance(app, Mapping) or not _there(app, props["doors"]):
            return None
        name = props["doors"][0]["name"] if props["doors"] else node.name
        names = [str(door["name"]) for door in props["doors"]]
        outputs = {"id": f"{app['app']}/functions/{name}", "name": name, "app": app["app"], "url": app["url"], "doors": names or [name]}
        return State(f"{app['app']}/functions/{name}", {**props, "code": app["code"]}, outputs)

    def phases(self, change: Change) -> Sequence[Phase]:
        """It is live once its app is."""
        return ("switch",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """See that the app has it."""
        found = self.read(change.node, props, None, run)
        if found is None:
            names = ", ".join(door["name"] for door in props["doors"])
            raise CloudError(f"the app does not list {names}", code="AZ612", reason="FunctionNotListed", help="run the same command again")
        return found

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Its app was published without it, or goes after it."""

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that no data is lost."""
        return None


def _there(app: Mapping[str, Any], doors: Sequence[Mapping[str, Any]]) -> bool:
    found = set(app["functions"] or ())
    return {door["name"] for door in doors} <= found if doors else bool(found)

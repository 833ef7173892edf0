"""What is part of a deployment: functions, routes, crons, consumers. The deployment is what is written; these are in it, or they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State

MEMBERS = ("vercel.function", "vercel.route", "vercel.cron", "vercel.schedule", "vercel.consumer")


class Member:
    """Props: `digest` (what it is made of), `deployed` (the digest that the live deployment says of it), and for people what it is."""

    rank = 10
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    def phases(self, change: Change) -> Sequence[Phase]:
        """Come with the switch, after the deployment."""
        return ("switch",)

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Look at what the live deployment says of itself: nothing is asked."""
        deployed = props["deployed"]
        if not isinstance(deployed, str):
            return None
        return State(node.address, {**props, "digest": deployed}, {"id": str(node.address)})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Find it in the deployment that is live now."""
        found = self.read(change.node, props, None, run)
        if found is None or found.props["digest"] != props["digest"]:
            message = f"{change.address} is not in the deployment that is live"
            raise CloudError(message, help="somebody else has deployed meanwhile; run the same command again")
        return found

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Nothing: it goes with its deployment."""

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that no data is lost."""
        return None

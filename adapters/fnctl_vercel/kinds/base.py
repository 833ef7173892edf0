"""What every kind shares: the client it is given, whose objects it makes, and the words of a run."""

from __future__ import annotations

from collections.abc import Sequence

from fnctl.adapter import Change, Phase, Run
from fnctl.events import Event
from fnctl.graph import Node, State
from fnctl_vercel.client import Client


class Base:
    """Defaults of a kind: made and changed before traffic moves, nothing forces a replacement, no data is lost with it."""

    rank: int = 50
    replaces: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    def __init__(self, client: Client, service: str, stage: str) -> None:
        """Keep the client, and whose objects these are."""
        self.client, self.service, self.stage = client, service, stage

    def phases(self, change: Change) -> Sequence[Phase]:
        """Say that new stands beside old."""
        return ("prepare",)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say that no data is lost."""
        return None


def say(run: Run, node: Node, message: str) -> None:
    """Tell the people who watch."""
    run.emit(Event("log", {"message": message}, node.address))

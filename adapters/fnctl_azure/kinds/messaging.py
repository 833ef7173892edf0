"""Service Bus and Event Hubs, and what Event Grid sends: namespaces with a host name, what is in a queue, filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Json, Node, State
from fnctl_azure.kinds.base import Arm, Type, projected
from fnctl_azure.kinds.publish import Door

NOT_YET = ("Destination endpoint not found", "validation handshake failed")
"""What Event Grid says of a function whose app is still on its way up."""
STARTS = 300.0
"""Seconds that an app may take to be found after it has changed."""

EVERYTHING = {"filterType": "SqlFilter", "sqlFilter": {"sqlExpression": "1=1"}}
"""The rule that a subscription comes with."""


class Namespace(Arm):
    """Its `host` is what clients are told, without scheme and port."""

    def outputs(self, id_: str, found: Mapping[str, Any]) -> dict[str, Json]:
        """Add the host."""
        return {**super().outputs(id_, found), "host": host(found)}


class Inside(Arm):
    """A queue, topic or hub; one that exists already brings along the host of its namespace."""

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return it."""
        state = super().read(node, props, hint, run)
        if state is None or node.owned:
            return state
        around = self.client.find(state.id.rpartition("/")[0].rpartition("/")[0], self.type.api) or {}
        return replace(state, outputs={**state.outputs, "host": host(around)})


class Queue(Inside):
    """A queue of Service Bus, or a subscription, which is one with a filter in front; its dead letters count as well."""

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Count its messages."""
        count = int(((self.client.find(state.id, self.type.api) or {}).get("properties") or {}).get("messageCount") or 0)
        return f"{count} message{'s' if count > 1 else ''}" if count else None


class Hub(Inside):
    """ARM does not say whether records are in it, and they leave by themselves."""

    def __init__(self, client: Door, type_: Type) -> None:
        """Keep the client, which knows whether it speaks to the stand-in."""
        super().__init__(client, type_)
        self.sandbox = client.sandbox

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Say for how long what is in it would have stayed. The stand-in keeps none."""
        days = state.outputs.get("messageRetentionInDays")
        return None if self.sandbox else f"the records of the last {days} day{'' if days == 1 else 's'}"


class Rule(Arm):
    """The rule `$Default`: a subscription without it would hear nothing. One that lets everything through is as good as none."""

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return it where somebody has narrowed it."""
        id_ = self.id(node, props) or hint
        found = self.client.find(id_, self.type.api) if id_ else None
        if id_ is None or found is None or projected(found.get("properties"), EVERYTHING) == EVERYTHING:
            return None
        return self.state(id_, found, props)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Let everything through again."""
        if self.client.find(state.id, self.type.api) is not None:
            self.client.arm("PUT", state.id, self.type.api, {"properties": EVERYTHING}, run)


class Subscription(Arm):
    """An event subscription. An empty list of types is no list: Event Grid would take it for none of them."""

    def body(self, node: Node, props: Mapping[str, Any]) -> dict[str, Any]:
        """Leave out what is empty."""
        asked = {word: value for word, value in props["filter"].items() if value}
        return super().body(node, {**props, "filter": asked})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Put it. An app whose settings have just changed starts anew, and Event Grid does not find its functions until it has."""
        refusals: list[CloudError] = []

        def made() -> State | None:
            try:
                return super(Subscription, self).write(change, props, state, phase, run)
            except CloudError as error:
                if not any(word in str(error) for word in NOT_YET):
                    raise
                refusals.append(error)
                return None

        try:
            return self.client.wait(f"{change.node.name} to reach its function", made, run, limit=STARTS)
        except CloudError as error:
            raise refusals[-1] if refusals and error.reason == "Timeout" else error from None


def host(found: Mapping[str, Any]) -> str:
    """Return the host of a namespace."""
    address = str((found.get("properties") or {}).get("serviceBusEndpoint") or "")
    parts = urlsplit(address)
    return parts.hostname or "" if parts.scheme == "https" else parts.netloc

"""Service Bus and Event Hubs, and what Event Grid sends: namespaces with a host name, what is in a queue, filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fnctl.adapter import Run
from fnctl.graph import Json, Node, State
from fnctl_azure.kinds.base import Arm, Type
from fnctl_azure.kinds.publish import Door

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
    """The rule `$Default`: a subscription without it would hear nothing."""

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


def host(found: Mapping[str, Any]) -> str:
    """Return the host of a namespace."""
    address = str((found.get("properties") or {}).get("serviceBusEndpoint") or "")
    parts = urlsplit(address)
    return parts.hostname or "" if parts.scheme == "https" else parts.netloc

"""`aws.lambda.mapping`: Lambda's poller between a queue and a function's alias."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, own_tags, tag_changes

LIMIT = 600.0
"""Seconds; there is no waiter, and a mapping may take minutes."""
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class EventSource(Base):
    """Props: `source`, `function`, `batch`, `window` (seconds), `max_concurrency`, `enabled`, `responses`, `tags`."""

    rank = 10
    replaces = frozenset({"source"})

    def read(self, node: Node, props: Map[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its recorded id, else by the pair that it joins, which is there once."""
        found = (self._get(hint) if hint else None) or self._listed(props)
        if found is None or found.get("State") == "Deleting":
            return None
        return State(found["UUID"], {**self._live(found), "tags": self._tags(found["UUID"])}, {"arn": self._arn(found["UUID"])})

    def _get(self, uuid: str) -> dict[str, Any] | None:
        return self.client.find("lambda", "get_event_source_mapping", UUID=uuid)

    def _listed(self, props: Map[str, Any]) -> dict[str, Any] | None:
        source, function = props.get("source"), props.get("function")
        if not (isinstance(source, str) and isinstance(function, str)):
            return None
        pairs = self.client.pages("lambda", "list_event_source_mappings", "EventSourceMappings", EventSourceArn=source, FunctionName=function)
        return next((dict(pair) for pair in pairs if pair["FunctionArn"] == function and pair["EventSourceArn"] == source), None)

    def _live(self, found: Map[str, Any]) -> dict[str, Any]:
        return {
            "source": found["EventSourceArn"],
            "function": found["FunctionArn"],
            "batch": found["BatchSize"],
            "window": found.get("MaximumBatchingWindowInSeconds") or 0,
            "max_concurrency": (found.get("ScalingConfig") or {}).get("MaximumConcurrency"),
            "enabled": found.get("State") not in ("Disabled", "Disabling"),
            "responses": list(found.get("FunctionResponseTypes") or ()),
        }

    def _tags(self, uuid: str) -> dict[str, str]:
        found = self.client.find("lambda", "list_tags", Resource=self._arn(uuid))
        return own_tags(found.get("Tags") if found else None)

    def _arn(self, uuid: str) -> str:
        return self.arn("lambda", f"event-source-mapping:{uuid}")

    def phases(self, change: Change) -> Sequence[Phase]:
        """Messages flow when the code that takes them is live."""
        return ("switch",)

    def write(self, change: Change, props: Map[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create or change it, and wait until it polls."""
        settings: dict[str, Any] = {
            "FunctionName": props["function"],
            "Enabled": props["enabled"],
            "BatchSize": props["batch"],
            "MaximumBatchingWindowInSeconds": props["window"],
            "FunctionResponseTypes": props["responses"],
        }
        limit = {"MaximumConcurrency": props["max_concurrency"]} if props["max_concurrency"] else {}
        state = state or self.read(change.node, props, None, run)
        uuid = state.id if state else self._create(props, settings, limit)
        if state is not None:
            if any(state.props[key] != props[key] for key in props if key != "tags"):
                # An update keeps what it is not told: an empty map clears the limit.
                self.client.call("lambda", "update_event_source_mapping", UUID=uuid, ScalingConfig=limit, **settings)
            self._tag(uuid, props["tags"], state.props["tags"])
        self._settled(uuid, props["source"], run, enabled=props["enabled"])
        return State(uuid, props, {"arn": self._arn(uuid)})

    def _create(self, props: Map[str, Any], settings: Map[str, Any], limit: Map[str, int]) -> str:
        scaling = {"ScalingConfig": limit} if limit else {}
        params = {"EventSourceArn": props["source"], "Tags": props["tags"], **settings, **scaling}
        try:
            return str(self.client.call("lambda", "create_event_source_mapping", **params)["UUID"])
        except CloudError as error:
            known = UUID.search(str(error))
            if error.reason != "ResourceConflictException" or not known:
                raise
            self.client.call("lambda", "update_event_source_mapping", UUID=known[0], **settings, **scaling)
            self._tag(known[0], props["tags"], self._tags(known[0]))
            return known[0]

    def _tag(self, uuid: str, wanted: Map[str, str], found: Any) -> None:
        put, gone = tag_changes(wanted, found)
        if put:
            self.client.call("lambda", "tag_resource", Resource=self._arn(uuid), Tags=put)
        if gone:
            self.client.call("lambda", "untag_resource", Resource=self._arn(uuid), TagKeys=gone)

    def _settled(self, uuid: str, source: str, run: Run, *, enabled: bool) -> None:
        wanted = "Enabled" if enabled else "Disabled"

        def done() -> bool | None:
            found = self._get(uuid)
            return True if found and found.get("State") == wanted else None

        self.client.wait(f"{source.rsplit(':', 1)[-1]} to be polled", done, run, limit=LIMIT)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Stop polling, and wait until the last batch is through."""
        self.client.find("lambda", "delete_event_source_mapping", UUID=state.id)
        self.client.wait(f"{node.name} to stop polling", lambda: True if self._get(state.id) is None else None, run, limit=LIMIT)

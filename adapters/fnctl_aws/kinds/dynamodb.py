"""`aws.dynamodb.table`: a table that is paid by the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, foreign, from_list, is_ours, plain_name, tag_changes, to_list

LIMIT = 600.0


class Table(Base):
    """Props: `key` and `sort` ({name, type} or None), `ttl` (an attribute's name or None), `billing`, `tags`."""

    rank = 70
    replaces = frozenset({"key", "sort"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the table; one on its way out is none."""
        name = plain_name(node)
        found = self._describe(name)
        if found is None or found["TableStatus"] == "DELETING":
            return None
        arn = found["TableArn"]
        outputs = {"arn": arn, "name": name}
        if not node.owned:
            return State(arn, {}, outputs)
        tags = self._tags(arn)
        if arn != hint and not is_ours(props["tags"], tags):
            return None
        billing = (found.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
        live = {"key": _attribute(found, "HASH"), "sort": _attribute(found, "RANGE"), "ttl": self._ttl(name), "billing": billing, "tags": tags}
        return State(arn, live, outputs)

    def _describe(self, name: str) -> dict[str, Any] | None:
        found = self.client.find("dynamodb", "describe_table", TableName=name)
        return found["Table"] if found else None

    def _tags(self, arn: str) -> dict[str, str]:
        return from_list(self.client.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn))

    def _ttl(self, name: str) -> str | None:
        found = self.client.find("dynamodb", "describe_time_to_live", TableName=name)
        said = (found or {}).get("TimeToLiveDescription") or {}
        return said.get("AttributeName") if said.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it and wait until it takes writes, or change what can be changed."""
        node = change.node
        live: Mapping[str, Any] = state.props if state else self._create(node, props, run)
        if props["billing"] != live["billing"]:
            self.client.call("dynamodb", "update_table", TableName=node.name, BillingMode=props["billing"])
            self._active(node, run)
        self._expire(node.name, props["ttl"], live["ttl"])
        arn = state.id if state else str(self.client.call("dynamodb", "describe_table", TableName=node.name)["Table"]["TableArn"])
        put, gone = tag_changes(props["tags"], live["tags"])
        if put:
            self.client.call("dynamodb", "tag_resource", ResourceArn=arn, Tags=to_list(put))
        if gone:
            self.client.call("dynamodb", "untag_resource", ResourceArn=arn, TagKeys=gone)
        return State(arn, props, {"arn": arn, "name": node.name})

    def _create(self, node: Node, props: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
        self._gone(node, run, only_leaving=True)
        keys = [(props["key"], "HASH"), *([(props["sort"], "RANGE")] if props["sort"] else [])]
        try:
            self.client.call(
                "dynamodb",
                "create_table",
                TableName=node.name,
                BillingMode=props["billing"],
                KeySchema=[{"AttributeName": key["name"], "KeyType": role} for key, role in keys],
                AttributeDefinitions=[{"AttributeName": key["name"], "AttributeType": key["type"]} for key, _ in keys],
                Tags=to_list(props["tags"]),
            )
        except CloudError as error:
            if error.reason != "ResourceInUseException":
                raise
            self._active(node, run)
            return self._adopted(node, props, run)
        self._active(node, run)
        return {**props, "ttl": None}

    def _adopted(self, node: Node, props: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
        state = self.read(node, props, None, run)
        if state is None:
            found = self._describe(node.name)
            raise foreign(node.name, "table", self._tags(found["TableArn"]) if found else {})
        return state.props

    def _active(self, node: Node, run: Run) -> None:
        def done() -> bool | None:
            found = self._describe(node.name)
            return True if found and found["TableStatus"] == "ACTIVE" else None

        self.client.wait(f"table {node.name}", done, run, limit=LIMIT)

    def _gone(self, node: Node, run: Run, *, only_leaving: bool = False) -> None:
        def done() -> bool | None:
            found = self._describe(node.name)
            return True if found is None or (only_leaving and found["TableStatus"] != "DELETING") else None

        self.client.wait(f"table {node.name} to be gone", done, run, limit=LIMIT)

    def _expire(self, name: str, wanted: str | None, found: str | None) -> None:
        if wanted == found:
            return
        # One attribute at a time: the old one is switched off before another is named. DynamoDB allows one change an hour.
        for attribute, enabled in ((found, False), (wanted, True)):
            if attribute:
                settings = {"Enabled": enabled, "AttributeName": attribute}
                self.client.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=settings)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it with its items."""
        self.client.find("dynamodb", "delete_table", TableName=node.name)
        self._gone(node, run)

    def holds(self, node: Node, state: State, run: Run) -> str | None:
        """Look for one item; the table's own count is hours old."""
        found = self.client.find("dynamodb", "scan", TableName=plain_name(node), Limit=1, Select="COUNT", ConsistentRead=True)
        return "1 or more items" if found and found.get("Count") else None


def _attribute(table: Mapping[str, Any], role: str) -> dict[str, str] | None:
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    name = next((key["AttributeName"] for key in table["KeySchema"] if key["KeyType"] == role), None)
    return {"name": name, "type": types[name]} if name else None

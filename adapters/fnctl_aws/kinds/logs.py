"""`aws.logs.group`: where a function's output is kept, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, Client, own_tags, tag_changes
from fnctl_aws.kinds.listing import Listing
from fnctl_aws.names import SERVICE_TAG, STAGE_TAG


class LogGroup(Base):
    """Props: `retention` in days or None, `tags`. A group of our function's name is ours: Lambda makes it where it is missing."""

    rank = 80

    def __init__(self, client: Client) -> None:
        """Keep a listing for all reads of a run: looking takes no more calls than the service has hundreds of groups."""
        super().__init__(client)
        self._listing = Listing()

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find the group by its exact name."""
        group = next((group for group in self._groups(node, props) if group["logGroupName"] == node.name), None)
        if group is None:
            return None
        arn = self._arn(node)
        tags = self.client.find("logs", "list_tags_for_resource", resourceArn=arn)
        live = {"retention": group.get("retentionInDays"), "tags": own_tags(tags["tags"] if tags else None)}
        return State(arn, live, {"arn": arn, "name": node.name})

    def _groups(self, node: Node, props: Mapping[str, Any]) -> list[dict[str, Any]]:
        common = f"/aws/lambda/{props['tags'][SERVICE_TAG]}-{props['tags'][STAGE_TAG]}-"
        prefix = common if node.name.startswith(common) else node.name  # a shortened name has no common start

        return self._listing.get(prefix, lambda: list(self.client.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)))

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create or adopt the group, then set how long it keeps."""
        node, arn = change.node, self._arn(change.node)
        live: Mapping[str, Any] = state.props if state else {"retention": None, "tags": {}}
        if state is None:
            try:
                self.client.call("logs", "create_log_group", logGroupName=node.name, tags=props["tags"])
                live = {"retention": None, "tags": props["tags"]}
            except CloudError as error:
                if error.reason != "ResourceAlreadyExistsException":
                    raise
        self._retain(node.name, props["retention"], live["retention"])
        self._tag(arn, *tag_changes(props["tags"], live["tags"]))
        return State(arn, props, {"arn": arn, "name": node.name})

    def _retain(self, name: str, wanted: int | None, found: int | None) -> None:
        if wanted is None and found is not None:
            self.client.call("logs", "delete_retention_policy", logGroupName=name)
        elif wanted is not None and wanted != found:
            self.client.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=wanted)

    def _tag(self, arn: str, put: Mapping[str, str], gone: list[str]) -> None:
        if put:
            self.client.call("logs", "tag_resource", resourceArn=arn, tags=put)
        if gone:
            self.client.call("logs", "untag_resource", resourceArn=arn, tagKeys=gone)

    def _arn(self, node: Node) -> str:
        return self.arn("logs", f"log-group:{node.name}")

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove the group and what it holds."""
        self.client.find("logs", "delete_log_group", logGroupName=node.name)

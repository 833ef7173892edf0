"""`aws.scheduler.group` and `aws.scheduler.schedule`: what runs by the clock. Schedules carry no tags, their group does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, foreign, from_list, is_ours, tag_changes, to_list


class Group(Base):
    """Props: `tags`."""

    rank = 30

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the group, unless it is on its way out or somebody else's."""
        found = self.client.find("scheduler", "get_schedule_group", Name=node.name)
        if found is None or found.get("State") == "DELETING":
            return None
        tags = self._tags(found["Arn"])
        if found["Arn"] != hint and not is_ours(props["tags"], tags):
            return None
        return State(found["Arn"], {"tags": tags}, {"name": node.name, "arn": found["Arn"]})

    def _tags(self, arn: str) -> dict[str, str]:
        found = self.client.find("scheduler", "list_tags_for_resource", ResourceArn=arn)
        return from_list(found.get("Tags", ())) if found else {}

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it and wait until it takes schedules, or set its tags."""
        node = change.node
        if state is None:
            state = self._create(node, props, run)
        found: Any = state.props["tags"]
        put, gone = tag_changes(props["tags"], found)
        if put:
            self.client.call("scheduler", "tag_resource", ResourceArn=state.id, Tags=to_list(put))
        if gone:
            self.client.call("scheduler", "untag_resource", ResourceArn=state.id, TagKeys=gone)
        return State(state.id, props, state.outputs)

    def _create(self, node: Node, props: Mapping[str, Any], run: Run) -> State:
        self._gone(node, run, only_leaving=True)
        try:
            self.client.call("scheduler", "create_schedule_group", Name=node.name, Tags=to_list(props["tags"]))
        except CloudError as error:
            if error.reason != "ConflictException":
                raise
            if self.read(node, props, None, run) is None:
                raise foreign(node.name, "schedule group", self._tags(self._arn(node))) from error
        return self.client.wait(f"schedule group {node.name}", lambda: self.read(node, props, self._arn(node), run), run)

    def _arn(self, node: Node) -> str:
        return self.arn("scheduler", f"schedule-group/{node.name}")

    def _gone(self, node: Node, run: Run, *, only_leaving: bool = False) -> None:
        def done() -> bool | None:
            found = self.client.find("scheduler", "get_schedule_group", Name=node.name)
            return True if found is None or (only_leaving and found.get("State") != "DELETING") else None

        self.client.wait(f"schedule group {node.name} to be gone", done, run)

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it with its schedules; AWS takes a moment."""
        self.client.find("scheduler", "delete_schedule_group", Name=node.name)
        self._gone(node, run)


class Schedule(Base):
    """Props: `group`, `expression`, `timezone`, `target` (the alias's ARN), `role`, `input`, `enabled`."""

    rank = 10
    replaces = frozenset({"group"})

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its group and name."""
        group = hint.split("/", 1)[0] if hint else props.get("group")
        if not isinstance(group, str):
            return None
        found = self.client.find("scheduler", "get_schedule", GroupName=group, Name=node.name)
        if found is None:
            return None
        target = found["Target"]
        live = {
            "group": group,
            "expression": found["ScheduleExpression"],
            "timezone": found.get("ScheduleExpressionTimezone") or "UTC",
            "target": target["Arn"],
            "role": target["RoleArn"],
            "input": target.get("Input"),
            "enabled": found.get("State") != "DISABLED",
        }
        return State(f"{group}/{node.name}", live, {"arn": found["Arn"]})

    def phases(self, change: Change) -> Sequence[Phase]:
        """A new clock starts when the code that it calls is live."""
        return ("switch",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Put the whole of it: UpdateSchedule forgets what is left out."""
        params = {
            "GroupName": props["group"],
            "Name": change.node.name,
            "ScheduleExpression": props["expression"],
            "ScheduleExpressionTimezone": props["timezone"],
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED" if props["enabled"] else "DISABLED",
            "Target": {"Arn": props["target"], "RoleArn": props["role"], "Input": props["input"]},
        }
        arn = self._put(params, exists=state is not None)
        return State(f"{props['group']}/{change.node.name}", props, {"arn": arn})

    def _put(self, params: Mapping[str, Any], *, exists: bool) -> str:
        if not exists:
            try:
                return str(self.client.call("scheduler", "create_schedule", **params)["ScheduleArn"])
            except CloudError as error:
                if error.reason != "ConflictException":
                    raise
        return str(self.client.call("scheduler", "update_schedule", **params)["ScheduleArn"])

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Stop it."""
        group = state.id.split("/", 1)[0]
        self.client.find("scheduler", "delete_schedule", GroupName=group, Name=node.name)

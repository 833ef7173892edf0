"""`aws.iam.role`: a role with one inline policy, `fnctl`. While code changes it holds what the old and what the new release may do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, foreign, from_list, is_ours, say, tag_changes, to_list
from fnctl_aws.names import fit

PATH, POLICY = "/fnctl/", "fnctl"
POLICY_LIMIT = 10_240
"""Characters of all inline policies of a role, white space not counted (IAM quotas, 2026)."""


class Role(Base):
    """Props: `trust` and `policy` (documents), `tags`."""

    rank = 90

    def role_name(self, node: Node) -> str:
        """Roles belong to the account, not to a region: two regions of one stage must not share one."""
        return fit(f"{node.name}-{self.client.region}", 64)

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the role; one of the same name that is not ours is none."""
        name = self.role_name(node)
        found = self.client.find("iam", "get_role", RoleName=name)
        if found is None:
            return None
        role = found["Role"]
        tags = from_list(role.get("Tags", ()))
        if role["Arn"] != hint and not is_ours(props["tags"], tags):
            return None
        policy = self.client.find("iam", "get_role_policy", RoleName=name, PolicyName=POLICY)
        live = {"trust": _parsed(role["AssumeRolePolicyDocument"]), "policy": _parsed(policy["PolicyDocument"]) if policy else None, "tags": tags}
        return State(role["Arn"], live, {"arn": role["Arn"], "name": name})

    def phases(self, change: Change) -> Sequence[Phase]:
        """Widen before the switch, narrow after it; tags alone need no second step."""
        only_tags = bool(change.fields) and all(field.path.startswith("tags") for field in change.fields)
        return ("prepare", "retire") if change.action == "update" and not only_tags else ("prepare",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create, or widen and then narrow."""
        name = self.role_name(change.node)
        if state is None:
            state = self._create(name, change.node, props, run)
        live = state.props
        if phase == "prepare":
            if live["trust"] != props["trust"]:
                self.client.call("iam", "update_assume_role_policy", RoleName=name, PolicyDocument=_text(props["trust"]))
            self._tag(name, props["tags"], live["tags"])
        policy = self._union(change, live["policy"], props["policy"], run) if phase == "prepare" and change.action == "update" else props["policy"]
        if policy != live["policy"]:
            self.client.call("iam", "put_role_policy", RoleName=name, PolicyName=POLICY, PolicyDocument=_text(policy))
        return State(state.id, {**props, "policy": policy}, state.outputs)

    def _create(self, name: str, node: Node, props: Mapping[str, Any], run: Run) -> State:
        try:
            made = self.client.call(
                "iam", "create_role", RoleName=name, Path=PATH, AssumeRolePolicyDocument=_text(props["trust"]), Tags=to_list(props["tags"])
            )
        except CloudError as error:
            if error.reason != "EntityAlreadyExists":
                raise
            state = self.read(node, props, None, run)
            if state is None:
                raise foreign(name, "role", self._tags(name)) from error
            return state
        return State(made["Role"]["Arn"], {**props, "policy": None}, {"arn": made["Role"]["Arn"], "name": name})

    def _tags(self, name: str) -> dict[str, str]:
        found = self.client.find("iam", "get_role", RoleName=name)
        return from_list(found["Role"].get("Tags", ())) if found else {}

    def _tag(self, name: str, wanted: Mapping[str, str], found: Any) -> None:
        put, gone = tag_changes(wanted, found)
        if put:
            self.client.call("iam", "tag_role", RoleName=name, Tags=to_list(put))
        if gone:
            self.client.call("iam", "untag_role", RoleName=name, TagKeys=gone)

    def _union(self, change: Change, old: Any, new: Mapping[str, Any], run: Run) -> Mapping[str, Any]:
        both = union(old, new)
        if len(_text(both)) <= POLICY_LIMIT:
            return both
        say(run, change.node, "the old and the new rights do not fit into one policy: the running code loses the old ones now")
        return new

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Take away its policies, then the role."""
        name = str(state.outputs["name"])
        if self.client.find("iam", "get_role", RoleName=name) is None:
            return
        for policy in list(self.client.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)):
            self.client.find("iam", "delete_role_policy", RoleName=name, PolicyName=policy)
        for attached in list(self.client.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name)):
            self.client.find("iam", "detach_role_policy", RoleName=name, PolicyArn=attached["PolicyArn"])
        self.client.find("iam", "delete_role", RoleName=name)


def union(old: Any, new: Mapping[str, Any]) -> Mapping[str, Any]:  # a policy document or None
    """Join two policies: every new statement, and those old ones that are not among them. Sids must be unique, so the old ones lose theirs."""
    if not old:
        return new
    rights = [_bare(statement) for statement in new["Statement"]]
    kept = [bare for statement in old["Statement"] if (bare := _bare(statement)) not in rights]
    return {**new, "Statement": [*new["Statement"], *kept]}


def _bare(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in statement.items() if key != "Sid"}


def _text(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _parsed(document: Any) -> Any:  # boto3 decodes a document, some stand-ins leave it a text
    return json.loads(document) if isinstance(document, str) else document

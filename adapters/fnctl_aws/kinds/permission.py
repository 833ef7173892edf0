"""`aws.lambda.permission`: one statement of the alias's policy. Statements of others in the same policy are left alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, Client
from fnctl_aws.kinds.listing import Locks
from fnctl_aws.names import LIVE


def statements(client: Client, function: str) -> dict[str, Mapping[str, Any]]:
    """Return the statements of a function's alias by their ids."""
    found = client.find("lambda", "get_policy", FunctionName=function, Qualifier=LIVE)
    return {str(one.get("Sid")): one for one in json.loads(found["Policy"])["Statement"]} if found else {}


def allow(client: Client, function: str, sid: str, **params: Any) -> None:
    """Add a statement; one of the same id, left by a killed run, is replaced."""
    call = {"FunctionName": function, "Qualifier": LIVE, "StatementId": sid, **params}
    try:
        client.call("lambda", "add_permission", **call)
    except CloudError as error:
        if error.reason != "ResourceConflictException" or "already exists" not in str(error):
            raise
        forbid(client, function, sid)
        client.call("lambda", "add_permission", **call)


def forbid(client: Client, function: str, sid: str) -> None:
    """Remove a statement; none there is success."""
    client.find("lambda", "remove_permission", FunctionName=function, Qualifier=LIVE, StatementId=sid)


class Permission(Base):
    """Props: `function`, `principal`, `action`, `source` (an ARN, `*` inside). The node's name is the statement's id."""

    rank = 20

    def __init__(self, client: Client, locks: Locks) -> None:
        """Share the locks with whoever else writes to the same policies."""
        super().__init__(client)
        self.locks = locks

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find the statement by its id."""
        function = _function(props, hint)
        if function is None:
            return None
        found = statements(self.client, function).get(node.name)
        if found is None:
            return None
        condition = found.get("Condition") or {}
        source = next((value for test in ("ArnLike", "StringLike", "ArnEquals") for value in condition.get(test, {}).values()), None)
        principal = found["Principal"]
        live = {
            "function": function,
            "principal": principal.get("Service") if isinstance(principal, dict) else principal,
            "action": found["Action"],
            "source": source,
        }
        return State(f"{function}/{node.name}", live, {})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Add it; a statement cannot be changed, so another one takes its place."""
        function, sid = props["function"], change.node.name
        with self.locks.of(function):
            if state is not None:
                forbid(self.client, function, sid)
            allow(self.client, function, sid, Action=props["action"], Principal=props["principal"], SourceArn=props["source"])
        return State(f"{function}/{sid}", props, {})

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Take it away."""
        function = str(state.props["function"])
        with self.locks.of(function):
            forbid(self.client, function, node.name)


def _function(props: Mapping[str, Any], hint: str | None) -> str | None:
    name = props.get("function")
    if isinstance(name, str):
        return name
    return hint.split("/", 1)[0] if hint else None

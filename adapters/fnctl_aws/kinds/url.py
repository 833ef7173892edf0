"""`aws.lambda.url`: a function's own address, and the two statements that let the world call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, Client
from fnctl_aws.kinds.cors import from_aws, to_aws
from fnctl_aws.kinds.listing import Locks
from fnctl_aws.kinds.permission import allow, forbid, statements
from fnctl_aws.names import LIVE

PUBLIC: Mapping[str, Mapping[str, Any]] = {
    "fnctl-url": {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
    "fnctl-url-fn": {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
}
"""Since October 2025 one of the two alone answers 403 (Lambda Developer Guide, Control access to Lambda function URLs)."""


class Url(Base):
    """Props: `function`, `auth`, `mode`, `cors`, `public`: whether both statements are there."""

    rank = 20

    def __init__(self, client: Client, locks: Locks) -> None:
        """Share the locks with the permissions of the same functions."""
        super().__init__(client)
        self.locks = locks

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the address and who may call it."""
        found = self.client.find("lambda", "get_function_url_config", FunctionName=node.name, Qualifier=LIVE)
        if found is None:
            return None
        there = statements(self.client, node.name)
        live = {
            "function": node.name,
            "auth": found["AuthType"],
            "mode": found.get("InvokeMode", "BUFFERED"),
            "cors": from_aws(found.get("Cors")),
            "public": all(sid in there for sid in PUBLIC),
        }
        return self._state(node, found, live)

    def phases(self, change: Change) -> Sequence[Phase]:
        """Nobody may call before what answers is the new release."""
        return ("switch",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create or change the address, then let callers in."""
        name = props["function"]
        settings = {"AuthType": props["auth"], "InvokeMode": props["mode"], "Cors": to_aws(props["cors"])}
        there = self.client.find("lambda", "get_function_url_config", FunctionName=name, Qualifier=LIVE)
        operation = "update_function_url_config" if there else "create_function_url_config"
        found = self.client.call("lambda", operation, FunctionName=name, Qualifier=LIVE, **settings)
        with self.locks.of(name):
            allowed = statements(self.client, name)
            for sid, params in PUBLIC.items():
                if sid not in allowed:
                    allow(self.client, name, sid, **params)
        return self._state(change.node, found, props)

    def _state(self, node: Node, found: Mapping[str, Any], props: Mapping[str, Any]) -> State:
        url = str(found["FunctionUrl"]).rstrip("/")
        front = self.client.front(str(node.address), url.split("://", 1)[-1])
        return State(node.name, props, {"url": (front or url).rstrip("/")})

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Close it, and take the statements back."""
        self.client.find("lambda", "delete_function_url_config", FunctionName=node.name, Qualifier=LIVE)
        with self.locks.of(node.name):
            for sid in PUBLIC:
                forbid(self.client, node.name, sid)

"""`aws.lambda.concurrency` and `aws.lambda.provisioned`: environments kept for a function, and kept warm for its alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base
from fnctl_aws.names import LIVE

QUOTA = 'ask for a higher "Concurrent executions" quota (Service Quotas, Lambda), or reserve less'


class Reserved(Base):
    """Props: `function`, `reserved`. 0 stops the function."""

    rank = 30

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return the reservation, None where the function draws from the account's pool."""
        found = self.client.find("lambda", "get_function_concurrency", FunctionName=node.name)
        reserved = (found or {}).get("ReservedConcurrentExecutions")
        return None if reserved is None else State(node.name, {"function": node.name, "reserved": reserved}, {})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Reserve. AWS keeps 100 of the account's environments unreserved."""
        try:
            self.client.call("lambda", "put_function_concurrency", FunctionName=props["function"], ReservedConcurrentExecutions=props["reserved"])
        except CloudError as error:
            if "UnreservedConcurrentExecution" not in str(error):
                raise
            raise _quota(error, f"{props['reserved']} environments cannot be reserved for {props['function']}") from error
        return State(change.node.name, props, {})

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Give them back to the pool."""
        self.client.find("lambda", "delete_function_concurrency", FunctionName=node.name)


class Provisioned(Base):
    """Props: `function`, `provisioned`: environments kept warm behind the alias."""

    rank = 30

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return what was asked for; what could not be allocated is as good as nothing."""
        found = self._get(node.name)
        if found is None:
            return None
        asked = found["RequestedProvisionedConcurrentExecutions"] if found["Status"] != "FAILED" else None
        return State(node.name, {"function": node.name, "provisioned": asked}, {})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Ask, and wait until every one of them is warm."""
        name = props["function"]
        self.client.call(
            "lambda",
            "put_provisioned_concurrency_config",
            FunctionName=name,
            Qualifier=LIVE,
            ProvisionedConcurrentExecutions=props["provisioned"],
        )
        self.client.wait(f"{props['provisioned']} warm environments of {name}", lambda: self._ready(name), run, limit=900.0)
        return State(change.node.name, props, {})

    def _ready(self, name: str) -> bool | None:
        found = self._get(name) or {}
        if found.get("Status") == "FAILED":
            cause = CloudError(str(found.get("StatusReason") or "no reason given"))
            raise _quota(cause, f"Lambda could not keep {name} warm")
        return True if found.get("Status") == "READY" else None

    def _get(self, name: str) -> dict[str, Any] | None:
        try:
            return self.client.find("lambda", "get_provisioned_concurrency_config", FunctionName=name, Qualifier=LIVE)
        except CloudError as error:
            if error.reason != "ProvisionedConcurrencyConfigNotFoundException":
                raise
            return None

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Let them cool down."""
        self.client.find("lambda", "delete_provisioned_concurrency_config", FunctionName=node.name, Qualifier=LIVE)


def _quota(cause: CloudError, message: str) -> CloudError:
    return CloudError(message, reason=cause.reason, help=QUOTA, notes=(str(cause),))

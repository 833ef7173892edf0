"""`aws.apigateway.integration` and `aws.apigateway.route`: from a path of the API to a function's alias."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, Client
from fnctl_aws.kinds.listing import Listing


class Part(Base, ABC):
    """Something below an API that carries no tags: it is found in the API's own listing."""

    rank = 10
    replaces = frozenset({"api"})
    plural, identity = "", ""

    def __init__(self, client: Client) -> None:
        """Keep a listing for all reads of a run."""
        super().__init__(client)
        self._listing = Listing()

    def items(self, api: str) -> list[dict[str, Any]]:
        """Return every such part of one API."""

        def load() -> list[dict[str, Any]]:
            # An API that is gone has no parts; its listing would be an error.
            if self.client.find("apigatewayv2", "get_api", ApiId=api) is None:
                return []
            return list(self.client.pages("apigatewayv2", f"get_{self.plural}", "Items", ApiId=api))

        return self._listing.get(api, load)

    def find(self, props: Mapping[str, Any], hint: str | None) -> tuple[str, dict[str, Any]] | None:
        """Return the API and the part: by its recorded id, else by what it is."""
        api = props.get("api")
        if not isinstance(api, str):
            return None
        items = self.items(api)
        by_id = (item for item in items if hint and hint == f"{api}/{item[self.identity]}")
        found = next(by_id, None) or next((item for item in items if self.matches(item, props)), None)
        return (api, found) if found else None

    @abstractmethod
    def matches(self, item: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        """Tell whether a listed part is the wanted one."""

    def state(self, api: str, item: Mapping[str, Any], props: Mapping[str, Any]) -> State:
        """Name it by its API and its own id: the one is worth nothing without the other."""
        return State(f"{api}/{item[self.identity]}", props, {"id": item[self.identity]})

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it from its API, with its twins: a create whose answer is lost is sent again, and may have been heard twice."""
        api, part = state.id.split("/", 1)
        twins = {str(item[self.identity]) for item in self.items(api) if self.matches(item, state.props)}
        for one in sorted({part, *twins}):
            self.client.find("apigatewayv2", f"delete_{self.plural[:-1]}", ApiId=api, **{self.identity: one})


class Integration(Part):
    """Props: `api`, `uri` (the alias's ARN), `timeout` in milliseconds."""

    rank = 15
    plural, identity = "integrations", "IntegrationId"

    def matches(self, item: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        """One integration a function."""
        return bool(item.get("IntegrationUri") == props["uri"])

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return where it leads."""
        found = self.find(props, hint)
        if found is None:
            return None
        api, item = found
        return self.state(api, item, {"api": api, "uri": item.get("IntegrationUri"), "timeout": item.get("TimeoutInMillis")})

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it unless a killed run did, or lead it elsewhere."""
        there = self.find(props, state.id if state else None)
        settings = {"IntegrationUri": props["uri"], "PayloadFormatVersion": "2.0", "TimeoutInMillis": props["timeout"]}
        if there is None:
            item = self.client.call("apigatewayv2", "create_integration", ApiId=props["api"], IntegrationType="AWS_PROXY", **settings)
        else:
            item = there[1]
            self.client.call("apigatewayv2", "update_integration", ApiId=props["api"], IntegrationId=item["IntegrationId"], **settings)
        return self.state(props["api"], item, props)


class Route(Part):
    """Props: `api`, `key` (`GET /orders/{id}`), `target` (`integrations/ID`), `auth`."""

    rank = 5
    plural, identity = "routes", "RouteId"

    def matches(self, item: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        """A key is there once."""
        return bool(item.get("RouteKey") == props["key"])

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Return where it leads."""
        found = self.find(props, hint)
        if found is None:
            return None
        api, item = found
        live = {"api": api, "key": item["RouteKey"], "target": item.get("Target"), "auth": item.get("AuthorizationType") or "NONE"}
        return self.state(api, item, live)

    def phases(self, change: Change) -> Sequence[Phase]:
        """A new path opens when the code that answers it is live."""
        return ("switch",)

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create it unless it is there, or lead it elsewhere."""
        there = self.find(props, state.id if state else None)
        settings = {"RouteKey": props["key"], "Target": props["target"], "AuthorizationType": props["auth"]}
        if there is None:
            item = self.client.call("apigatewayv2", "create_route", ApiId=props["api"], **settings)
        else:
            item = there[1]
            self.client.call("apigatewayv2", "update_route", ApiId=props["api"], RouteId=item["RouteId"], **settings)
        return self.state(props["api"], item, props)

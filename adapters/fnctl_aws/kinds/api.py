"""`aws.apigateway.api`: one HTTP API with its `$default` stage, which publishes every change by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fnctl.adapter import Change, Phase, Run
from fnctl.graph import Node, State
from fnctl_aws.kinds.base import Base, is_ours, own_tags, tag_changes
from fnctl_aws.kinds.cors import from_aws, to_aws
from fnctl_aws.names import ADDRESS_TAG

STAGE = "$default"


class HttpApi(Base):
    """Props: `name`, `cors`, `rate` and `burst` (requests per second), `tags`. Names may repeat, so tags say which one is ours."""

    rank = 20

    def read(self, node: Node, props: Mapping[str, Any], hint: str | None, run: Run) -> State | None:
        """Find it by its recorded id, else among all APIs by its tags."""
        api = (self.client.find("apigatewayv2", "get_api", ApiId=hint) if hint else None) or self._listed(props)
        if api is None:
            return None
        stage = self.client.find("apigatewayv2", "get_stage", ApiId=api["ApiId"], StageName=STAGE) or {}
        settings = stage.get("DefaultRouteSettings") or {}
        live = {
            "name": api["Name"],
            "cors": from_aws(api.get("CorsConfiguration")),
            "rate": settings.get("ThrottlingRateLimit"),
            "burst": settings.get("ThrottlingBurstLimit"),
            "tags": self._tags(api["ApiId"]),
        }
        return State(api["ApiId"], live, self._outputs(node, api))

    def _listed(self, props: Mapping[str, Any]) -> dict[str, Any] | None:
        wanted = props["tags"]
        for api in self.client.pages("apigatewayv2", "get_apis", "Items"):
            tags = api.get("Tags") or {}
            if is_ours(wanted, tags) and tags.get(ADDRESS_TAG) == wanted[ADDRESS_TAG]:
                return dict(api)
        return None

    def write(self, change: Change, props: Mapping[str, Any], state: State | None, phase: Phase, run: Run) -> State:
        """Create what is missing. CreateApi is not idempotent: a killed run's API is looked for first."""
        state = state or self.read(change.node, props, None, run) or self._create(change.node, props)
        api, live = state.id, state.props
        if props["name"] != live["name"] or (props["cors"] and props["cors"] != live["cors"]):
            cors = {"CorsConfiguration": to_aws(props["cors"])} if props["cors"] else {}
            self.client.call("apigatewayv2", "update_api", ApiId=api, Name=props["name"], **cors)
        if live["cors"] and not props["cors"]:
            self.client.call("apigatewayv2", "delete_cors_configuration", ApiId=api)
        self._stage(api, props, live)
        self._tag(api, *tag_changes(props["tags"], live["tags"]))  # type: ignore[arg-type]  # read as a map
        return State(api, props, state.outputs)

    def _create(self, node: Node, props: Mapping[str, Any]) -> State:
        cors = {"CorsConfiguration": to_aws(props["cors"])} if props["cors"] else {}
        api = self.client.call("apigatewayv2", "create_api", Name=props["name"], ProtocolType="HTTP", Tags=props["tags"], **cors)
        return State(api["ApiId"], {**props, "rate": None, "burst": None}, self._outputs(node, api))

    def _stage(self, api: str, props: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        if (props["rate"], props["burst"]) == (live["rate"], live["burst"]):
            return
        settings = {"ThrottlingRateLimit": float(props["rate"]), "ThrottlingBurstLimit": props["burst"]}
        there = self.client.find("apigatewayv2", "get_stage", ApiId=api, StageName=STAGE)
        operation, tags = ("update_stage", {}) if there else ("create_stage", {"Tags": props["tags"]})
        self.client.call("apigatewayv2", operation, ApiId=api, StageName=STAGE, AutoDeploy=True, DefaultRouteSettings=settings, **tags)

    def _arn(self, api: str) -> str:
        return f"arn:{self.client.partition}:apigateway:{self.client.region}::/apis/{api}"

    def _tags(self, api: str) -> dict[str, str]:
        found = self.client.find("apigatewayv2", "get_tags", ResourceArn=self._arn(api))
        return own_tags(found.get("Tags") if found else None)

    def _tag(self, api: str, put: Mapping[str, str], gone: list[str]) -> None:
        arn = self._arn(api)
        if put:
            self.client.call("apigatewayv2", "tag_resource", ResourceArn=arn, Tags=put)
        if gone:
            self.client.call("apigatewayv2", "untag_resource", ResourceArn=arn, TagKeys=gone)

    def _outputs(self, node: Node, api: Mapping[str, Any]) -> dict[str, Any]:
        host = str(api["ApiEndpoint"]).split("://", 1)[-1]
        front = self.client.front(str(node.address), host)
        return {"id": api["ApiId"], "host": host, "url": (front or api["ApiEndpoint"]).rstrip("/")}

    def delete(self, node: Node, state: State, run: Run) -> None:
        """Remove it with its routes, integrations and stage."""
        self.client.find("apigatewayv2", "delete_api", ApiId=state.id)

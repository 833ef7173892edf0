"""Microsoft.OperationalInsights and Microsoft.Insights: workspaces, components, and the ids by which their rows are asked for."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable

from fnctl_azure.standin.providers import Provider, Work
from fnctl_azure.standin.telemetry import Telemetry
from fnctl_azure.standin.wire import Answer, refused
from fnctl_azure.standin.world import TENANT

WORKSPACES = "Microsoft.OperationalInsights/workspaces"
COMPONENTS = "Microsoft.Insights/components"


def providers(telemetry: Telemetry) -> dict[str, Provider]:
    """What they do."""
    return {
        WORKSPACES.lower(): Provider(put=_workspace, actions={"sharedkeys": _shared}),
        COMPONENTS.lower(): Provider(put=_component, actions={"query": _asked(telemetry)}),
    }


def _workspace(work: Work) -> None:
    old = work.old.properties if work.old else {}
    work.body["properties"]["customerId"] = old.get("customerId") or str(uuid.uuid4())


def _component(work: Work) -> None:
    properties = work.body["properties"]
    old = work.old.properties if work.old else {}
    workspace = str(properties.get("WorkspaceResourceId") or "")
    if not workspace:
        raise refused(400, "BadRequest", "Classic components are retired: WorkspaceResourceId is required.")
    if work.world.find(workspace) is None:
        raise refused(400, "BadRequest", f"The workspace '{workspace}' was not found.")
    key, app = old.get("InstrumentationKey") or str(uuid.uuid4()), old.get("AppId") or str(uuid.uuid4())
    ingestion = f"IngestionEndpoint={work.request.base}/_ingestion/;LiveEndpoint={work.request.base}/_live/"
    properties |= {
        "InstrumentationKey": key,
        "AppId": app,
        "ApplicationId": work.target.name,
        "Name": work.target.name,
        "TenantId": TENANT,
        "ConnectionString": f"InstrumentationKey={key};{ingestion};ApplicationId={app}",
    }


def _shared(_work: Work) -> Answer:
    return Answer(200, {name: base64.b64encode(secrets.token_bytes(64)).decode() for name in ("primarySharedKey", "secondarySharedKey")})


def _asked(telemetry: Telemetry) -> Callable[[Work], Answer]:
    def act(work: Work) -> Answer:
        component = work.world.find(work.id)
        assert component is not None  # noqa: S101  # it was looked for
        said = work.request.json()
        return Answer(200, telemetry.query(str(component.properties["InstrumentationKey"]), str(said.get("query") or ""), said.get("timespan")))

    return act

"""From a Service to the graph of Azure objects: one file a service of the platform. Pure: no clock, no credentials, no SDK.

Props are in ARM's own words. `parent` is the id below which an object lies (a resource group, an account, or the scope of a role assignment or an
event subscription), `location`, `kind`, `sku`, `identity` and `tags` stand where ARM has them, and every other word is one of its `properties`. Only
apps and functions have words of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fnctl.graph import Artifact, Graph, Node, Ref, Text, Value
from fnctl.manifest.model import Service
from fnctl_azure.apps import app_of
from fnctl_azure.names import app_address, function_address
from fnctl_azure.translate.apps import app_nodes
from fnctl_azure.translate.cosmos import cosmos_nodes
from fnctl_azure.translate.eventgrid import eventgrid_nodes
from fnctl_azure.translate.eventhubs import eventhubs_nodes
from fnctl_azure.translate.ground import ground_nodes
from fnctl_azure.translate.servicebus import servicebus_nodes
from fnctl_azure.translate.storage import storage_nodes

PARTS: tuple[Callable[[Service], Iterator[Node]], ...] = (
    ground_nodes,
    storage_nodes,
    servicebus_nodes,
    cosmos_nodes,
    eventhubs_nodes,
    eventgrid_nodes,
)


def translate(service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
    """Return every object that the service needs; `artifacts` by the name of their app.

    Raises:
        FnctlError: a schedule that no timer keeps (AZ605).
    """
    nodes = [*(node for part in PARTS for node in part(service)), *app_nodes(service, artifacts)]
    return Graph({node.address: node for node in nodes}, {name: _outputs(service, name) for name in service.functions})


def _outputs(service: Service, name: str) -> dict[str, Value]:
    function = service.functions[name]
    routes = [str(trigger.options["path"]) for trigger in function.triggers if trigger.kind == "http"]
    shown: dict[str, Value] = {"id": Ref(function_address(name), "id")}
    if not routes:
        return shown
    return {"url": Text((Ref(app_address(app_of(service, function)), "url"), routes[0].split("{", 1)[0])), **shown}

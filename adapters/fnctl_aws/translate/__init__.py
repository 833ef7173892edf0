"""From a Service to the graph of AWS objects: one file a trigger or resource kind. Pure: no clock, no credentials, no SDK."""

from __future__ import annotations

from collections.abc import Mapping

from fnctl.graph import Artifact, Graph, Ref, Value
from fnctl.manifest.model import Service
from fnctl_aws.names import function_address
from fnctl_aws.translate.http import http_nodes, url_of


def translate(service: Service, artifacts: Mapping[str, Artifact]) -> Graph:
    """Return every object that the service needs; `artifacts` by function name."""
    # Here and not above: the rules take a few words from this room, and most need none of these files.
    from fnctl_aws.translate.function import function_nodes
    from fnctl_aws.translate.queue import queue_nodes, queue_triggers
    from fnctl_aws.translate.schedule import schedule_nodes
    from fnctl_aws.translate.storage import bucket_nodes, table_nodes

    parts = (queue_nodes, table_nodes, bucket_nodes, http_nodes, schedule_nodes, queue_triggers)
    nodes = [*function_nodes(service, artifacts), *(node for part in parts for node in part(service))]
    return Graph({node.address: node for node in nodes}, {name: _outputs(service, name) for name in service.functions})


def _outputs(service: Service, name: str) -> dict[str, Value]:
    url = url_of(service, service.functions[name])
    shown: dict[str, Value] = {"url": url} if url else {}
    return {**shown, "id": Ref(function_address(name), "live")}

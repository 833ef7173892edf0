"""Tables and buckets: where people's data is. Nothing here is ever replaced or deleted in passing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import Json, Node, Value
from fnctl.manifest.model import Resource, Service
from fnctl_aws.names import physical, resource_address, resource_tags, tags

TYPES: Mapping[str, str] = {"string": "S", "number": "N", "binary": "B"}
BUCKET_LIMIT = 54
"""63 less a hyphen and the hash of account and region that the kind adds: bucket names are shared by the whole world."""


def table_nodes(service: Service) -> Iterator[Node]:
    """Yield one DynamoDB table for every table."""
    for resource in _of_type(service, "table"):
        address = resource_address(resource)
        props: dict[str, Value] = {
            "key": _key(resource.options.get("key", "id")),
            "sort": _key(resource.options.get("sort")),
            "ttl": resource.options.get("ttl"),
            "billing": "PAY_PER_REQUEST",
            "tags": tags(service, address, resource_tags(resource)),
        }
        yield _node(service, resource, "aws.dynamodb.table", physical(service, resource.name, 255), props)


def bucket_nodes(service: Service) -> Iterator[Node]:
    """Yield one S3 bucket for every bucket: encrypted, and closed to the public."""
    for resource in _of_type(service, "bucket"):
        props: dict[str, Value] = {
            "public": False,
            "encryption": "AES256",
            "versioned": bool(resource.options.get("versioned")),
            "tags": tags(service, resource_address(resource), resource_tags(resource)),
        }
        yield _node(service, resource, "aws.s3.bucket", physical(service, resource.name, BUCKET_LIMIT), props)


def _of_type(service: Service, kind: str) -> Iterator[Resource]:
    return (resource for resource in service.resources.values() if resource.type == kind)


def _key(said: Json) -> dict[str, Value] | None:
    """`id` is a string attribute; `{name: id, type: number}` says another type."""
    if said is None:
        return None
    if isinstance(said, Mapping):
        return {"name": str(said["name"]), "type": TYPES[str(said.get("type") or "string")]}
    return {"name": str(said), "type": "S"}


def _node(service: Service, resource: Resource, kind: str, name: str, props: dict[str, Value]) -> Node:
    address, span = resource_address(resource), service.span("resources", resource.name)
    if resource.existing:
        return Node(address, kind, resource.existing, {}, owned=False, stateful=True, span=span)
    return Node(address, kind, name, props, stateful=True, retain=resource.retain, span=span)

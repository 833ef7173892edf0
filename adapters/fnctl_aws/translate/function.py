"""One function: its role, its log group, itself, and the concurrency that is set for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fnctl.graph import Artifact, Node, Ref, Value
from fnctl.manifest.model import Function, Image, Service
from fnctl_aws.names import environment_name, function_address, function_arn, physical, resource_address, tags
from fnctl_aws.translate.policy import function_policy, traced, trust
from fnctl_aws.translate.secrets import secret_environment
from fnctl_aws.translate.shim import shim_of

MEMORY, TIMEOUT, SCRATCH = 512, 30, 512
"""Where the manifest says nothing: Lambda's own 128 MB and 3 s are too small to start a Python with an SDK."""

LEVELS: Mapping[str, str] = {"warning": "WARN", "critical": "FATAL"}
IDENTIFIER: Mapping[str, str] = {"queue": "url", "table": "name", "bucket": "name"}
"""Which output of a resource is its primary identifier, as it arrives in the environment."""


def function_nodes(service: Service, artifacts: Mapping[str, Artifact]) -> Iterator[Node]:
    """Yield the nodes of every function."""
    for function in service.functions.values():
        yield _role(service, function)
        yield _logs(service, function)
        if function.image:
            yield _function(service, function, _image(function.image), None)
        else:
            yield _function(service, function, _archive(service, function, artifacts[function.name]), artifacts[function.name])
        yield from _concurrency(service, function)


def runtime_of(function: Function) -> str:
    """Lambda writes `nodejs22.x` where the manifest says `nodejs22`."""
    return f"{function.runtime}.x" if function.runtime.startswith("nodejs") else function.runtime


def timeout_of(function: Function) -> int:
    """Return the timeout in seconds."""
    return TIMEOUT if function.timeout is None else function.timeout


def log_group(service: Service, function: Function) -> str:
    """Return the name that Lambda itself would use."""
    return f"/aws/lambda/{physical(service, function.name)}"


def _role(service: Service, function: Function) -> Node:
    address = function_address(function.name, "role")
    props: dict[str, Value] = {
        "trust": trust("lambda.amazonaws.com"),
        "policy": function_policy(service, function),
        "tags": tags(service, address, function.tags),
    }
    return Node(address, "aws.iam.role", physical(service, function.name), props, span=service.span("functions", function.name))


def _logs(service: Service, function: Function) -> Node:
    address = function_address(function.name, "logs")
    props: dict[str, Value] = {"retention": function.logs.retention, "tags": tags(service, address, function.tags)}
    span = service.span("functions", function.name, "logs")
    return Node(address, "aws.logs.group", log_group(service, function), props, span=span)


def _function(service: Service, function: Function, program: Mapping[str, Value], artifact: Artifact | None) -> Node:
    address = function_address(function.name)
    props: dict[str, Value] = {
        **program,
        "memory": function.memory or MEMORY,
        "timeout": timeout_of(function),
        "description": function.description,
        "architecture": function.architecture,
        "ephemeral_storage": function.own.get("ephemeral_storage") or SCRATCH,
        "environment": environment(service, function),
        "tracing": "Active" if traced(function) else "PassThrough",
        "logging": _logging(service, function),
        "role": Ref(function_address(function.name, "role"), "arn"),
        "tags": tags(service, address, function.tags),
    }
    needs = frozenset({function_address(function.name, "logs")})  # or Lambda makes a group that never expires
    span = service.span("functions", function.name)
    return Node(address, "aws.lambda.function", physical(service, function.name), props, needs, artifact, span)


def _archive(service: Service, function: Function, artifact: Artifact) -> dict[str, Value]:
    between = shim_of(service, function)
    return {
        "runtime": runtime_of(function),
        "handler": between.handler,
        "layers": list(function.layers),
        "code": artifact.sha256,
        "shim": between.digest[:12] or None,
    }


def _image(image: Image) -> dict[str, Value]:
    """A digest is compared with what Lambda resolved; what a tag stands for only the registry knows."""
    said: dict[str, Value] = {
        "uri": image.uri,
        "command": list(image.command),
        "entry_point": list(image.entry_point),
        "working_directory": image.working_directory,
    }
    digest = image.uri.partition("@sha256:")[2]
    return {"image": said, "code": digest} if digest else {"image": said}


def _logging(service: Service, function: Function) -> dict[str, Value]:
    json = function.logs.format == "json"
    level = function.logs.level.lower()
    # Levels are legal with JSON only.
    return {
        "format": "JSON" if json else "Text",
        "level": LEVELS.get(level, level.upper()) if json else None,
        "group": log_group(service, function),
    }


def environment(service: Service, function: Function) -> dict[str, Value]:
    """Return own values, what is used under its portable names, and references to secrets."""
    found: dict[str, Value] = dict(function.env)
    for name in function.uses:
        if name in service.functions:
            found[environment_name(name, "function")] = function_arn(service, name)
        elif (resource := service.resources.get(name)) and resource.type in IDENTIFIER:
            found[environment_name(name, resource.type)] = Ref(resource_address(resource), IDENTIFIER[resource.type])
    return {**found, **secret_environment(service, function)}


def _concurrency(service: Service, function: Function) -> Iterator[Node]:
    me = function_address(function.name)
    span = service.span("functions", function.name, "concurrency")
    needs = {me}
    if function.reserved is not None:
        address = function_address(function.name, "concurrency")
        props: dict[str, Value] = {"function": Ref(me, "name"), "reserved": function.reserved}
        yield Node(address, "aws.lambda.concurrency", physical(service, function.name), props, span=span)
        needs.add(address)
    if function.provisioned:
        address = function_address(function.name, "provisioned")
        props = {"function": Ref(me, "name"), "provisioned": function.provisioned}
        yield Node(address, "aws.lambda.provisioned", physical(service, function.name), props, frozenset(needs), span=span)

"""What a function may do: one least-privilege policy from its triggers, its `uses`, its secrets and its tracing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fnctl.graph import Ref, Text, Value
from fnctl.manifest.model import Function, Resource, Service
from fnctl_aws.names import ACCOUNT, function_address, function_arn, resource_address
from fnctl_aws.translate.secrets import secret_statements

VERBS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("queue", "send"): ("sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    ("queue", "consume"): ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"),
    ("table", "read"): (
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DescribeTable",
    ),
    ("table", "write"): ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"),
    ("bucket", "read"): ("s3:GetObject",),
    ("bucket", "write"): ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"),
}
"""Actions by resource type and verb. Service Authorization Reference, read 2026-11."""

Statement = Mapping[str, Value]


def document(statements: Iterable[Statement]) -> dict[str, Value]:
    """Wrap statements as a policy."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(sid: str, actions: Iterable[str], resources: Sequence[Value]) -> Statement:
    """One Allow, its actions sorted so that the same rights read the same."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(set(actions)), "Resource": list(resources)}


def trust(principal: str, condition: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Say which AWS service may take on a role."""
    allow: dict[str, Value] = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
    return document([{**allow, "Condition": condition} if condition else allow])


def same_account() -> dict[str, Value]:
    """Keep other accounts' schedules from using a role (the confused deputy)."""
    return {"StringEquals": {"aws:SourceAccount": Text((ACCOUNT,))}}


def function_policy(service: Service, function: Function) -> dict[str, Value]:
    """Return everything that one function may do."""
    logs = Text((Ref(function_address(function.name, "logs"), "arn"), ":*"))
    statements = [statement("Logs", ("logs:CreateLogStream", "logs:PutLogEvents"), [logs])]
    if traced(function):
        statements.append(statement("Tracing", ("xray:PutTraceSegments", "xray:PutTelemetryRecords"), ["*"]))
    for name, verbs in sorted(granted(service, function).items()):
        statements.extend(_statements(service, name, verbs))
    return document([*statements, *secret_statements(service, function)])


def traced(function: Function) -> bool:
    """Tell whether X-Ray records its calls."""
    return function.tracing not in (None, "none")


def granted(service: Service, function: Function) -> dict[str, set[str]]:
    """Return used name -> verbs; listening to a queue implies `consume`."""
    verbs = {name: set(said) for name, said in function.uses.items() if name in service.resources or name in service.functions}
    for trigger in function.triggers:
        if trigger.kind == "queue" and trigger.resource:
            verbs.setdefault(trigger.resource, set()).add("consume")
    return verbs


def _statements(service: Service, name: str, verbs: set[str]) -> Iterator[Statement]:
    if name in service.functions:
        # The qualified ARN is another resource to IAM than the function's own.
        targets = [function_arn(service, name, None), function_arn(service, name)]
        yield statement(_sid(name, "function"), ("lambda:InvokeFunction",), targets)
        return
    resource = service.resources[name]
    actions = [action for verb in sorted(verbs) for action in VERBS.get((resource.type, verb), ())]
    if actions:
        yield statement(_sid(name, resource.type), actions, _targets(resource))
    if resource.type == "bucket" and "read" in verbs:
        # Without ListBucket a missing key answers 403, not 404.
        yield statement(_sid(name, "bucket") + "List", ("s3:ListBucket",), [Ref(resource_address(resource), "arn")])


def _targets(resource: Resource) -> list[Value]:
    own = Ref(resource_address(resource), "arn")
    if resource.type == "bucket":
        return [Text((own, "/*"))]
    return [own, Text((own, "/index/*"))] if resource.type == "table" else [own]


def _sid(name: str, kind: str) -> str:
    return "".join(part.capitalize() for part in (*name.split("-"), kind))


def invoke_policy(service: Service, functions: Iterable[str]) -> dict[str, Value]:
    """Let a scheduler call exactly these functions, through their alias only."""
    return document([statement("Invoke", ("lambda:InvokeFunction",), [function_arn(service, name) for name in sorted(functions)])])

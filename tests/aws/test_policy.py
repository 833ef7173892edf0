"""Who may do what: exactly what the manifest links, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from aws.services import function, queue, resource, service
from fnctl.graph import Address, Node
from fnctl.manifest.model import Function
from fnctl_aws.kinds.iam import union
from fnctl_aws.translate.policy import function_policy

PARTS = (
    resource("orders", "table"),
    resource("uploads", "bucket"),
    resource("jobs", "queue"),
    function("mail"),
)


def rights(made: Function, **more: Any) -> dict[str, list[str]]:
    policy: Any = function_policy(service(made, *PARTS, **more), made)
    return {statement["Sid"]: statement["Action"] for statement in policy["Statement"]}


BASE = {"Logs": ["logs:CreateLogStream", "logs:PutLogEvents"]}

LINKS: list[tuple[dict[str, Any], dict[str, list[str]]]] = [
    ({}, {}),
    ({"tracing": "none"}, {}),
    ({"tracing": "platform"}, {"Tracing": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]}),
    ({"uses": {"jobs": ("send",)}}, {"JobsQueue": ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"]}),
    (
        {"triggers": (queue("jobs"),)},
        {"JobsQueue": ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]},
    ),
    (
        {"triggers": (queue("jobs"),), "uses": {"jobs": ("send",)}},
        {
            "JobsQueue": [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ]
        },
    ),
    (
        {"uses": {"orders": ("write",)}},
        {"OrdersTable": ["dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]},
    ),
    ({"uses": {"uploads": ("read",)}}, {"UploadsBucket": ["s3:GetObject"], "UploadsBucketList": ["s3:ListBucket"]}),
    ({"uses": {"uploads": ("write",)}}, {"UploadsBucket": ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"]}),
    ({"uses": {"mail": ("invoke",)}}, {"MailFunction": ["lambda:InvokeFunction"]}),
    ({"secrets": ("KEY",)}, {"Secrets": ["ssm:GetParameter", "ssm:GetParameters"]}),
]


@pytest.mark.parametrize(("words", "more"), LINKS)
def test_a_link_is_its_rights(words: dict[str, Any], more: dict[str, list[str]]) -> None:
    assert rights(function("api", **words)) == {**BASE, **more}


def test_another_vault_is_another_right() -> None:
    assert rights(function("api", secrets=("KEY",)), settings={"secrets": "secretsmanager"})["Secrets"] == ["secretsmanager:GetSecretValue"]


def test_no_right_is_for_everything_but_tracing() -> None:
    made = function("api", uses={part.name: ("read", "write", "send", "invoke") for part in PARTS}, secrets=("KEY",), triggers=(queue("jobs"),))
    policy: Any = function_policy(service(made, *PARTS), made)
    assert all("*" not in statement["Resource"] for statement in policy["Statement"])


def test_a_union_keeps_both_and_repeats_nothing() -> None:
    def statement(sid: str, action: str) -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": ["*"]}

    old = {"Version": "2012-10-17", "Statement": [statement("A", "a:A"), statement("B", "b:B")]}
    new = {"Version": "2012-10-17", "Statement": [statement("A", "a:A"), statement("C", "c:C")]}
    both = union(old, new)["Statement"]
    assert [item["Action"] for item in both] == [["a:A"], ["c:C"], ["b:B"]]
    sids = [item["Sid"] for item in both if "Sid" in item]
    assert len(sids) == len(set(sids))
    assert union(union(old, new), new) == union(old, new)
    assert union(None, new) == new


def test_a_role_stands_after_what_it_names() -> None:
    from aws.services import artifacts
    from fnctl_aws.translate import translate

    made = service(function("api", uses={"orders": ("read",)}), *PARTS)
    role: Node = translate(made, artifacts(made)).nodes[Address("function/api/role")]
    assert role.edges() == {Address("table/orders"), Address("function/api/logs")}

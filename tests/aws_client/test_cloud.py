"""The opened cloud. What an emulator can show runs in a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aws_client.stub import IDENTITY, Answer, Request, refusal, running
from fnctl.adapter import Cloud, Run, Where
from fnctl.errors import CloudError, FnctlError
from fnctl.events import Event
from fnctl.graph import State
from fnctl.manifest.model import Service
from fnctl_aws.client import Client
from fnctl_aws.cloud import AwsCloud, connect, function_name, kind_of, log_group

R = "eu-west-1:123456789012"
UUID = "0f0e0d0c-0000-4000-8000-000000000001"


@pytest.fixture(params=["ssm", "secretsmanager"])
def vault(request: pytest.FixtureRequest, sandbox_where: Where) -> Iterator[AwsCloud]:
    """A cloud with each kind of vault, in a stage of its own."""
    cloud = connect(replace(sandbox_where, settings={"secrets": request.param}))
    yield cloud
    for name in cloud.secrets():
        cloud.secret_remove(name)
    cloud.close()


def service(where: Where, *secrets: str) -> Service:
    return Service(where.service, where.stage, "aws", {}, {}, {}, {}, secrets, where.folder)


def test_it_is_a_cloud(sandbox_where: Where) -> None:
    cloud: Cloud = connect(sandbox_where)
    assert cloud.identity.startswith("aws 123456789012 eu-west-1 at http://127.0.0.1:")
    assert cloud.store is not None
    assert cloud.outputs(None) == {"account": "123456789012", "region": "eu-west-1", "partition": "aws"}
    assert "aws.lambda.function" in cloud.kinds
    cloud.close()


def test_a_secrets_life(vault: AwsCloud, sandbox_where: Where) -> None:
    assert vault.secrets() == {}
    first = vault.secret_set("KEY", "one")
    second = vault.secret_set("KEY", "two")
    other = vault.secret_set("OTHER", "x")
    assert first != second
    assert vault.secrets() == {"KEY": second, "OTHER": other}
    facts = vault.outputs(service(sandbox_where, "KEY", "MISSING"))
    assert {name: value for name, value in facts.items() if name.startswith("secret/")} == {"secret/KEY": second, "secret/MISSING": ""}
    vault.secret_remove("KEY")
    vault.secret_remove("KEY")
    assert vault.secrets() == {"OTHER": other}
    vault.secret_set("KEY", "again")
    assert set(vault.secrets()) == {"KEY", "OTHER"}


def test_secrets_of_another_stage_are_not_seen(vault: AwsCloud, sandbox_where: Where) -> None:
    neighbour = connect(replace(sandbox_where, stage=f"{sandbox_where.stage}x"))
    neighbour.secret_set("KEY", "theirs")
    assert vault.secrets() == {}
    neighbour.secret_remove("KEY")
    neighbour.close()


def test_what_is_stored_says_whose_it_is(sandbox_where: Where, sandbox_client: Client) -> None:
    cloud = connect(sandbox_where)
    cloud.secret_set("KEY", "one")
    name = f"/fnctl/orders/{sandbox_where.stage}/KEY"
    tags = sandbox_client.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "fnctl:service": "orders",
        "fnctl:stage": sandbox_where.stage,
        "fnctl:address": "secret/KEY",
    }
    stored = sandbox_client.call("ssm", "get_parameter", Name=name, WithDecryption=True)["Parameter"]
    assert (stored["Type"], stored["Value"]) == ("SecureString", "one")
    cloud.secret_remove("KEY")


@pytest.mark.parametrize(("value", "message"), [("", "is empty"), ("x" * 70_000, "bytes, and")])
def test_values_that_no_vault_takes(vault: AwsCloud, value: str, message: str) -> None:
    with pytest.raises(FnctlError, match=message) as caught:
        vault.secret_set("KEY", value)
    assert "xxx" not in str(caught.value)
    assert caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("arn", "kind", "name"),
    [
        (f"arn:aws:lambda:{R}:function:orders-dev-api", "aws.lambda.function", "orders-dev-api"),
        (f"arn:aws:lambda:{R}:function:orders-dev-api:live", "", ""),
        (f"arn:aws:lambda:{R}:event-source-mapping:0f0e", "aws.lambda.mapping", "0f0e"),
        ("arn:aws:iam::123456789012:role/fnctl/orders-dev-api", "aws.iam.role", "orders-dev-api"),
        ("arn:aws:iam::123456789012:role/other", "", ""),
        (f"arn:aws:logs:{R}:log-group:/aws/lambda/orders-dev-api", "aws.logs.group", "/aws/lambda/orders-dev-api"),
        (f"arn:aws:logs:{R}:log-group:/aws/lambda/orders-dev-api:*", "aws.logs.group", "/aws/lambda/orders-dev-api"),
        (f"arn:aws:sqs:{R}:orders-dev-jobs", "aws.sqs.queue", "orders-dev-jobs"),
        (f"arn:aws:dynamodb:{R}:table/orders-dev-orders", "aws.dynamodb.table", "orders-dev-orders"),
        (f"arn:aws:dynamodb:{R}:table/orders-dev-orders/stream/2026", "", ""),
        ("arn:aws:s3:::orders-dev-uploads", "aws.s3.bucket", "orders-dev-uploads"),
        ("arn:aws:apigateway:eu-west-1::/apis/abc123", "aws.apigateway.api", "abc123"),
        ("arn:aws:apigateway:eu-west-1::/apis/abc123/stages/$default", "", ""),
        (f"arn:aws:scheduler:{R}:schedule-group/orders-dev", "aws.scheduler.group", "orders-dev"),
        (f"arn:aws:ssm:{R}:parameter/fnctl/orders/dev/KEY", "", ""),
        (f"arn:aws-cn:sqs:{R}:orders-dev-jobs", "aws.sqs.queue", "orders-dev-jobs"),
        ("not an arn", "", ""),
    ],
)
def test_what_a_tagged_object_is(arn: str, kind: str, name: str) -> None:
    assert kind_of(arn) == (kind, name)


def test_the_kinds_of_tagged_objects_are_kinds(sandbox_where: Where) -> None:
    from fnctl_aws.cloud import TAGGED

    cloud = connect(sandbox_where)
    assert {kind for _, _, kind in TAGGED} <= set(cloud.kinds)
    cloud.close()


def test_strays_are_found_by_their_tags(sandbox_where: Where, sandbox_client: Client, run: Run) -> None:
    tags = {"fnctl:service": "orders", "fnctl:stage": sandbox_where.stage, "fnctl:address": "queue/jobs"}
    name = f"orders-{sandbox_where.stage}-jobs"
    url = sandbox_client.call("sqs", "create_queue", QueueName=name, tags=tags)["QueueUrl"]
    sandbox_client.call("sqs", "create_queue", QueueName=f"{name}-other", tags={**tags, "fnctl:stage": "else"})
    cloud = connect(sandbox_where)
    assert [(node.address, node.kind, node.name) for node in cloud.adrift(run)] == [("queue/jobs", "aws.sqs.queue", name)]
    sandbox_client.call("sqs", "delete_queue", QueueUrl=url)
    cloud.close()


def tagged(arn: str, address: str) -> Mapping[str, Any]:
    return {"ResourceARN": arn, "Tags": [{"Key": "fnctl:address", "Value": address}]}


def test_a_stray_mapping_carries_what_finds_it(tmp_path: Path, run: Run) -> None:
    found = {"ResourceTagMappingList": [tagged(f"arn:aws:lambda:{R}:event-source-mapping:{UUID}", "trigger/a/queue/b")]}
    mapping = {"UUID": UUID, "EventSourceArn": "arn:q", "FunctionArn": "arn:f:live"}

    def serve(request: Request) -> Answer:
        if b"GetCallerIdentity" in request.body:
            return IDENTITY
        return Answer(body=json.dumps(found if "GetResources" in request.headers.get("x-amz-target", "") else mapping).encode())

    with running(serve) as stub:
        environ = {"AWS_ENDPOINT_URL": stub.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "HOME": str(tmp_path)}
        (node,) = connect(Where("orders", "dev", {"region": "eu-west-1"}, environ, tmp_path)).adrift(run)
    assert (node.props["source"], node.props["function"]) == ("arn:q", "arn:f:live")


def test_a_place_without_a_tag_index_is_told_and_no_more(tmp_path: Path, run: Run, told: list[Event]) -> None:
    def serve(request: Request) -> Answer:
        return IDENTITY if b"GetCallerIdentity" in request.body else refusal("NotImplemented", "no tagging here", 501)

    with running(serve) as stub:
        environ = {"AWS_ENDPOINT_URL": stub.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "HOME": str(tmp_path)}
        cloud = connect(Where("orders", "dev", {"region": "eu-west-1"}, environ, tmp_path))
        assert list(cloud.adrift(run)) == []
    assert "no tagging here" in str(told[0].data["message"])


@pytest.mark.parametrize(
    ("state", "name", "group"),
    [
        (State("orders-dev-api", {}, {}), "orders-dev-api", "/aws/lambda/orders-dev-api"),
        (State(f"arn:aws:lambda:{R}:function:orders-dev-api", {}, {}), "orders-dev-api", "/aws/lambda/orders-dev-api"),
        (State(f"arn:aws:lambda:{R}:function:f:live", {"logging": {"group": "/own"}}, {}), "f", "/own"),
    ],
)
def test_where_a_function_is_and_logs(state: State, name: str, group: str) -> None:
    assert (function_name(state), log_group(state)) == (name, group)


def test_the_vaults_refusal_is_not_swallowed(tmp_path: Path) -> None:
    def serve(request: Request) -> Answer:
        return IDENTITY if b"GetCallerIdentity" in request.body else refusal("AccessDeniedException", "not authorized to perform: ssm:PutParameter")

    with running(serve) as stub:
        environ = {"AWS_ENDPOINT_URL": stub.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "HOME": str(tmp_path)}
        cloud = connect(Where("orders", "dev", {"region": "eu-west-1"}, environ, tmp_path))
        with pytest.raises(CloudError, match="ssm:PutParameter is not allowed"):
            cloud.secret_set("KEY", "hunter2")

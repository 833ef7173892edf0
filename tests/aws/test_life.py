"""The life of every kind against the sandbox: create, read as wanted, change, find again without a record, delete, nothing left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aws.conftest import Strict, Talk
from aws.life import Life, artifact, changed, without
from aws.services import function, http, queue, resource, schedule, service
from fnctl.errors import CloudError
from fnctl.graph import Address, Graph, Node, resolve
from fnctl.manifest.model import Logs, Service
from fnctl_aws.kinds.base import is_ours
from fnctl_aws.translate import translate

CODE = "def handler(event, context):\n    return {number}\n"


def everything(stage: str, **more: Any) -> Service:
    """One of every kind."""
    return service(
        function(
            "api",
            triggers=(http("ANY /{path*}", cors=True), http("GET /orders/{id}")),
            uses={"orders": ("read", "write"), "jobs": ("send",), "uploads": ("read",), "hook": ("invoke",)},
            secrets=("STRIPE_KEY",),
            reserved=5,
            provisioned=1,
            tracing="platform",
            description="orders",
            tags={"tier": "front"},
        ),
        function("hook", triggers=(http("POST /hook", cors={"origins": ["https://a.example"], "max_age": 60}),), own={"http": "function_url"}),
        function("worker", triggers=(queue("jobs", max_concurrency=5, window=1),), timeout=60, logs=Logs("text", "info", None)),
        function("nightly", triggers=(schedule("9f8e7d6c", cron="0 3 * * 1-5", timezone="Europe/Paris"), schedule("often", every=300))),
        resource("orders", "table", options={"key": "id", "sort": {"name": "placed", "type": "number"}, "ttl": "expires"}),
        resource("jobs", "queue", options={"max_receives": 3}),
        resource("uploads", "bucket", options={"versioned": True}),
        stage=stage,
        tags={"team": "shop"},
        **more,
    )


@pytest.fixture
def stage() -> str:
    """A stage of this test's own: all tests of a worker share its sandbox."""
    return f"s{uuid4().hex[:8]}"


@pytest.fixture
def life(client: Strict, talk: Talk) -> Life:
    return Life(client, talk.run())


def graph_of(made: Service, folder: Path, number: int = 1) -> Graph:
    return translate(made, dict.fromkeys(made.functions, artifact(folder, CODE.format(number=number))))


def test_every_kind_lives_and_dies(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    graph = graph_of(everything(stage), tmp_path)
    assert {node.kind for node in graph.nodes.values()} == set(life.kinds)

    made = life.deploy(graph)
    assert {action for action, _ in made} == {"create"}
    assert len(made) == len(graph.nodes)

    client.calls.clear()
    assert life.deploy(graph) == []
    assert client.writes() == []

    life.forget()
    assert life.plan(graph) == ()

    nodes = dict(graph.nodes)
    life.destroy()
    for node in nodes.values():
        props = resolve(node.props, {})
        assert life.kinds[node.kind].read(node, props, None, life.run) is None, node.address


@pytest.mark.parametrize(
    ("address", "props"),
    [
        ("function/api", {"memory": 1024, "environment": {"AB": "c"}, "description": "", "timeout": 31}),
        ("function/api", {"logging": {"format": "Text", "level": None, "group": "/aws/lambda/other"}}),
        ("function/hook/url", {"cors": None}),
        ("function/api/logs", {"retention": None}),
        ("function/worker/logs", {"retention": 14}),
        ("function/api/concurrency", {"reserved": 7}),
        ("function/api/provisioned", {"provisioned": 2}),
        ("api", {"cors": None, "rate": 10, "burst": 20}),
        ("function/api/http", {"timeout": 10_000}),
        ("trigger/nightly/schedule/often", {"expression": "rate(1 hour)", "enabled": False, "timezone": "Asia/Tokyo"}),
        ("trigger/worker/queue/jobs", {"batch": 50, "window": 2, "max_concurrency": None}),
        ("trigger/worker/queue/jobs", {"enabled": False}),
        ("queue/jobs", {"visibility": 400, "retention": 1000, "delay": 3, "max_receives": 9}),
        ("queue/jobs", {"dead_letter": None, "max_receives": None}),
        ("table/orders", {"ttl": None}),
        ("bucket/uploads", {"versioned": False}),
    ],
)
def test_a_change_is_made_and_read_back(life: Life, stage: str, tmp_path: Path, address: str, props: dict[str, Any]) -> None:
    graph = only(graph_of(everything(stage), tmp_path), address)
    life.deploy(graph)
    after = changed(graph, address, **props)
    assert life.deploy(after) == [("update", address)]
    assert life.plan(after) == ()
    life.destroy()


TAGGED = [
    "function/api",
    "function/api/role",
    "function/api/logs",
    "api",
    "schedules",
    "trigger/worker/queue/jobs",
    "queue/jobs",
    "table/orders",
    "bucket/uploads",
]


@pytest.mark.parametrize("address", TAGGED)
def test_tags_follow_the_manifest(life: Life, client: Strict, stage: str, tmp_path: Path, address: str) -> None:
    graph = only(graph_of(everything(stage), tmp_path), address)
    life.deploy(graph)
    tags: Any = graph.nodes[Address(address)].props["tags"]
    after = changed(graph, address, tags={**{key: value for key, value in tags.items() if key != "team"}, "cost": "7"})
    client.calls.clear()
    assert life.deploy(after) == [("update", address)]
    assert all("tag" in call for call in client.writes())
    assert life.plan(after) == ()
    life.destroy()


def only(graph: Graph, address: str) -> Graph:
    """A node with all that it stands on."""
    wanted: dict[Address, Node] = {}
    todo = [Address(address)]
    while todo:
        found = graph.nodes[todo.pop()]
        wanted[found.address] = found
        todo += [need for need in found.edges() if need not in wanted]
    return Graph({a: node for a, node in graph.nodes.items() if a in wanted})


def test_code_is_published_beside_and_found_again(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    made = service(function("api"), stage=stage)
    first, second = graph_of(made, tmp_path, 1), graph_of(made, tmp_path, 2)
    life.deploy(first)
    assert life.state("function/api").outputs["version"] == "1"
    assert life.deploy(second) == [("update", "function/api")]
    assert life.state("function/api").outputs["version"] == "2"
    client.calls.clear()
    life.deploy(first)
    assert life.state("function/api").outputs["version"] == "1"
    assert client.writes() == ["lambda.update_alias"]
    life.destroy()


def test_a_hand_on_latest_changes_nothing(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    graph = graph_of(service(function("api"), stage=stage), tmp_path)
    life.deploy(graph)
    client.inner.call("lambda", "update_function_configuration", FunctionName=f"orders-{stage}-api", Timeout=99)
    assert life.plan(graph) == ()
    life.destroy()


def test_old_versions_are_pruned(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    made = service(function("api"), stage=stage)
    for number in range(9):
        life.deploy(graph_of(made, tmp_path, number))
    found = client.inner.pages("lambda", "list_versions_by_function", "Versions", FunctionName=f"orders-{stage}-api")
    assert [version["Version"] for version in found] == ["$LATEST", "4", "5", "6", "7", "8", "9"]
    life.destroy()


@pytest.mark.parametrize("calls", range(1, 8))
def test_a_function_half_made_is_finished(life: Life, client: Strict, stage: str, tmp_path: Path, calls: int) -> None:
    graph = graph_of(service(function("api"), stage=stage), tmp_path)
    killed = Life(Killed(client, calls), life.run)
    with pytest.raises(AssertionError, match="killed"):
        killed.deploy(graph)
    life.recorded = dict(graph.nodes)  # the intent
    assert life.deploy(graph) != []
    assert life.plan(graph) == ()
    life.destroy()


@pytest.mark.parametrize("calls", range(1, 5))
def test_an_update_half_made_is_finished(life: Life, client: Strict, stage: str, tmp_path: Path, calls: int) -> None:
    made = service(function("api", timeout=10), stage=stage)
    life.deploy(graph_of(made, tmp_path, 1))
    later = service(function("api", timeout=20, description="two"), stage=stage)
    graph = graph_of(later, tmp_path, 2)
    killed = Life(Killed(client, calls), life.run, dict(life.recorded), dict(life.ids))
    with pytest.raises(AssertionError, match="killed"):
        killed.deploy(graph)
    assert life.deploy(graph) == [("update", "function/api")]
    assert life.plan(graph) == ()
    assert life.state("function/api").outputs["version"] == "2"
    life.destroy()


class Killed(Strict):
    """A client whose process dies before write number `last`."""

    def __init__(self, inner: Strict, last: int) -> None:
        super().__init__(inner.inner)
        self.last = last

    def _note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        super()._note(service, operation, params)
        if len(self.writes()) >= self.last:
            raise CloudError("killed")


@pytest.mark.parametrize("address", ["function/api", "function/api/role", "schedules", "queue/jobs", "table/orders", "bucket/uploads"])
def test_what_is_not_ours_is_not_touched(life: Life, stage: str, tmp_path: Path, address: str) -> None:
    graph = only(graph_of(everything(stage), tmp_path), address)
    theirs = changed(graph, address, tags={"owner": "somebody"})
    life.deploy(theirs)
    node, kind = graph.nodes[Address(address)], life.kinds[graph.nodes[Address(address)].kind]
    there = life.state(address)
    props = resolve(node.props, {a: life.state(a).outputs for a in graph.nodes if a != address} | {Address("cloud"): dict(_cloud(life))})
    assert kind.read(node, props, None, life.run) is None
    from fnctl.adapter import Change

    with pytest.raises(CloudError, match="does not belong to this service and stage"):
        kind.write(Change("create", node.address, None, node), props, None, "prepare", life.run)
    tags: Any = there.props["tags"]
    assert not is_ours(props["tags"], tags)
    life.destroy()


def _cloud(life: Life) -> dict[str, Any]:
    from aws.life import cloud

    return cloud(life.client)


def test_data_is_seen_before_it_is_lost(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    graph = graph_of(everything(stage), tmp_path)
    stores = Graph({a: n for a, n in graph.nodes.items() if n.stateful})
    life.deploy(stores)

    def held() -> dict[str, str | None]:
        return {a: life.kinds[n.kind].holds(n, life.state(a), life.run) for a, n in stores.nodes.items()}

    assert set(held().values()) == {None}
    bucket = life.state("bucket/uploads").id
    client.inner.call("sqs", "send_message", QueueUrl=life.state("queue/jobs").id, MessageBody="x")
    client.inner.call("dynamodb", "put_item", TableName=f"orders-{stage}-orders", Item={"id": {"S": "1"}, "placed": {"N": "1"}})
    client.inner.call("s3", "put_object", Bucket=bucket, Key="a", Body=b"1")
    client.inner.call("s3", "put_object", Bucket=bucket, Key="a", Body=b"2")
    client.inner.call("s3", "delete_object", Bucket=bucket, Key="a")
    full = held()
    assert full.pop(Address("queue/jobs/dead")) is None
    assert None not in full.values()
    life.destroy()
    assert client.inner.find("s3", "head_bucket", Bucket=bucket) is None


def test_existing_objects_are_referred_to_and_left_alone(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    url = client.inner.call("sqs", "create_queue", QueueName=f"theirs-{stage}")["QueueUrl"]
    arn = f"arn:aws:sqs:{client.region}:{client.account}:theirs-{stage}"
    for said in (arn, url, f"theirs-{stage}"):
        made = service(
            function("worker", triggers=(queue("jobs"),), uses={"jobs": ("send",)}),
            resource("jobs", "queue", existing=said),
            stage=stage,
        )
        graph = graph_of(made, tmp_path)
        life.deploy(graph)
        environment: Any = life.state("function/worker").props["environment"]
        assert environment == {"JOBS_QUEUE": url}
        assert life.plan(graph) == ()
    life.destroy()
    assert client.inner.find("sqs", "get_queue_url", QueueName=f"theirs-{stage}") is not None


def test_a_role_holds_both_releases_rights_until_traffic_moved(
    life: Life, client: Strict, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = resource("jobs", "queue")
    before = graph_of(service(function("api", uses={"jobs": ("send",)}), store, stage=stage), tmp_path, 1)
    after = graph_of(service(function("api", tracing="platform"), store, stage=stage), tmp_path, 2)
    life.deploy(before)
    documents: list[str] = []
    inner = client.inner.call

    def call(service_: str, operation: str, *rest: Any, **params: Any) -> dict[str, Any]:
        if operation == "put_role_policy":
            documents.append(params["PolicyDocument"])
        if operation == "update_alias":
            documents.append("SWITCH")
        return inner(service_, operation, *rest, **params)

    monkeypatch.setattr(client.inner, "call", call)
    life.deploy(after)
    assert ["sqs:SendMessage" in text for text in documents] == [True, False, False]
    assert documents[1] == "SWITCH"
    assert "xray" in documents[0]
    life.destroy()


def test_a_large_artifact_comes_from_the_ledger(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    made = service(function("api"), stage=stage)
    small = artifact(tmp_path, CODE.format(number=1))
    bucket, key = f"fnctl-{client.account}-{client.region}-an", f"orders/{stage}/artifacts/{small.sha256}.zip"
    place = {"CreateBucketConfiguration": {"LocationConstraint": client.region}}
    if client.inner.find("s3", "head_bucket", Bucket=bucket) is None:
        client.inner.call("s3", "create_bucket", Bucket=bucket, **place)
    client.inner.call("s3", "put_object", Bucket=bucket, Key=key, Body=(tmp_path / f"{small.sha256}.zip").read_bytes())
    (tmp_path / f"{small.sha256}.zip").unlink()
    graph = translate(made, {"api": replace(small, size=60_000_000)})
    life.deploy(graph)
    assert life.plan(graph) == ()
    life.destroy()


def test_a_removed_trigger_is_removed(life: Life, stage: str, tmp_path: Path) -> None:
    graph = graph_of(everything(stage), tmp_path)
    life.deploy(graph)
    gone = ["trigger/worker/queue/jobs", "trigger/api/http/GET /orders/{id}", "trigger/nightly/schedule/often", "function/hook/url"]
    assert sorted(life.deploy(without(graph, gone))) == sorted(("delete", address) for address in gone)
    life.destroy()

"""Functions that are images: their life against the sandbox, which runs none of them, and what only AWS itself would answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aws.conftest import Strict, Talk
from aws.life import Life, artifact, changed
from aws.services import function, http, service
from fnctl.errors import CloudError
from fnctl.graph import Graph
from fnctl.manifest.model import Image
from fnctl_aws.kinds.code import live_props, mark, same_code, told
from fnctl_aws.translate import translate

REPOSITORY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
def stage() -> str:
    return f"s{uuid4().hex[:8]}"


@pytest.fixture
def life(client: Strict, talk: Talk) -> Life:
    return Life(client, talk.run())


def graph_of(stage: str, uri: str = f"{REPOSITORY}:1", **more: Any) -> Graph:
    said = {key: more.pop(key) for key in ("command", "entry_point", "working_directory") if key in more}
    shop = function(
        "shop", handler_file="", handler_name="", runtime="", interface="native", image=Image(uri, **said), triggers=(http("GET /"),), **more
    )
    return translate(service(shop, stage=stage), {})


def test_it_is_made_changed_brought_back_and_removed(life: Life, client: Strict, stage: str) -> None:
    first = graph_of(stage, command=("app.one",), working_directory="/srv")
    life.deploy(first)
    there = client.inner.call("lambda", "get_function", FunctionName=f"orders-{stage}-shop", Qualifier="live")
    assert (there["Configuration"]["PackageType"], there["Code"]["ImageUri"]) == ("Image", f"{REPOSITORY}:1")
    assert there["Configuration"]["ImageConfigResponse"]["ImageConfig"] == {"Command": ["app.one"], "WorkingDirectory": "/srv"}
    assert life.plan(first) == ()

    second = graph_of(stage, f"{REPOSITORY}:2", command=("app.one",), working_directory="/srv")
    (change,) = life.plan(second)
    assert [(field.path, field.after, field.replaces) for field in change.fields] == [("image.uri", f"{REPOSITORY}:2", False)]
    client.calls.clear()
    life.deploy(second)
    assert client.writes() == ["lambda.update_function_code", "lambda.publish_version", "lambda.update_alias"]

    client.calls.clear()
    life.deploy(first)
    assert client.writes() == ["lambda.update_alias"], "a rollback is the version that is there"
    life.destroy()
    assert client.inner.find("lambda", "get_function", FunctionName=f"orders-{stage}-shop") is None


def test_settings_of_its_own_are_set_and_taken_back(life: Life, client: Strict, stage: str) -> None:
    life.deploy(graph_of(stage, memory=256))
    client.calls.clear()
    life.deploy(graph_of(stage, memory=512, command=("app.two",), entry_point=("/bin/run", "-v")))
    assert "lambda.update_function_code" not in client.calls, "a setting asks the registry for nothing"
    assert life.state("function/shop").props["image"] == {
        "uri": f"{REPOSITORY}:1",
        "command": ["app.two"],
        "entry_point": ["/bin/run", "-v"],
        "working_directory": None,
    }
    plain = graph_of(stage, memory=512)
    life.deploy(plain)
    assert life.plan(plain) == ()
    life.forget()
    assert life.plan(plain) == ()
    life.destroy()


def test_a_digest_is_held_against_what_lambda_resolved(life: Life, stage: str) -> None:
    pinned = graph_of(stage, f"{REPOSITORY}@sha256:{DIGEST}")
    life.deploy(pinned)
    assert life.state("function/shop").props["code"] == DIGEST
    assert life.plan(pinned) == ()
    assert [change.action for change in life.plan(changed(pinned, "function/shop", code="0" * 64))] == ["update"]
    life.destroy()


@pytest.mark.parametrize("calls", range(1, 6))
def test_one_half_made_is_finished(life: Life, client: Strict, stage: str, calls: int) -> None:
    from aws.test_life import Killed

    graph = graph_of(stage)
    killed = Life(Killed(client, calls), life.run)
    with pytest.raises(AssertionError, match="killed"):
        killed.deploy(graph)
    life.recorded = dict(graph.nodes)
    assert life.deploy(graph) != []
    assert life.plan(graph) == ()
    life.destroy()


@pytest.mark.parametrize("backwards", [False, True])
def test_neither_becomes_the_other(life: Life, client: Strict, stage: str, tmp_path: Path, backwards: bool) -> None:
    zipped = translate(
        service(function("shop", triggers=(http("GET /"),)), stage=stage), {"shop": artifact(tmp_path, "def handler(event, context): ...\n")}
    )
    before, after = (graph_of(stage), zipped) if backwards else (zipped, graph_of(stage))
    life.deploy(before)
    client.calls.clear()
    with pytest.raises(CloudError, match=r"made from an (archive|image), and Lambda never makes it one from an (image|archive)"):
        life.deploy(after)
    assert client.writes() == []
    assert life.plan(before) == ()
    life.destroy()


def test_one_that_a_hand_has_put_in_its_place_can_be_removed(life: Life, client: Strict, stage: str, tmp_path: Path) -> None:
    zipped = translate(service(function("shop"), stage=stage), {"shop": artifact(tmp_path, "def handler(event, context): ...\n")})
    life.deploy(zipped)
    name, role = f"orders-{stage}-shop", life.state("function/shop").props["role"]
    client.inner.call("lambda", "delete_function", FunctionName=name)
    client.inner.call("lambda", "create_function", FunctionName=name, PackageType="Image", Code={"ImageUri": f"{REPOSITORY}:1"}, Role=role)
    assert [change.address for change in life.plan(zipped)] == ["function/shop"], "it is a difference, and no refusal"
    life.destroy()
    assert client.inner.find("lambda", "get_function", FunctionName=name) is None


def answer(uri: str, resolved: str, description: str = "") -> dict[str, Any]:
    """GetFunction's answer, as far as it is read."""
    config = {"FunctionName": "orders-dev-shop", "PackageType": "Image", "MemorySize": 512, "Timeout": 30, "Architectures": ["x86_64"]}
    return {"Configuration": {**config, "CodeSha256": DIGEST, "Description": description}, "Code": {"ImageUri": uri, "ResolvedImageUri": resolved}}


def test_a_version_that_is_named_by_digest_alone_keeps_the_tag_that_it_was_asked_for_by() -> None:
    props: Any = json.loads(json.dumps(graph_of("dev").nodes["function/shop"].props, default=str))  # type: ignore[index]  # an address is a text
    pinned = f"{REPOSITORY}@sha256:{DIGEST}"
    ours = told(answer(pinned, pinned, mark(props)))
    assert live_props(ours, props)["image"]["uri"] == f"{REPOSITORY}:1"
    assert live_props(told(answer(pinned, pinned)), props)["image"]["uri"] == pinned, "somebody else's version"
    other = {**props, "image": {**props["image"], "uri": f"{REPOSITORY}:2"}}
    assert live_props(ours, other)["image"]["uri"] == pinned
    assert live_props(ours, props)["code"] == DIGEST
    assert not same_code(ours, {**props, "architecture": "arm64"})


def test_an_image_needs_no_artifact() -> None:
    (node,) = (node for node in graph_of("dev").nodes.values() if node.kind == "aws.lambda.function")
    assert node.artifact is None
    assert not {"runtime", "handler", "layers", "shim"} & node.props.keys()

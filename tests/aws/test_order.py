"""What AWS demands of order and patience, and no stand-in does: against a Lambda that is slow, strict about revisions, and counts calls."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aws.conftest import Talk
from aws.services import SHA
from aws.strict import faults
from fnctl.adapter import Change, Phase, Run
from fnctl.errors import CloudError
from fnctl.graph import Address, Artifact, Node, State
from fnctl_aws.kinds import all_kinds
from fnctl_aws.kinds.code import base64_digest, live_props, mark
from fnctl_aws.kinds.listing import Listing

PROPS: dict[str, Any] = {
    "runtime": "python3.13",
    "handler": "_fnctl_aws.handler",
    "memory": 512,
    "timeout": 30,
    "description": "what it is for",
    "architecture": "x86_64",
    "ephemeral_storage": 512,
    "environment": {"AB": "c"},
    "layers": [],
    "tracing": "PassThrough",
    "logging": {"format": "JSON", "level": "INFO", "group": "/aws/lambda/orders-dev-api"},
    "role": "arn:aws:iam::123456789012:role/fnctl/orders-dev-api",
    "code": SHA,
    "shim": "abc",
    "tags": {"fnctl:service": "orders", "fnctl:stage": "dev"},
}
NAME = "orders-dev-api"
OTHER = "cd" * 32


class SlowLambda:
    """Lambda's control plane as documented: every write leaves it InProgress for two looks, with a new revision before and after."""

    region, account, partition = "eu-west-1", "123456789012", "aws"

    def __init__(self, failing: str = "") -> None:
        self.calls: list[str] = []
        self.config: dict[str, Any] = {}
        self.versions: dict[str, dict[str, Any]] = {}
        self.alias: dict[str, Any] = {}
        self.tags: dict[str, str] = {}
        self.pending = 0
        self.revisions = (f"r{number}" for number in itertools.count())
        self.failing = failing

    def call(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any]:
        assert faults(service, operation, params) == []
        self.calls.append(operation)
        answer: dict[str, Any] = getattr(self, operation)(**params)
        return answer

    def find(self, service: str, operation: str, run: Run | None = None, /, **params: Any) -> dict[str, Any] | None:
        try:
            return self.call(service, operation, run, **params)
        except KeyError:
            return None

    def pages(self, service: str, operation: str, key: str, /, **params: Any) -> Iterator[Any]:
        yield from self.call(service, operation, **params)[key]

    def wait(self, what: str, done: Callable[[], Any], run: Run, *, limit: float = 300.0) -> Any:
        for _ in range(20):
            if (result := done()) is not None:
                return result
        raise AssertionError(what)

    def front(self, key: str, host: str) -> str | None:
        return None

    def _touch(self, **config: Any) -> None:
        self.config |= {**config, "RevisionId": next(self.revisions), "LastUpdateStatus": "InProgress"}
        self.pending = 2

    def _writable(self, revision: str | None = None) -> None:
        if self.pending:
            raise CloudError("An update is in progress for resource", reason="ResourceConflictException")
        if revision is not None and revision != self.config["RevisionId"]:
            raise CloudError("The Revision Id provided does not match", reason="PreconditionFailedException")

    def get_function(self, FunctionName: str, Qualifier: str = "$LATEST") -> dict[str, Any]:  # noqa: N803
        if not self.config:
            raise KeyError(FunctionName)
        if self.pending:
            self.pending -= 1
            if not self.pending:
                done = {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": self.failing} if self.failing else {"LastUpdateStatus": "Successful"}
                self.config |= {**done, "State": "Active", "RevisionId": next(self.revisions)}
        number = self.alias["FunctionVersion"] if Qualifier == "live" else Qualifier
        config = self.config if number == "$LATEST" else self.versions[number]
        return {"Configuration": dict(config), "Tags": self.tags}

    def create_function(self, Code: Any, Tags: Any, Publish: bool, **config: Any) -> dict[str, Any]:  # noqa: N803
        if self.config:
            raise CloudError("Function already exist: " + NAME, reason="ResourceConflictException")
        self.tags = Tags
        self._touch(**config, Version="$LATEST", State="Pending", CodeSha256=self._sha(Code))
        return {}

    def update_function_configuration(self, FunctionName: str, RevisionId: str, **config: Any) -> dict[str, Any]:  # noqa: N803
        self._writable(RevisionId)
        self._touch(**{**config, "Layers": [{"Arn": arn} for arn in config["Layers"]]})
        return {}

    def update_function_code(self, FunctionName: str, RevisionId: str, Architectures: Any, Publish: bool, **code: Any) -> dict[str, Any]:  # noqa: N803
        self._writable(RevisionId)
        self._touch(CodeSha256=self._sha(code), Architectures=Architectures)
        return {}

    def _sha(self, code: dict[str, Any]) -> str:
        return base64_digest(code["ZipFile"].decode())

    def publish_version(self, FunctionName: str, CodeSha256: str, RevisionId: str, Description: str) -> dict[str, Any]:  # noqa: N803
        self._writable(RevisionId)
        assert CodeSha256 == self.config["CodeSha256"]
        last = self.versions.get(str(len(self.versions)), {})
        if (
            last
            and all(last[key] == self.config[key] for key in ("Timeout", "CodeSha256", "Environment"))
            and last["Source"] == self.config["Description"]
        ):
            return last
        number = str(len(self.versions) + 1)
        self.versions[number] = {**self.config, "Version": number, "Description": Description, "Source": self.config["Description"]}
        self.pending = 2
        return self.versions[number]

    def list_versions_by_function(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        return {"Versions": [self.config, *self.versions.values()]}

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803
        if not self.alias:
            raise KeyError(Name)
        return self.alias

    def create_alias(self, FunctionName: str, Name: str, FunctionVersion: str) -> dict[str, Any]:  # noqa: N803
        self.alias = {"FunctionVersion": FunctionVersion, "RevisionId": "a1"}
        return {}

    def update_alias(self, FunctionName: str, Name: str, FunctionVersion: str, RoutingConfig: Any, RevisionId: str) -> dict[str, Any]:  # noqa: N803
        assert RevisionId == self.alias["RevisionId"]
        self.alias = {"FunctionVersion": FunctionVersion, "RevisionId": RevisionId + "'"}
        return {}

    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(("get_", "list_"))]


@pytest.fixture
def run(talk: Talk, tmp_path: Path) -> Run:
    for sha in (SHA, OTHER):
        (tmp_path / f"{sha}.zip").write_text(sha)
    return talk.run()


def node(props: dict[str, Any]) -> Node:
    return Node(Address("function/api"), "aws.lambda.function", NAME, props, artifact=Artifact(props["code"], 64, 64))


def write(slow: SlowLambda, props: dict[str, Any], run: Run, phases: tuple[Phase, ...], action: Any = "update") -> State:
    kind, wanted = all_kinds(slow)["aws.lambda.function"], node(props)
    state = kind.read(wanted, props, None, run)
    slow.calls.clear()
    change = Change(action if state else "create", wanted.address, None, wanted)
    for phase in phases:
        state = kind.write(change, props, state, phase, run)
    assert state is not None
    return state


def test_a_function_is_created_waited_for_published_and_then_reached(run: Run) -> None:
    slow = SlowLambda()
    state = write(slow, PROPS, run, ("prepare",))
    assert slow.writes() == ["create_function", "publish_version", "create_alias"]
    assert state.outputs["live"] == f"arn:aws:lambda:eu-west-1:123456789012:function:{NAME}:live"
    assert all_kinds(slow)["aws.lambda.function"].read(node(PROPS), PROPS, None, run) == state


def test_configuration_comes_before_code_and_traffic_last(run: Run) -> None:
    slow = SlowLambda()
    write(slow, PROPS, run, ("prepare",))
    after = {**PROPS, "timeout": 31, "code": OTHER}
    write(slow, after, run, ("prepare",))
    assert slow.writes() == ["update_function_configuration", "update_function_code", "publish_version"]
    assert slow.alias["FunctionVersion"] == "1"
    write(slow, after, run, ("prepare", "switch", "retire"))
    assert slow.writes() == ["update_alias"]
    assert slow.alias["FunctionVersion"] == "2"


def test_polling_asks_getfunction_only(run: Run) -> None:
    slow = SlowLambda()
    write(slow, PROPS, run, ("prepare",))
    assert {call for call in slow.calls if call.startswith("get_")} == {"get_function"}


def test_code_alone_costs_no_more_calls_than_needed(run: Run) -> None:
    slow = SlowLambda()
    write(slow, PROPS, run, ("prepare",))
    write(slow, {**PROPS, "code": OTHER}, run, ("prepare", "switch", "retire"))
    paced = [call for call in slow.calls if call != "get_function"]
    assert paced == [
        "list_versions_by_function",
        "update_function_code",
        "publish_version",
        "get_alias",
        "update_alias",
    ]


def test_a_version_published_by_hand_is_not_taken_for_ours(run: Run) -> None:
    slow = SlowLambda()
    write(slow, PROPS, run, ("prepare",))
    slow.config["Timeout"] = 31
    slow.pending = 0
    slow.publish_version(NAME, slow.config["CodeSha256"], slow.config["RevisionId"], "by hand")
    write(slow, {**PROPS, "timeout": 31}, run, ("prepare", "switch", "retire"))
    assert slow.versions[slow.alias["FunctionVersion"]]["Description"] == mark({**PROPS, "timeout": 31})


def test_a_failed_update_says_what_lambda_said(run: Run) -> None:
    with pytest.raises(CloudError, match="could not set up orders-dev-api: the layer is gone"):
        write(SlowLambda(failing="the layer is gone"), PROPS, run, ("prepare",))


def test_a_hand_in_between_is_an_error_and_not_overwritten(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowLambda()
    write(slow, PROPS, run, ("prepare",))
    honest = slow.get_function

    def stale(**params: Any) -> dict[str, Any]:
        answer = honest(**params)
        slow.config["RevisionId"] = next(slow.revisions)
        return answer

    monkeypatch.setattr(slow, "get_function", stale)
    with pytest.raises(CloudError) as caught:
        write(slow, {**PROPS, "timeout": 31}, run, ("prepare",))
    assert caught.value.reason == "PreconditionFailedException"


def test_somebody_elses_function_is_left_alone(run: Run) -> None:
    slow = SlowLambda()
    write(slow, {**PROPS, "tags": {"fnctl:service": "other", "fnctl:stage": "dev"}}, run, ("prepare",))
    with pytest.raises(CloudError, match="does not belong to this service and stage") as caught:
        write(slow, PROPS, run, ("prepare",))
    assert caught.value.diagnostics[0].notes == ("its tags say that it belongs to other, stage dev",)


def test_a_version_says_what_it_was_made_of() -> None:
    assert mark(PROPS).startswith("what it is for [fnctl:")
    assert mark({**PROPS, "description": ""}).startswith("[fnctl:")
    assert len(mark({**PROPS, "description": "x" * 200})) <= 256
    assert mark(PROPS) == mark({**PROPS, "tags": {}})
    assert len({mark(PROPS), mark({**PROPS, "code": OTHER}), mark({**PROPS, "environment": {}})}) == 3
    for description in ("", "plain", "with [brackets]"):
        props = {**PROPS, "description": description}
        config = {
            "FunctionName": NAME,
            "Description": mark(props),
            "MemorySize": 1,
            "Timeout": 1,
            "CodeSha256": base64_digest(SHA),
        }
        found = live_props(config)
        assert (found["description"], found["shim"], found["code"]) == (description, "abc", SHA)


def test_a_listing_is_shared_but_never_older_than_the_question() -> None:
    from concurrent.futures import ThreadPoolExecutor

    listing, loads = Listing(), []

    def load() -> list[float]:
        time.sleep(0.05)
        loads.append(time.monotonic())
        return [time.monotonic()]

    def ask(_: int) -> bool:
        asked = time.monotonic()
        return bool(listing.get("api", load)[0] >= asked)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(64)))
    assert len(loads) < 32


def test_policies_of_one_function_are_written_one_at_a_time(run: Run) -> None:
    from concurrent.futures import ThreadPoolExecutor

    class Policies(SlowLambda):
        inside = most = 0

        def add_permission(self, **params: Any) -> dict[str, Any]:
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.01)
            self.inside -= 1
            return {"Statement": json.dumps(params)}

    slow = Policies()
    kind = all_kinds(slow)["aws.lambda.permission"]
    props = {
        "function": NAME,
        "principal": "apigateway.amazonaws.com",
        "action": "lambda:InvokeFunction",
        "source": "arn:aws:execute-api:eu-west-1:123456789012:x/*",
    }

    def add(number: int) -> State:
        wanted = Node(Address(f"p/{number}"), "aws.lambda.permission", f"fnctl-{number}", props)
        return kind.write(Change("create", wanted.address, None, wanted), props, None, "prepare", run)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert slow.most == 1

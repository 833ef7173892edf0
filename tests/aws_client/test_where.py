from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from aws_client.conftest import KEYS
from aws_client.stub import IDENTITY, Answer, running, script
from fnctl.adapter import Where
from fnctl.errors import CredentialsError, FnctlError, Unreachable
from fnctl.ledger import ledger
from fnctl_aws.client import Client, connect

Open = Callable[..., Client]


def where(folder: Path, environ: Mapping[str, str], *, sandbox: bool = False, **settings: Any) -> Where:
    return Where("orders", "dev", settings, {"HOME": str(folder), **environ}, folder, sandbox)


def configure(folder: Path, text: str) -> None:
    (folder / ".aws").mkdir()
    (folder / ".aws" / "config").write_text(text)


HERE = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
PROFILE = "[default]\nregion = eu-north-1\n[profile work]\nregion = ap-south-1\naws_access_key_id = AKIAPROFILEPROFILE00\naws_secret_access_key = s\n"


@pytest.mark.parametrize(
    ("settings", "environ", "region"),
    [
        ({"region": "us-east-1"}, {"AWS_REGION": "us-west-2"}, "us-east-1"),
        ({}, {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-west-2"),
        ({}, {"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        ({}, {"AWS_PROFILE": "work"}, "ap-south-1"),
        ({"profile": "work"}, {}, "ap-south-1"),
        ({}, {}, "eu-north-1"),
    ],
)
def test_the_region_is_the_first_that_is_said(tmp_path: Path, settings: dict[str, Any], environ: dict[str, str], region: str) -> None:
    configure(tmp_path, PROFILE)
    assert connect(where(tmp_path, environ, **settings)).region == region


@pytest.mark.parametrize(("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_the_partition_comes_from_the_region(tmp_path: Path, region: str, partition: str) -> None:
    assert connect(where(tmp_path, {}, region=region)).partition == partition


@pytest.mark.parametrize(
    ("settings", "environ", "message"),
    [
        ({}, {}, "no AWS region is set"),
        ({"region": "nowhere"}, {}, "no region called `nowhere`"),
        ({"region": "eu-west-1"}, {"AWS_ENDPOINT_URL": "http://example.com"}, "neither https nor on this machine"),
        ({"region": "eu-west-1"}, {"AWS_ENDPOINT_URL_S3": "http://example.com"}, "neither https nor on this machine"),
        ({"region": "eu-west-1"}, {"AWS_ENDPOINT_URL": "ftp://127.0.0.1"}, "not an http or https URL"),
        ({"region": "eu-west-1"}, {"AWS_ENDPOINT_URL": "http://[::1"}, "not an http or https URL"),
    ],
)
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, settings: dict[str, Any], environ: dict[str, str], message: str) -> None:
    with pytest.raises(FnctlError, match=message) as caught:
        connect(where(tmp_path, environ, **settings))
    assert caught.value.diagnostics[0].help


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566", "https://aws.example.com"])
def test_endpoints_on_this_machine_or_behind_tls(tmp_path: Path, url: str) -> None:
    assert connect(where(tmp_path, {"AWS_ENDPOINT_URL": url}, region="eu-west-1")).endpoint == url


def test_plain_http_in_the_profile_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    configure(tmp_path, "[default]\nendpoint_url = http://example.com\n")
    client = connect(where(tmp_path, KEYS, region="eu-west-1"))
    with pytest.raises(FnctlError, match="neither https nor on this machine"):
        client.call("sts", "get_caller_identity")


def test_another_account_is_refused_before_anything_is_written(open_client: Open) -> None:
    with running(script(IDENTITY)) as stub:
        with pytest.raises(FnctlError, match=r"account 123456789012, and `targets.aws.account` says 000000000042"):
            open_client(stub.url, {"account": 42})
        assert open_client(stub.url, {"account": "123456789012"}).account == "123456789012"
    assert {request.operation for request in stub.seen} == {"GetCallerIdentity"}


def test_no_credentials_at_all(tmp_path: Path) -> None:
    with running(script(IDENTITY)) as stub, pytest.raises(CredentialsError, match="no usable AWS credentials") as caught:
        _ = connect(where(tmp_path, {"AWS_ENDPOINT_URL": stub.url}, region="eu-west-1")).account
    assert "aws sso login" in str(caught.value.diagnostics[0].help)
    assert stub.seen == []


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="gone"):
        connect(where(tmp_path, {}, region="eu-west-1", profile="gone"))


def key_sent(stub_url: str, made: Where) -> Client:
    client = connect(made)
    assert client.account == "123456789012", stub_url
    return client


@pytest.mark.parametrize(
    ("settings", "environ", "key"),
    [
        ({}, KEYS, KEYS["AWS_ACCESS_KEY_ID"]),
        ({"profile": "work"}, KEYS, "AKIAPROFILEPROFILE00"),
        ({}, {"AWS_PROFILE": "work"}, "AKIAPROFILEPROFILE00"),
    ],
)
def test_whose_keys_sign(tmp_path: Path, settings: dict[str, Any], environ: dict[str, str], key: str) -> None:
    configure(tmp_path, PROFILE)
    with running(script(IDENTITY)) as stub:
        _ = connect(where(tmp_path, {**environ, "AWS_ENDPOINT_URL": stub.url}, **settings)).account
    assert f"Credential={key}/" in stub.seen[0].headers["authorization"]


def test_a_sandbox_sees_nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(tmp_path, PROFILE + "[profile real]\nregion = us-east-1\n")
    real = {"HOME": str(tmp_path), "AWS_PROFILE": "real", "AWS_ACCESS_KEY_ID": "AKIAREALREALREALREAL", "AWS_SECRET_ACCESS_KEY": "r"}
    machine = {**real, "AWS_SESSION_TOKEN": "t", "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"), "HTTP_PROXY": "http://127.0.0.1:9"}
    for name, value in machine.items():
        monkeypatch.setenv(name, value)
    with running(script(IDENTITY)) as stub:
        given = {"AWS_ENDPOINT_URL": stub.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1"}
        made = Where("orders", "dev", {"profile": "work"}, given, tmp_path, sandbox=True)
        client = connect(made)
        assert client.account == "123456789012"
        assert client.region == "eu-west-1"
    assert "Credential=test/" in stub.seen[0].headers["authorization"]
    assert "x-amz-security-token" not in stub.seen[0].headers


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({**KEYS, "AWS_REGION": "eu-west-1"}, "no endpoint"),
        ({**KEYS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "https://aws.example.com"}, "nor on this machine"),
        (
            {**KEYS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "FNCTL_SANDBOX_FRONT": "http://example.com"},
            "nor on this machine",
        ),
        (HERE, "no test credentials"),
    ],
)
def test_a_sandbox_that_is_not_one(tmp_path: Path, environ: dict[str, str], message: str) -> None:
    with pytest.raises(FnctlError, match=message):
        connect(where(tmp_path, environ, sandbox=True))


def test_the_front_of_a_sandbox(tmp_path: Path) -> None:
    with running(script(Answer(body=b'{"url": "http://127.0.0.1:8000"}'))) as stub:
        given = {**KEYS, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": stub.url, "FNCTL_SANDBOX_FRONT": stub.url}
        client = connect(where(tmp_path, given, sandbox=True))
        assert client.front("api", "x.execute-api.localhost") == "http://127.0.0.1:8000"
        seen = stub.seen[-1]
    assert (seen.method, seen.path, seen.body) == ("PUT", "/fronts/orders/dev/api", b'{"host": "x.execute-api.localhost"}')
    with pytest.raises(Unreachable, match="front"):
        client.front("a", "b")
    assert connect(where(tmp_path, {"AWS_ENDPOINT_URL": stub.url}, region="eu-west-1")).front("a", "b") is None


def test_boto3_missing_is_a_sentence_with_the_pip_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "boto3":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(FnctlError, match="the aws target needs boto3") as caught:
        connect(where(tmp_path, {}, region="eu-west-1"))
    assert caught.value.diagnostics[0].help == "pip install 'fnctl-cli[aws]'"


def test_lambda_reads_big_artifacts_where_the_ledger_keeps_them(open_client: Open) -> None:
    with running(script(IDENTITY)) as stub:
        bucket, key = open_client(stub.url).artifact_location("ab" * 32)
    assert bucket == "fnctl-123456789012-eu-west-1-an"
    assert key == "orders/dev/" + ledger._artifact("ab" * 32)  # pyright: ignore[reportPrivateUsage]

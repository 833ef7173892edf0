"""S3 as the ledger needs it. Semantics run against a sandbox; lost answers against a stub."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from aws_client.stub import IDENTITY, RESET, Answer, Request, running, s3_refusal
from fnctl.adapter import Where
from fnctl.errors import CloudError, FnctlError
from fnctl.ledger.store import Conflict, Store
from fnctl_aws.client import Client, connect
from fnctl_aws.store import S3Store

BUCKET = "fnctl-123456789012-eu-west-1-an"


@pytest.fixture
def store(sandbox_client: Client, sandbox_where: Where) -> Iterator[S3Store]:
    """An empty ledger of this test's own service and stage."""
    made = S3Store(sandbox_client, sandbox_where.service, sandbox_where.stage)
    made.bootstrap()
    yield made
    made.purge()


def history(client: Client, store: S3Store, prefix: str) -> list[str]:
    kinds = ("Versions", "DeleteMarkers")
    return [item["Key"] for kind in kinds for item in client.pages("s3", "list_object_versions", kind, Bucket=store.bucket, Prefix=prefix)]


def test_it_is_a_store(store: S3Store, sandbox_where: Where) -> None:
    contract: Store = store
    assert contract.place == f"s3://{BUCKET}/orders/{sandbox_where.stage}"


def test_what_is_written_is_read_with_its_version(store: S3Store) -> None:
    assert store.get("a") is None
    version = store.put("a", b"one")
    assert store.get("a") == (b"one", version)
    assert store.put("a", b"two") != version


def test_absent_writes_once(store: S3Store) -> None:
    store.put("a", b"one", absent=True)
    with pytest.raises(Conflict):
        store.put("a", b"two", absent=True)
    assert store.get("a") is not None
    store.delete("a")
    store.put("a", b"three", absent=True)


def test_expect_writes_over_that_version_only(store: S3Store) -> None:
    version = store.put("a", b"one")
    newer = store.put("a", b"two", expect=version)
    for key, stale in (("a", version), ("missing", newer)):
        with pytest.raises(Conflict):
            store.put(key, b"three", expect=stale)
    assert store.get("a") == (b"two", newer)


def test_of_sixteen_at_once_one_wins(store: S3Store) -> None:
    def race(number: int) -> bool:
        try:
            store.put("lock", str(number).encode(), absent=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(race, range(16))) == 1


def test_delete_with_expect(store: S3Store, sandbox_client: Client, sandbox_where: Where) -> None:
    old = store.put("lock", b"1")
    new = store.put("lock", b"2", expect=old)
    with pytest.raises(Conflict):
        store.delete("lock", expect=old)
    store.delete("lock", expect=new)
    store.delete("lock", expect=new)
    store.delete("never")
    assert history(sandbox_client, store, f"orders/{sandbox_where.stage}/lock") == [], "a released lock leaves nothing behind"


def test_keys_are_sorted_and_below_the_stage(store: S3Store, sandbox_client: Client) -> None:
    other = S3Store(sandbox_client, "orders", "somewhere-else")
    other.put("z", b"")
    for key in ("releases/2.json", "releases/1.json", "intent.json"):
        store.put(key, b"{}")
    assert list(store.list()) == ["intent.json", "releases/1.json", "releases/2.json"]
    assert list(store.list("releases/")) == ["releases/1.json", "releases/2.json"]
    other.purge()


def test_purge_takes_every_version_and_keeps_the_lock(store: S3Store, sandbox_client: Client, sandbox_where: Where) -> None:
    for key in ("a", "b", "lock", "lock2"):
        store.put(key, b"1")
        store.put(key, b"2")
    store.delete("b")
    store.purge(keep="lock")
    assert history(sandbox_client, store, f"orders/{sandbox_where.stage}/") == [f"orders/{sandbox_where.stage}/lock"]
    assert store.get("lock") is not None


def test_files_of_several_pieces(store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fnctl_aws.store.PIECE", 1000)
    for name, size in (("empty", 0), ("one", 1000), ("three", 2500)):
        path, copy = tmp_path / name, tmp_path / "copy"
        path.write_bytes(os.urandom(size))
        store.put_file(name, path)
        store.get_file(name, copy)
        assert copy.read_bytes() == path.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "empty", "one", "three"]


def test_a_file_that_is_not_there(store: S3Store, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        store.get_file("none", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_bootstrap_by_two_at_once_and_again(sandbox_where: Where) -> None:
    # A region of its own, because its bucket is removed.
    with_region = replace(sandbox_where, settings={"region": "eu-south-2"})
    client = connect(with_region)
    store = S3Store(client, "orders", "dev")
    assert not store.exists()
    assert store.get("a") is None
    assert list(store.list()) == []
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: store.bootstrap(), range(2)))
    store.bootstrap()
    assert store.exists()
    blocked = client.call("s3", "get_public_access_block", Bucket=store.bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    rules = client.call("s3", "get_bucket_encryption", Bucket=store.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    store.put("a", b"1")
    with pytest.raises(FnctlError, match="still holds orders/dev"):
        store.remove_bucket()
    store.delete("a")
    assert store.remove_bucket() is True
    assert store.remove_bucket() is False
    client.close()


def answering(**by_method: Answer) -> Callable[[Request], Answer]:
    return lambda request: IDENTITY if b"GetCallerIdentity" in request.body else by_method[request.method]


def test_a_lost_answer_to_a_conditional_write_is_settled_by_reading_back(open_client: Callable[..., Client]) -> None:
    with running(answering(PUT=RESET, GET=Answer(body=b"mine", headers={"ETag": '"v1"'}))) as stub:
        store = S3Store(open_client(stub.url), "orders", "dev")
        assert store.put("lock", b"mine", absent=True) == '"v1"'
        with pytest.raises(CloudError) as caught:
            store.put("lock", b"not mine", absent=True)
    assert caught.value.unknown


def test_a_lost_answer_to_a_conditional_delete(open_client: Callable[..., Client]) -> None:
    with running(answering(DELETE=RESET, GET=s3_refusal("NoSuchKey", 404))) as stub:
        S3Store(open_client(stub.url), "orders", "dev").delete("lock", expect='"v1"')
    assert "DELETE" in {request.method for request in stub.seen}


def test_a_half_made_ledger_is_not_there(open_client: Callable[..., Client]) -> None:
    never_versioned = Answer(body=b"<VersioningConfiguration/>", headers={"content-type": "application/xml"})
    with running(answering(GET=never_versioned)) as stub:
        assert not S3Store(open_client(stub.url), "orders", "dev").exists()


def test_somebody_elses_bucket(open_client: Callable[..., Client]) -> None:
    with running(answering(PUT=s3_refusal("BucketAlreadyExists", 409))) as stub, pytest.raises(FnctlError, match="belongs to another AWS account"):
        S3Store(open_client(stub.url), "orders", "dev").bootstrap()


def test_every_call_says_whose_bucket_it_means(open_client: Callable[..., Client]) -> None:
    with running(answering(GET=s3_refusal("NoSuchKey", 404))) as stub:
        S3Store(open_client(stub.url), "orders", "dev").get("a")
    assert stub.seen[-1].headers["x-amz-expected-bucket-owner"] == "123456789012"
    assert stub.seen[-1].path.startswith(f"/{BUCKET}/orders/dev/a")

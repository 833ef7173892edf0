"""The ledger in variables: only the first writer wins, whatever the network does, and nothing is left behind."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fnctl.errors import CloudError
from fnctl.ledger.store import Conflict
from fnctl_vercel.cloud import VercelCloud
from fnctl_vercel.store import PIECE, ProjectStore
from vercel_cloud.conftest import Shop


@pytest.fixture
def open_store(shop: Shop) -> Iterator[Callable[..., ProjectStore]]:
    """Open the ledger anew, as another run does."""
    opened: list[VercelCloud] = []

    def store(stage: str = "prod") -> ProjectStore:
        shop.stage = stage
        opened.append(shop.cloud())
        found = opened[-1].store
        assert isinstance(found, ProjectStore)
        return found

    store().bootstrap()
    yield store
    for cloud in opened:
        cloud.close()


def test_what_is_written_is_read_by_anybody(open_store: Callable[..., ProjectStore]) -> None:
    large = "".join(random.Random(1).choices(string.printable, k=3 * PIECE)).encode()
    one, two = open_store(), open_store()
    assert one.get("releases/00000001.json") is None
    one.put("releases/00000001.json", large, absent=True)
    one.put("intent.json", b"{}")
    version = two.put("intent.json", b"[]")
    assert two.get("releases/00000001.json") == (large, "1")
    assert one.get("intent.json") == (b"[]", version)
    assert list(one.list()) == ["intent.json", "releases/00000001.json"]
    assert list(one.list("releases/")) == ["releases/00000001.json"]


def test_stages_do_not_see_one_another(open_store: Callable[..., ProjectStore]) -> None:
    for stage in ("prod", "pr-12", "p"):
        open_store(stage).put("lock.json", stage.encode(), absent=True)
    assert [open_store(stage).get("lock.json") for stage in ("prod", "pr-12", "p")] == [(b"prod", "1"), (b"pr-12", "1"), (b"p", "1")]
    store = open_store("pr-12")
    store.purge()
    store.delete("gone.json")
    assert open_store("p").get("lock.json") is not None


def test_of_many_that_write_at_once_one_wins(open_store: Callable[..., ProjectStore]) -> None:
    stores = [open_store() for _ in range(6)]

    def take(store: ProjectStore) -> bool:
        try:
            store.put("lock.json", b"mine", absent=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(take, stores)) == [False] * 5 + [True]

    def renew(store: ProjectStore) -> bool:
        try:
            store.put("lock.json", b"renewed", expect="1")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(renew, stores)) <= 1
    found = stores[0].get("lock.json")
    assert found is not None


def test_who_was_removed_and_replaced_learns_it(open_store: Callable[..., ProjectStore]) -> None:
    old, new = open_store(), open_store()
    version = old.put("lock.json", b"old", absent=True)
    new.delete("lock.json", expect=version)
    assert new.put("lock.json", b"new", absent=True) == "1"
    new.put("lock.json", b"new, renewed", expect="1")
    with pytest.raises(Conflict):
        old.put("lock.json", b"old, renewed", expect=version)
    with pytest.raises(Conflict):
        old.delete("lock.json", expect=version)
    assert new.get("lock.json") == (b"new, renewed", "2")


@pytest.mark.parametrize("act", ["lose", "drop", "answer"])
def test_a_write_whose_answer_is_lost_is_settled_by_reading(shop: Shop, open_store: Callable[..., ProjectStore], act: str) -> None:
    store = open_store()
    fault = {"method": "POST", "path": "/v10/projects/.*/env", "act": act, "status": 502}
    shop.steer("POST", "faults", fault)
    if act == "lose":
        store.put("lock.json", b"mine", absent=True)
    else:
        with pytest.raises(CloudError) as raised:
            store.put("lock.json", b"mine", absent=True)
        assert raised.value.unknown
        store.put("lock.json", b"mine", absent=True)
    assert store.get("lock.json") == (b"mine", "1")


def test_the_last_stage_takes_the_project_along(shop: Shop, open_store: Callable[..., ProjectStore]) -> None:
    one, two = open_store("prod"), open_store("dev")
    for store in (one, two):
        store.put("lock.json", b"{}", absent=True)
        store.put("releases/00000001.json", b"{}", absent=True)
        store.purge(keep="lock.json")
        assert list(store.list()) == ["lock.json"]
        assert shop.projects() == ["shop.fnctl-ledger"]
        store.delete("lock.json", expect="1")
    assert shop.projects() == []

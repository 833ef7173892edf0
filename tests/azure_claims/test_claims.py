"""`idempotent` on Azure: the store keeps its promises over Azurite's own conditional writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from azure_build import hosting
from fnctl_azure.runtime.claims import Claims
from fnctl_azure.standin.azurite import Azurite
from fnctl_runtime import Event
from fnctl_runtime.invocation import Invocation, enter
from fnctl_runtime.once import InProgress, once

CONFIG = {"service": "shop", "stage": "dev", "function": "pay", "idempotent": {"table": "DONE_TABLE", "key": None, "ttl": 60, "lease": 30}}


@pytest.fixture(scope="module")
def environ(azurite: Azurite) -> dict[str, str]:
    """What a function finds around it on this machine."""
    account = azurite.account("shopdata")
    return {"AZURE_STORAGE_KEY": account.key, "DONE_TABLE": f"{account.table}/done"}


class InNode:
    """The store that travels in Node, in a process of its own."""

    def __init__(self, environ: dict[str, str], runtime: Path) -> None:
        words = [str(hosting.node().path), str(Path(__file__).with_name("drive.mjs")), str(runtime), environ["DONE_TABLE"]]
        given = {"PATH": os.defpath, "AZURE_STORAGE_KEY": environ["AZURE_STORAGE_KEY"]}
        self._process = subprocess.Popen(words, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
        told: str | None = self._ask("claim", key, owner, None, {"now": now, "until": until, "expires": expires})
        return told

    def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
        return bool(self._ask("complete", key, owner, answer, {"expires": expires}))

    def release(self, key: str, owner: str) -> None:
        self._ask("release", key, owner, None, {})

    def _ask(self, *words: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the store in Node has ended"
        return json.loads(line)

    def __enter__(self) -> InNode:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


Store: TypeAlias = "Claims | InNode"
Open: TypeAlias = "Callable[[], Store]"


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Node's modules in one folder, as they are joined."""
    folder = tmp_path_factory.mktemp("runtime")
    for source in ("cli/fnctl_runtime/node", "adapters/fnctl_azure/runtime/node"):
        shutil.copytree(root / source, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(params=["python", "node"])
def another(request: pytest.FixtureRequest, environ: dict[str, str], runtime: Path) -> Iterator[Open]:
    """Opens a store: each is a worker of its own, over one table of its language."""
    enter(Invocation("request"))
    mine = {**environ, "DONE_TABLE": f"{environ['DONE_TABLE']}{request.param}"}
    with ExitStack() as opened:
        yield lambda: Claims(CONFIG, mine) if request.param == "python" else opened.enter_context(InNode(mine, runtime))


@pytest.fixture
def store(another: Open) -> Store:
    return another()


def claim(store: Store, key: str, owner: str, *, now: float = 1000.0, holds: float = 10.0, lives: float = 60.0) -> str | None:
    return store.claim(key, owner, now=now, until=now + holds, expires=now + lives)


def test_a_key_is_one_attempts_until_it_is_given_back(store: Store) -> None:
    assert claim(store, "a/b#1", "one") is None
    assert claim(store, "a/b#1", "two") == ""
    store.release("a/b#1", "one")
    assert claim(store, "a/b#1", "two") is None


def test_whoever_comes_later_gets_the_answer(store: Store, another: Open) -> None:
    assert claim(store, "answered", "one") is None
    assert store.complete("answered", "one", '{"ok":true}', expires=1060.0)
    assert claim(another(), "answered", "two") == '{"ok":true}'
    assert claim(store, "answered", "two", now=1061.0) is None  # forgotten


def test_a_claim_that_ran_out_is_taken_over_and_its_old_owner_told(store: Store) -> None:
    assert claim(store, "slow", "one", holds=5) is None
    assert claim(store, "slow", "two", now=1006.0) is None
    assert not store.complete("slow", "one", "1", expires=1100.0)
    store.release("slow", "one")
    assert store.complete("slow", "two", "2", expires=1100.0)
    assert claim(store, "slow", "three", now=1007.0) == "2"


def test_an_attempt_whose_answer_was_lost_finds_its_own_claim(store: Store, another: Open) -> None:
    assert claim(store, "lost", "one") is None
    assert claim(another(), "lost", "one") is None


def test_a_long_answer_comes_back_whole(store: Store) -> None:
    answer = '"' + "å𐍈" * 40_000 + '"'
    assert claim(store, "long", "one") is None
    assert store.complete("long", "one", answer, expires=1060.0)
    assert claim(store, "long", "two") == answer


def test_of_many_at_once_one_works(environ: dict[str, str]) -> None:
    found: list[str | None] = []

    def take(number: int) -> None:
        found.append(claim(Claims(CONFIG, environ), "raced", f"owner-{number}"))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == ["", "", "", "", "", "", "", None]


def test_a_handler_works_once_for_each_event(store: Store) -> None:
    calls: list[Any] = []

    def pay(event: Event) -> Any:
        calls.append(event.data)
        if event.data == "fail":
            raise ValueError("declined")
        return {"paid": event.data}

    work = once(pay, CONFIG, store)
    first = Event(f"e-{time.time()}", "/shop", "fnctl.queue.message", 7)
    assert work(first) == work(first) == {"paid": 7}
    assert calls == [7]
    failing = Event(f"f-{time.time()}", "/shop", "fnctl.queue.message", "fail")
    for _ in range(2):
        with pytest.raises(ValueError, match="declined"):
            work(failing)
    assert calls == [7, "fail", "fail"]
    taken = Event(f"g-{time.time()}", "/shop", "fnctl.queue.message", 1)
    assert store.claim(f"shop/dev/pay#{taken.id}", "another", now=time.time(), until=time.time() + 9, expires=time.time() + 9) is None
    with pytest.raises(InProgress):
        work(taken)

"""What every store of `idempotent` promises, whatever it is made of: the tests of each adapter's run these.

A module that imports them has two fixtures: `store`, and `another`, which opens a store of the same kind over the same data, as another worker does.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from azure_build import hosting
from fnctl_runtime import Event
from fnctl_runtime.once import InProgress, once

if TYPE_CHECKING:
    from fnctl_runtime.once import Store

Open: TypeAlias = "Callable[[], Store]"
CONFIG = {"service": "shop", "stage": "dev", "function": "pay", "idempotent": {"key": None, "ttl": 60, "lease": 30}}


class InNode:
    """The store that travels in Node, in a process of its own."""

    def __init__(self, runtime: Path, said: Mapping[str, str], environ: Mapping[str, str]) -> None:
        words = [str(hosting.node().path), str(Path(__file__).with_name("store.mjs")), str(runtime), json.dumps(said)]
        self._process = subprocess.Popen(words, env=dict(environ), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

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
        told = json.loads(line)
        if "error" in told:
            raise OSError(told["error"])
        return told["value"]

    def __enter__(self) -> InNode:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def later(seconds: float) -> float:
    """Give a time to come: a store may forget by its own clock."""
    return time.time() + seconds


def claim(store: Store, key: str, owner: str, *, after: float = 0.0, holds: float = 30.0, lives: float = 60.0) -> str | None:
    """Claim a key as if so many seconds had gone by."""
    return store.claim(key, owner, now=later(after), until=later(after + holds), expires=later(after + lives))


def test_a_key_is_one_attempts_until_it_is_given_back(store: Store) -> None:
    assert claim(store, "a/b#1", "one") is None
    assert claim(store, "a/b#1", "two") == ""
    store.release("a/b#1", "one")
    assert claim(store, "a/b#1", "two") is None


def test_whoever_comes_later_gets_the_answer(store: Store, another: Open) -> None:
    assert claim(store, "answered", "one") is None
    assert store.complete("answered", "one", '{"ok":true}', expires=later(60))
    assert claim(another(), "answered", "two") == '{"ok":true}'
    store.release("answered", "one")
    assert claim(store, "answered", "two") == '{"ok":true}'  # an answer is not given back
    assert claim(store, "answered", "two", after=61) is None  # forgotten


def test_a_claim_that_ran_out_is_taken_over_and_its_old_owner_told(store: Store) -> None:
    assert claim(store, "slow", "one", holds=5) is None
    assert claim(store, "slow", "two", after=6) is None
    assert not store.complete("slow", "one", "1", expires=later(100))
    store.release("slow", "one")
    assert store.complete("slow", "two", "2", expires=later(100))
    assert claim(store, "slow", "three", after=7) == "2"


def test_an_attempt_whose_answer_was_lost_finds_its_own_claim(store: Store, another: Open) -> None:
    assert claim(store, "lost", "one") is None
    assert claim(another(), "lost", "one") is None


def test_a_long_answer_comes_back_whole(store: Store) -> None:
    answer = '"' + "å𐍈" * 40_000 + '"'
    assert claim(store, "long", "one") is None
    assert store.complete("long", "one", answer, expires=later(60))
    assert claim(store, "long", "two") == answer


def test_of_many_at_once_one_works(another: Open) -> None:
    found: list[str | None] = []
    opened = [another() for _ in range(4)]

    def take(number: int) -> None:
        found.append(claim(opened[number], "raced", f"owner-{number}"))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(len(opened))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == ["", "", "", None]


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


__all__ = [
    "test_a_claim_that_ran_out_is_taken_over_and_its_old_owner_told",
    "test_a_handler_works_once_for_each_event",
    "test_a_key_is_one_attempts_until_it_is_given_back",
    "test_a_long_answer_comes_back_whole",
    "test_an_attempt_whose_answer_was_lost_finds_its_own_claim",
    "test_of_many_at_once_one_works",
    "test_whoever_comes_later_gets_the_answer",
]

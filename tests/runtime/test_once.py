"""`once` where its store gives trouble, and its promise to every store: with real conditional writes it is run in tests/sandbox."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import logging
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from fnctl_runtime import Event, TaskContext
from fnctl_runtime.invocation import Invocation, enter, loop
from fnctl_runtime.once import InProgress, KeyMissing, once

CONFIG = {"service": "shop", "stage": "dev", "function": "pay", "idempotent": {"key": None, "ttl": 60, "lease": 30}}


@dataclass
class Memory:
    """A store in a dictionary: key -> (owner, until, answer, expires)."""

    kept: dict[str, tuple[str, float, str, float]] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def claim(self, key: str, owner: str, *, now: float, until: float, expires: float) -> str | None:
        self._ask("claim")
        theirs = self.kept.get(key)
        if theirs and theirs[3] > now and (theirs[2] or theirs[1] > now) and theirs[0] != owner:
            return theirs[2]
        self.kept[key] = (owner, until, "", expires)
        return None

    def complete(self, key: str, owner: str, answer: str, *, expires: float) -> bool:
        self._ask("complete")
        ours = self.kept.get(key, ("",))[0] == owner
        if ours:
            self.kept[key] = (owner, 0.0, answer, expires)
        return ours

    def release(self, key: str, owner: str) -> None:
        self._ask("release")
        if self.kept.get(key, ("",))[0] == owner:
            del self.kept[key]

    def _ask(self, what: str) -> None:
        if what in self.broken:
            message = f"no {what}"
            raise OSError(message)


@pytest.fixture(autouse=True)
def running() -> None:
    enter(Invocation("request"))


def pay(event: Event) -> Any:
    if event.data == "fail":
        message = "declined"
        raise ValueError(message)
    return {"paid": event.data, "tuple": (1, 2)}


def event(data: Any = 1, id: str = "e-1") -> Event:  # noqa: A002
    return Event(id, "/shop", "t", data)


def test_answers_are_what_json_makes_of_them_the_first_time_too() -> None:
    run = once(pay, CONFIG, Memory())
    assert run(event()) == run(event()) == {"paid": 1, "tuple": [1, 2]}


def test_what_the_store_cannot_do_afterwards_does_not_undo_the_work(caplog: pytest.LogCaptureFixture) -> None:
    store = Memory(broken=frozenset({"complete"}))
    assert once(pay, CONFIG, store)(event())["paid"] == 1
    assert [record.getMessage() for record in caplog.records] == ["cannot complete a claim"]
    with pytest.raises(InProgress, match="shop/dev/pay#e-1 is being worked on"):
        once(pay, CONFIG, store)(event())


def test_a_store_that_takes_no_claim_lets_nobody_work() -> None:
    with pytest.raises(OSError, match="no claim"):
        once(pay, CONFIG, Memory(broken=frozenset({"claim"})))(event())


def test_a_failure_is_the_handlers_even_when_the_claim_stays(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="declined"):
        once(pay, CONFIG, Memory(broken=frozenset({"release"})))(event("fail"))
    assert [record.getMessage() for record in caplog.records] == ["cannot release a claim"]


def test_an_answer_that_is_no_json_is_a_failure_and_leaves_no_claim() -> None:
    store = Memory()
    with pytest.raises(TypeError, match="an answer holds a bytes"):
        once(lambda _event: {"x": b"y"}, CONFIG, store)(event())
    assert store.kept == {}


def test_work_that_outlives_its_claim_says_so(caplog: pytest.LogCaptureFixture) -> None:
    store = Memory()

    def slow(_event: Event) -> str:
        store.kept["shop/dev/pay#e-1"] = ("another", time.time() + 9, "", time.time() + 9)
        return "late"

    assert once(slow, CONFIG, store)(event()) == "late"
    assert (caplog.records[0].levelno, caplog.records[0].getMessage()) == (logging.WARNING, "a claim ran out before the work was done")
    assert store.kept["shop/dev/pay#e-1"][0] == "another"


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        (["data", "order"], {"order": "o"}, "o"),
        (["data", "order"], {"order": {"b": 1, "a": [2]}}, '{"a":[2],"b":1}'),
        (["data", "lines", 1], {"lines": [1, 2]}, "2"),
        (["subject"], None, "sub"),
        (["data", "order"], {"order": "x" * 600}, "sha256:5130b33e6b87fbf5316ed9049e98924eb110800bcbaaad8050f642fba6df37c9"),
    ],
)
def test_the_key_that_the_manifest_names(path: list[str | int], data: Any, expected: str) -> None:
    store = Memory()
    once(lambda _event: None, CONFIG | {"idempotent": {"key": path, "ttl": 1, "lease": 1}}, store)(Event("e", "/s", "t", data, subject="sub"))
    assert [key.partition("#")[2][: len(expected)] for key in store.kept] == [expected]


@pytest.mark.parametrize("data", [None, {}, {"order": None}, [1], "text"])
def test_a_key_that_is_not_there_is_named(data: Any) -> None:
    run = once(pay, CONFIG | {"idempotent": {"key": ["data", "order"], "ttl": 1, "lease": 1}}, Memory())
    with pytest.raises(KeyMissing, match=r"idempotent.key: there is no data.order in the event e-1"):
        run(event(data))


def test_a_task_is_known_by_its_own_key() -> None:
    store = Memory()
    run = once(lambda given, context: [given, context.attempt], CONFIG, store, task=True)
    first = run({"n": 1}, TaskContext("r", "s", "r/s"))
    assert run({"n": 1}, TaskContext("r", "s", "r/s", attempt=2)) == first == [{"n": 1}, 1]
    assert run({"n": 1}, TaskContext("r", "s", "r/s:compensate")) == [{"n": 1}, 1]
    assert json.loads(store.kept["shop/dev/pay#r/s"][2]) == first


def test_async_handlers_work_beside_each_other_on_the_loop_that_runs() -> None:
    store, loops, both = Memory(), [], asyncio.Event()

    async def meet(event: Event) -> Any:
        loops.append(asyncio.get_running_loop())
        both.set() if len(loops) == 2 else None
        await asyncio.wait_for(both.wait(), 5)
        if event.data == "leave":
            sys.exit(3)
        return event.data

    run = once(meet, CONFIG, store, waiting=True)

    async def main() -> list[Any]:
        first = await asyncio.gather(run(event("one", "e-1")), run(event("leave", "e-2")), return_exceptions=True)
        return [asyncio.get_running_loop(), *first, await run(event("one", "e-1"))]

    loop, one, left, again = asyncio.run(main())
    assert (one, again) == ("one", "one")
    assert "the handler called sys.exit(3)" in str(left)
    assert loops == [loop, loop]
    assert list(store.kept) == ["shop/dev/pay#e-1"]


def test_what_is_to_be_waited_for_is_waited_for_in_each_thread() -> None:
    both = threading.Barrier(2)

    async def late(data: Any) -> Any:
        await asyncio.to_thread(both.wait, 5)
        return data

    run = once(lambda event: late(event.data), CONFIG, Memory())

    def called(event: Event) -> Any:
        try:
            return run(event)
        finally:
            loop().close()

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        assert list(threads.map(called, (event(1, "e-1"), event(2, "e-2")))) == [1, 2]

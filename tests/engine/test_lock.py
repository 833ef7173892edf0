"""The deploy lock: one holder, dead owners are taken over, living ones are named."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fnctl.errors import LockHeld, LockLost
from fnctl.ledger import lock
from fnctl.ledger.local import LocalStore

DEAD = """
import sys, pathlib
from fnctl.ledger import lock
from fnctl.ledger.local import LocalStore
lock.acquire(LocalStore(pathlib.Path(sys.argv[1])), patience=0, sleep=lambda s: True)
import os; os._exit(9)
"""


def take(store: LocalStore, **options: float) -> lock.Lock:
    return lock.acquire(store, patience=options.get("patience", 0.0), now=lambda: options.get("now", 1000.0), sleep=lambda _s: True)


def test_a_dead_owner_on_this_machine_is_taken_over_at_once(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", DEAD, str(tmp_path)], check=False).returncode == 9
    store = LocalStore(tmp_path)
    found = lock.holder(store)
    assert found is not None
    assert found[0]["fence"] == 1
    with lock.acquire(store, patience=0, sleep=lambda _s: True) as held:
        assert held.fence == 2
    assert lock.holder(store) is None


def test_a_living_owner_is_named(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with take(store), pytest.raises(LockHeld) as refused:
        take(store, now=1010.0)
    (finding,) = refused.value.diagnostics
    assert "is deploying this service and stage" in finding.message
    assert finding.notes[0].startswith("held for 10 s by process ")
    assert "fnctl unlock" in (finding.help or "")


@pytest.mark.parametrize(("later", "free"), [(59.0, False), (61.0, True)])
def test_an_owner_elsewhere_is_waited_for_until_it_expires(tmp_path: Path, later: float, free: bool) -> None:
    store = LocalStore(tmp_path)
    body = {**vars(lock.myself()), "host": "elsewhere", "since": 1000.0, "expires": 1060.0, "fence": 4}
    store.put(lock.KEY, json.dumps(body).encode())
    if not free:
        with pytest.raises(LockHeld):
            take(store, now=1000.0 + later)
        return
    with take(store, now=1000.0 + later) as held:
        assert held.fence == 5


def test_of_many_at_once_one_wins(tmp_path: Path) -> None:
    store, won, held = LocalStore(tmp_path), [], threading.Barrier(8)

    def run() -> None:
        held.wait()
        try:
            won.append(take(store))
        except LockHeld:
            return

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    won[0].__exit__()


def test_a_lock_that_ran_out_stops_the_writes(tmp_path: Path) -> None:
    clock = [1000.0]
    held = lock.acquire(LocalStore(tmp_path), patience=0, now=lambda: clock[0], sleep=lambda _s: True)
    held.check()
    clock[0] = 1061.0
    with pytest.raises(LockLost):
        held.check()
    held.__exit__()


def test_unlock_removes_only_what_was_shown(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put(lock.KEY, b'{"fence": 1}')
    found = lock.holder(store)
    assert found is not None
    store.put(lock.KEY, b'{"fence": 2}')
    with pytest.raises(LockHeld, match="changed hands"):
        lock.remove(store, found[1])
    assert lock.holder(store) is not None

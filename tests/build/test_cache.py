"""The cache: what it remembers, and that losing it loses nothing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import cache as memory
from fnctl.build.cache import Cache, home
from fnctl.errors import FnctlError


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SETTLED", -1)


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path, settled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parts.write(tmp_path, {"a.txt": "one"}) / "a.txt"
    first = Cache(tmp_path / "cache", tmp_path, {})
    digest = first.digest(path)
    first.save()
    read: list[Path] = []

    def again(path: Path) -> str:
        read.append(path)
        return "read again"

    monkeypatch.setattr(memory, "file_digest", again)
    assert (Cache(tmp_path / "cache", tmp_path, {}).digest(path), read) == (digest, [])
    path.write_text("two")
    assert (Cache(tmp_path / "cache", tmp_path, {}).digest(path), read) == ("read again", [path])


def test_a_file_that_was_just_written_is_not_trusted_by_its_times(tmp_path: Path) -> None:
    path = parts.write(tmp_path, {"a.txt": "one"}) / "a.txt"
    first = Cache(tmp_path / "cache", tmp_path, {})
    digest, stat = first.digest(path), path.stat()
    first.save()
    path.write_text("two")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert Cache(tmp_path / "cache", tmp_path, {}).digest(path) != digest


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 3}', '{"x": [1, 2]}'])
def test_a_damaged_memory_is_an_empty_one(tmp_path: Path, settled: None, damage: str) -> None:
    path = parts.write(tmp_path, {"a.txt": "one"}) / "a.txt"
    first = Cache(tmp_path / "cache", tmp_path, {})
    digest = first.digest(path)
    first.save()
    (memo,) = (tmp_path / "cache/files").iterdir()
    memo.write_text(damage)
    assert Cache(tmp_path / "cache", tmp_path, {}).digest(path) == digest


def test_answers_come_back_and_a_torn_one_does_not(tmp_path: Path) -> None:
    cache = Cache(tmp_path, tmp_path, {})
    assert cache.get("kind", "name") is None
    cache.put("kind", "name", {"a": [1]})
    assert cache.get("kind", "name") == {"a": [1]}
    (tmp_path / "kind/name.json").write_text('{"a"')
    assert cache.get("kind", "name") is None


def test_keys_tell_every_part_apart() -> None:
    keys = [
        memory.key("a", "b"),
        memory.key("ab"),
        memory.key("a", ["b"]),
        memory.key("b", "a"),
        memory.key("a", None),
        memory.key("a", 1),
        memory.key("a", "1"),
    ]
    assert len(set(keys)) == len(keys)


def test_threads_share_one_making_and_one_failure(tmp_path: Path) -> None:
    cache, calls, gate = Cache(tmp_path, tmp_path, {}), list[str](), threading.Barrier(4)
    answers: list[object] = []

    def make() -> str:
        calls.append("made")
        time.sleep(0.02)
        return "done"

    def fail() -> str:
        calls.append("failed")
        message = "no"
        raise FnctlError(message)

    def ask() -> None:
        gate.wait()
        answers.append(cache.once("good", make))
        try:
            cache.once("bad", fail)
        except FnctlError as error:
            answers.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(calls), sorted(map(str, answers))) == (["failed", "made"], ["done"] * 4 + ["no"] * 4)


def test_where_the_cache_is() -> None:
    assert home({"XDG_CACHE_HOME": "/x", "HOME": "/h"}) == Path("/x/fnctl")
    assert home({"HOME": "/h"}) == Path("/h/.cache/fnctl")
    assert home({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/fnctl")


def test_a_cache_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FnctlError) as caught:
        Cache(tmp_path / "file", tmp_path, {}).put("kind", "name", 1)
    assert parts.only(caught.value).code == "FN404"


def test_what_a_killed_run_left_goes_and_what_others_work_in_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", tmp_path, {})
    left, busy = tmp_path / "cache/tmp/left", tmp_path / "cache/tmp/busy"
    for folder in (left, busy):
        parts.write(folder, {"half.whl": "PK"})
    os.utime(left, (0, time.time() - memory.LEFT - 1))
    with cache.workplace() as place:
        assert place.is_dir()
        assert sorted(place.parent.iterdir()) == sorted([busy, place])
    assert list((tmp_path / "cache/tmp").iterdir()) == [busy]

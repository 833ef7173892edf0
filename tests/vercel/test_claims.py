"""`idempotent` on Vercel: the store keeps its promises over a real Redis, and says what is wrong with one, never its address."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azure_standin import tls
from fakes import redis
from fakes.promises import *  # noqa: F403  # the promises are the tests here
from fakes.promises import CONFIG, InNode, Open, claim, later
from fnctl_runtime.invocation import Invocation, enter
from fnctl_vercel.runtime import redis as speaking
from fnctl_vercel.runtime.claims import Claims

if TYPE_CHECKING:
    from fnctl_runtime.once import Store

SAID = {"idempotent": {"redis": "REDIS_URL"}}
PASSWORD = "p@ss:w/rd"  # a Redis of the moment; its letters have to be encoded in a URL
WORD = "p%40ss%3Aw%2Frd"


class Opening:
    """Opens stores of one language over an address; each is a worker of its own."""

    def __init__(self, language: str, runtime: Path, stack: ExitStack) -> None:
        self.language, self._runtime, self._stack = language, runtime, stack

    def at(self, address: str, **more: str) -> Store:
        if self.language == "python":
            made = Claims(CONFIG | SAID, {"REDIS_URL": address})
            self._stack.callback(made.redis.close)
            return made
        return self._stack.enter_context(InNode(self._runtime, SAID["idempotent"], {"PATH": os.defpath, "REDIS_URL": address, **more}))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with redis.serving(PASSWORD) as found:
        yield found


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Node's modules in one folder, as they are joined."""
    folder = tmp_path_factory.mktemp("runtime")
    for source in ("cli/fnctl_runtime/node", "adapters/fnctl_vercel/runtime/node"):
        shutil.copytree(root / source, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(params=["python", "node"])
def opening(request: pytest.FixtureRequest, runtime: Path) -> Iterator[Opening]:
    enter(Invocation("request"))
    with ExitStack() as stack:
        yield Opening(request.param, runtime, stack)


@pytest.fixture
def another(opening: Opening, port: int) -> Open:
    """Opens a store over one database of its language, so that keys do not meet."""
    database = 1 if opening.language == "python" else 2
    return lambda: opening.at(f"redis://default:{WORD}@127.0.0.1:{port}/{database}")


@pytest.fixture
def store(another: Open) -> Store:
    return another()


def told(port: int, *commands: str) -> list[str]:
    """Give commands to the Redis by hand; the last line of each answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rw", newline="\r\n") as lines:
        answers = []
        for command in (f"AUTH {PASSWORD}", *commands):
            lines.write(f"{command}\n")
            lines.flush()
            answers.append(lines.readline().strip())
        return answers[1:]


def test_redis_forgets_by_itself(store: Store, port: int) -> None:
    assert claim(store, "forgotten", "one", lives=40) is None
    select = f"SELECT {1 if isinstance(store, Claims) else 2}"
    assert 30_000 < int(told(port, select, "PTTL forgotten")[1].removeprefix(":")) <= 40_000
    assert store.complete("forgotten", "one", "1", expires=later(90))
    assert 60_000 < int(told(port, select, "PTTL forgotten")[1].removeprefix(":")) <= 90_000


def test_tls_is_spoken_and_the_certificate_looked_at(opening: Opening, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls.certificate(Path(sys.executable), tmp_path / "redis.pem")
    with redis.secured(port, tmp_path / "redis.pem") as door:
        address = f"rediss://default:{WORD}@127.0.0.1:{door}/3"
        with pytest.raises(Exception, match=r"the Redis in REDIS_URL cannot be reached: .*certificate"):
            claim(opening.at(address), f"tls-{opening.language}", "one")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "redis.pem"))
        trusting = opening.at(address, NODE_EXTRA_CA_CERTS=str(tmp_path / "redis.pem"))
        assert claim(trusting, f"tls-{opening.language}", "one") is None
        assert claim(trusting, f"tls-{opening.language}", "two") == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("redis://default:wrong-one@127.0.0.1:{port}", r"the Redis in REDIS_URL refused: WRONGPASS .*"),
        ("redis://127.0.0.1:{port}", r"the Redis in REDIS_URL refused: NOAUTH .*"),
        (f"redis://:{WORD}@127.0.0.1:{{port}}/999", r"the Redis in REDIS_URL refused: ERR DB index is out of range"),
        ("redis://default:secret-one@127.0.0.1:{closed}", r"the Redis in REDIS_URL cannot be reached: .*(refused|ECONNREFUSED).*"),
    ],
)
def test_what_a_redis_refuses_is_said_without_its_address(opening: Opening, port: int, address: str, said: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        store = opening.at(address.format(port=port, closed=free.getsockname()[1]))
        with pytest.raises(Exception, match=said) as caught:
            claim(store, "refused", "one")
    assert not re.search("wrong-one|secret-one|p@ss|p%40", str(caught.value))


@pytest.mark.parametrize("address", ["", "localhost:6379", "https://redis.example", "redis://", "redis://host:port"])
def test_what_is_no_address_is_said_at_the_start(address: str) -> None:
    with pytest.raises(speaking.RedisError, match="REDIS_URL is no address of a Redis"):
        Claims(CONFIG | SAID, {"REDIS_URL": address})


def test_a_connection_that_was_closed_meanwhile_is_made_again(opening: Opening, port: int) -> None:
    store = opening.at(f"redis://:{WORD}@127.0.0.1:{port}/4")
    assert claim(store, f"slept-{opening.language}", "one") is None
    assert told(port, "CLIENT KILL TYPE normal SKIPME yes") != [":0"]
    assert claim(store, f"slept-{opening.language}", "two") == ""


def test_one_that_says_nothing_holds_up_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(speaking.RedisError, match="cannot be reached: timed out"):
        claim(Claims(CONFIG | SAID, {"REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}"}), "silent", "one")


def test_many_calls_of_one_instance_share_it(store: Store) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda number=number: found.append(claim(store, f"many-{number}", "one"))) for number in range(16)]
    if isinstance(store, Claims):  # lines of JSON go one by one
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [None] * 16

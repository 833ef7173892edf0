"""The sandbox's own life: started once, found again, found dead, emptied, ended without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError

from fnctl.errors import FnctlError
from fnctl.standins import lock as locks
from fnctl.standins import processes, supervision
from fnctl_aws.sandbox import AwsSandbox
from sandbox.account import Account


def silent(_sentence: str) -> None:
    pass


@pytest.fixture
def made(tmp_path: Path) -> Iterator[AwsSandbox]:
    sandbox = AwsSandbox(tmp_path)
    sandbox.build_target("python3.11", "x86_64")
    yield sandbox
    sandbox.stop()


def pid(sandbox: AwsSandbox) -> int:
    status: Any = sandbox.status()
    return int(status["pid"])


def test_started_once_then_found_then_stopped(made: AwsSandbox, tmp_path: Path) -> None:
    assert made.status() is None
    assert made.stop() is False
    began = time.monotonic()
    environ = made.start(silent)
    assert time.monotonic() - began < 10
    status: Any = made.status()
    assert status["endpoint"] == environ["AWS_ENDPOINT_URL"]
    assert status["endpoint"].startswith("http://127.0.0.1:")
    assert all(isinstance(sentence, str) for sentence in status["differences"])
    assert AwsSandbox(tmp_path).start(silent) == environ, "another fnctl finds it"
    group = processes.group(status["pid"])
    assert status["pid"] in group
    assert made.stop() is True
    assert made.status() is None
    assert not any(processes.started(member) for member in group)
    assert not (made.state / "data").exists()
    assert (tmp_path / ".fnctl/.gitignore").read_text() == "*\n"


def test_reset_forgets_data_and_environments(made: AwsSandbox) -> None:
    environ = made.start(silent)
    account = Account(environ)
    account.deploy("kept", {"main.py": "def handler(e, c): return 1\n"})
    assert account.call("kept").value == 1
    before = pid(made)
    assert len(processes.group(before)) == 2
    made.reset()
    assert pid(made) == before
    assert account.lambdas.list_functions()["Functions"] == []
    assert processes.group(before) == [before]
    made.stop()
    with pytest.raises(FnctlError, match="not running"):
        made.reset()


DEAF = """
import signal, subprocess, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "60"])
def handler(event, context):
    time.sleep(event)
"""


def test_no_process_outlives_the_sandbox_not_even_one_that_does_not_listen(made: AwsSandbox) -> None:
    account = Account(made.start(silent))
    account.deploy("deaf", {"main.py": DEAF}, Timeout=60)

    def ends() -> None:
        with contextlib.suppress(BotoCoreError):
            account.call("deaf", 60)

    call = threading.Thread(target=ends, daemon=True)
    call.start()
    while len(group := processes.group(pid(made))) < 3:
        time.sleep(0.05)
    began = time.monotonic()
    assert made.stop() is True
    assert time.monotonic() - began < 5
    assert not any(processes.started(member) for member in group)
    call.join(10)


def test_one_that_was_killed_is_found_dead_and_started_empty(made: AwsSandbox) -> None:
    environ = made.start(silent)
    account = Account(environ)
    account.deploy("lost", {"main.py": "import time\ndef handler(e, c): time.sleep(30)\n"}, Timeout=60)
    account.lambdas.invoke(FunctionName="lost", InvocationType="Event")
    killed = pid(made)
    while len(group := processes.group(killed)) < 2:
        time.sleep(0.05)
    os.kill(killed, signal.SIGKILL)
    while made.status() is not None:
        time.sleep(0.02)
    assert processes.group(killed), "the function is still at it"
    said: list[str] = []
    again = made.start(said.append)
    assert any("died" in sentence for sentence in said)
    assert not any(processes.started(member) for member in group)
    assert again["AWS_ENDPOINT_URL"] == environ["AWS_ENDPOINT_URL"], "on the port that others may have noted"
    assert Account(again).lambdas.list_functions()["Functions"] == []


def test_a_front_keeps_its_port_over_a_restart(made: AwsSandbox) -> None:
    urls = []
    for _ in range(2):
        environ = made.start(silent)
        answer = httpx.put(f"{environ['FNCTL_SANDBOX_FRONT']}/fronts/orders-dev", json={"host": "0a1b2c3d.execute-api.localhost"})
        urls.append(answer.json()["url"])
        assert httpx.get(urls[-1]).status_code == 503
        made.stop()
    assert urls[0] == urls[1]


def test_a_process_that_got_the_same_number_is_left_alone(made: AwsSandbox) -> None:
    made.start(silent)
    known = supervision.recall(made.state)
    assert known is not None
    made.stop()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as other:
        stale = supervision.Server(known.identity, other.pid, known.born, known.port, known.control, known.started)
        supervision.remember(made.state, stale)
        assert made.status() is None
        assert made.stop() is False
        assert other.poll() is None
        other.kill()


def test_two_starts_at_once_are_one_sandbox(made: AwsSandbox) -> None:
    code = "import sys, pathlib; from fnctl_aws.sandbox import sandbox; print(sandbox(pathlib.Path(sys.argv[1])).start(len)['AWS_ENDPOINT_URL'])"
    running = [subprocess.Popen([sys.executable, "-c", code, str(made.folder)], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    endpoints = {process.communicate(timeout=60)[0].strip() for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    status: Any = made.status()
    assert endpoints == {status["endpoint"]}


def test_a_dead_starters_lock_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("999999999 1")
    with locks.lock(lock):
        assert lock.read_text().startswith(str(os.getpid()))
    assert not lock.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".fnctl").write_text("a file")
    with pytest.raises(FnctlError, match="cannot write the sandbox's state") as caught:
        AwsSandbox(tmp_path).start(silent)
    assert caught.value.diagnostics[0].help

"""A deploy that fails half-way: the old release is restored (5), or it stops with the one command that goes on (6). Ctrl-C stops in order (130)."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.aws import client, inventory
from fakes.cli import Fnctl, environment
from fakes.counting import Counted, counting
from fakes.ministack import ministack

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 } }
defaults: { runtime: python3.13, memory: MEMORYMB, timeout: 10s }
functions:
  api: { handler: "api.py:handler", triggers: [{ http: GET / }] }
  worker: { handler: "api.py:handler", triggers: [{ http: GET /work }] }
"""
AWS = ("--target", "aws", "--yes")


@contextmanager
def _deployed(fnctl: Fnctl, folder: Path, data: Path) -> Iterator[tuple[Counted, str, dict[str, str]]]:
    with ministack(data) as upstream, counting(upstream) as endpoint:
        env = {"AWS_ENDPOINT_URL": endpoint.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        fnctl("deploy", *AWS, cwd=folder, env=env)
        (folder / "fnctl.yaml").write_text(MANIFEST.replace("MEMORY", "256"))
        yield endpoint, upstream, env


def _memory(upstream: str) -> dict[str, int]:
    """What serves: the configuration behind each alias."""
    functions = client("lambda", upstream)
    return {name: functions.get_function_configuration(FunctionName=f"shop-dev-{name}", Qualifier="live")["MemorySize"] for name in ("api", "worker")}


def _project(project: Callable[..., Path]) -> Path:
    handler = "def handler(request):\n    return {'ok': True}\n"
    return project(**{"fnctl.yaml": MANIFEST.replace("MEMORY", "128"), "api.py": handler})


def test_a_failure_brings_the_old_release_back(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = _project(project)
    with _deployed(fnctl, folder, tmp_path) as (endpoint, upstream, env):
        endpoint.refuses = lambda call: call.startswith("POST ") and call.endswith("shop-dev-worker/versions")
        failed = fnctl("deploy", *AWS, cwd=folder, env=env, code=5)
        assert "a policy of the organisation forbids it" in failed.err
        assert "fnctl.yaml:7" in failed.err
        assert _memory(upstream) == {"api": 128, "worker": 128}

        endpoint.refuses = lambda _call: False
        assert fnctl("status", "--target", "aws", "--output", "json", cwd=folder, env=env).document()["drift"] == 0
        fnctl("deploy", *AWS, cwd=folder, env=env)
        assert _memory(upstream) == {"api": 256, "worker": 256}


def test_a_first_deploy_that_fails_leaves_nothing(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = _project(project)
    with ministack(tmp_path) as upstream, counting(upstream) as endpoint:
        env = {"AWS_ENDPOINT_URL": endpoint.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        endpoint.refuses = lambda call: call.endswith("/routes") and call.startswith("POST ")
        fnctl("deploy", *AWS, cwd=folder, env=env, code=5)
        assert inventory(upstream) == set()


def test_what_cannot_be_restored_says_how_to_go_on(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = _project(project)
    with _deployed(fnctl, folder, tmp_path) as (endpoint, upstream, env):
        # The aliases are stuck between two releases: one moved, one not, and neither moves again.
        moves = itertools.count()
        endpoint.refuses = lambda call: call.startswith("PUT ") and call.endswith("/aliases/live") and next(moves) > 0
        stopped = fnctl("deploy", *AWS, "--output", "json", cwd=folder, env=env, code=6)
        assert stopped.result()["status"] == "stopped"
        endpoint.refuses = lambda _call: False
        fnctl("deploy", *AWS, cwd=folder, env=env)
        assert _memory(upstream) == {"api": 256, "worker": 256}


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(fnctl: Fnctl, project: Callable[..., Path], tmp_path: Path) -> None:
    folder = _project(project)
    with _deployed(fnctl, folder, tmp_path) as (endpoint, upstream, env):
        endpoint.calls.clear()
        words = [sys.executable, "-m", "fnctl", "deploy", *AWS]
        running = subprocess.Popen(words, cwd=folder, env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 60
        while not endpoint.writes() and time.monotonic() < until:
            time.sleep(0.01)
        while not [call for call in endpoint.writes() if "/configuration" in call] and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(running.pid, signal.SIGINT)
        _, told = running.communicate(timeout=60)
        assert running.returncode == 130, told
        assert "fnctl deploy --target aws --stage dev" in told
        fnctl("deploy", *AWS, cwd=folder, env=env)
        assert _memory(upstream) == {"api": 256, "worker": 256}

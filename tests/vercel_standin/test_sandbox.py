"""The sandbox's own life, and which interpreters run what."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from fnctl.errors import FnctlError
from fnctl.standins import processes, supervision
from fnctl_vercel.output.recipe import BOOTSTRAP
from fnctl_vercel.sandbox import VercelSandbox
from vercel.output import python


def test_it_is_found_again_found_dead_and_ended_without_a_trace(tmp_path: Path) -> None:
    sandbox, said = VercelSandbox(tmp_path), list[str]()
    assert sandbox.status() is None
    assert not sandbox.stop()
    first = sandbox.start(said.append)
    assert VercelSandbox(tmp_path).start(said.append) == first
    server = supervision.recall(sandbox.state)
    assert server is not None
    os.kill(server.pid, signal.SIGKILL)
    while processes.started(server.pid):
        pass
    again = sandbox.start(said.append)
    assert again["FNCTL_VERCEL_ENDPOINT"] == first["FNCTL_VERCEL_ENDPOINT"]
    assert [line for line in said if "died" in line]
    assert sandbox.stop()
    assert not (sandbox.state / "data").exists()


def test_functions_run_on_the_very_python_that_they_are_built_for(tmp_path: Path) -> None:
    if python() is None:
        pytest.skip("no Python 3.13 interpreter")
    target, _ = VercelSandbox(tmp_path).build_target("python3.13", "x86_64")
    assert (target.python, target.brings) == ("3.13", (BOOTSTRAP,))
    with pytest.raises(FnctlError, match=r"the sandbox needs Python 3\.99") as caught:
        VercelSandbox(tmp_path).build_target("python3.99", "x86_64")
    assert "FNCTL_PYTHON_3_99" in str(caught.value.diagnostics[0].help)


def test_what_no_interpreter_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FnctlError, match="cannot run go1"):
        VercelSandbox(tmp_path).build_target("go1", "x86_64")

"""The edge of the process: what escapes a verb, how a run is interrupted, and what a real process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Fnctl
from fnctl.adapter import Cancel
from fnctl.commands.interrupt import FIRST, SECOND, Interrupts, listening
from fnctl.events import Event
from fnctl.session import Session


def boom(*_args: object, **_more: object) -> Any:
    token = "tok-" + "a1b2c3" * 4
    message = f"no key 'x'; password={token}"
    raise KeyError(message)


def test_a_bug_is_a_paragraph_and_a_report(fnctl: Fnctl, tmp_path: Path) -> None:
    done = fnctl("status", status=boom, environ={"MY_API_TOKEN": "super-secret-value"})
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "This is a bug in fnctl (KeyError)" in done.err
    [report] = (tmp_path / "state" / "fnctl").iterdir()
    assert str(report) in done.err
    page = report.read_text()
    assert "Traceback" in page
    assert "fnctl status" in page
    assert "a1b2c3a1b2c3" not in page


def test_a_bug_in_a_stream_still_ends_it(fnctl: Fnctl) -> None:
    done = fnctl("deploy", "--output", "json", deploy=boom)
    assert (done.code, done.lines[-1]["type"], done.lines[-1]["status"]) == (1, "result", "failed")


def test_a_traceback_comes_only_when_asked_for(fnctl: Fnctl) -> None:
    done = fnctl("status", status=boom, environ={"FNCTL_TRACEBACK": "1"})
    assert done.code == 1
    assert "Traceback" in done.err
    assert "a1b2c3a1b2c3" not in done.err


def test_a_report_that_cannot_be_written_is_no_second_failure(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = fnctl("status", status=boom, environ={"XDG_STATE_HOME": str(tmp_path / "file")})
    assert done.code == 1
    assert "This is a bug in fnctl" in done.err


def test_ctrl_c_is_130(fnctl: Fnctl) -> None:
    def interrupted(*_args: object, **_more: object) -> Any:
        raise KeyboardInterrupt

    done = fnctl("plan", plan=interrupted)
    assert (done.code, done.out) == (130, "")
    assert "Interrupted" in done.err
    streamed = fnctl("deploy", "--output", "json", deploy=interrupted)
    assert (streamed.code, streamed.lines[-1]["status"], streamed.lines[-1]["exit"]) == (130, "cancelled", 130)


def test_before_the_first_write_a_signal_just_ends_the_run() -> None:
    session, said = Session(), list[str]()
    with pytest.raises(KeyboardInterrupt):
        Interrupts(session, said.append).handle(signal.SIGINT)
    assert (session.cancel, said) == (Cancel.NO, [])


def test_after_it_once_is_finish_and_twice_is_now() -> None:
    session, said = Session(), list[str]()
    interrupts = Interrupts(session, said.append)
    interrupts.watch(Event("phase", {"phase": "lock"}))
    steps: list[Cancel] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        interrupts.handle(number)
        steps.append(session.cancel)
    assert steps == [Cancel.FINISH, Cancel.NOW, Cancel.NOW]
    assert said == [FIRST, SECOND, SECOND]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_real_signals_reach_the_session_and_are_given_back(number: signal.Signals) -> None:
    before, session, said = signal.getsignal(number), Session(), list[str]()
    with listening(session, said.append):
        session.emit(Event("phase", {"phase": "lock"}))
        signal.raise_signal(number)
    assert session.cancel is Cancel.FINISH
    assert signal.getsignal(number) is before


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A real process whose deploy writes until it is told to stop."""
    script = textwrap.dedent(
        """
        import sys, time, types
        from fnctl.__main__ import main
        from fnctl.adapter import Cancel
        from fnctl.commands.world import World
        from fnctl.errors import Exit
        from fnctl.events import Event
        from fnctl.results import Result

        def deploy(session, **_):
            session.emit(Event("phase", {"phase": "lock"}))
            print("writing", flush=True)
            while session.cancel is Cancel.NO:
                time.sleep(0.01)
            return Result("stopped", Exit.STOPPED, next="fnctl deploy")

        sys.exit(main(["deploy", "--yes"], World(given=types.SimpleNamespace(deploy=deploy))))
        """
    )
    started = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    yield started
    started.kill()
    started.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_writes_stops_in_good_order(process: subprocess.Popen[str], number: signal.Signals) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 6
    assert FIRST in err
    assert err.rstrip().endswith("Go on with:\nfnctl deploy")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_called_off_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    script = """
import sys, tempfile, time, types
from fnctl.__main__ import main
from fnctl.commands.world import World

def build(session, **_):
    with tempfile.TemporaryDirectory(dir=sys.argv[1]):
        print("fetching", flush=True)
        time.sleep(60)

sys.exit(main(["build"], World(given=types.SimpleNamespace(build=build))))
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "fetching\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err.splitlines()[-1:]) == (130, ["Interrupted: nothing was changed by this run."])
    assert list(tmp_path.iterdir()) == []


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "fnctl", *words], capture_output=True, text=True, timeout=60, check=False, **more)


def test_version_names_python_and_the_system() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("fnctl ")
    assert f"Python {sys.version.split()[0]}" in done.stdout
    assert os.uname().machine in done.stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    pipe = subprocess.Popen([sys.executable, "-m", "fnctl", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert pipe.stdout is not None
    assert pipe.stderr is not None
    pipe.stdout.read(1)
    pipe.stdout.close()
    err = pipe.stderr.read()
    pipe.stderr.close()
    assert (pipe.wait(timeout=30), err) == (0, b"")


def test_a_stream_that_cannot_say_a_character_gets_another(tmp_path: Path) -> None:
    done = run("--help", env={**os.environ, "PYTHONIOENCODING": "ascii"}, cwd=tmp_path)
    assert done.returncode == 0


def test_a_missing_manifest_is_a_diagnostic(tmp_path: Path) -> None:
    done = run("validate", cwd=tmp_path)
    assert done.returncode == 1
    assert "error[" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_gone_and_streams_that_are_closed_are_no_bug(tmp_path: Path) -> None:
    """The shell stands in a folder that somebody else removed, or a supervisor started us with nothing open."""
    script = f'mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m fnctl validate; echo "exit $?"; {sys.executable} -m fnctl rules AWS101'
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert "error[FN001]: there is no fnctl.yaml here or in a folder above" in done.stderr
    assert "Traceback" not in done.stderr
    assert "exit 1\n" in done.stdout
    assert "AWS101" in done.stdout
    closed = f"{sys.executable} -m fnctl rules AWS101 <&- >&- 2>&-; exit $?"
    assert subprocess.run(["bash", "-c", closed], cwd=tmp_path, check=False, timeout=60).returncode == 0


def test_findings_of_several_manifests_name_each_as_the_reader_sees_it(tmp_path: Path) -> None:
    """As pre-commit runs it: from the root of the checkout, for manifests in folders."""
    good = (
        "fnctl: 1\nservice: shop\ntargets: { aws: {} }\nfunctions: { api: { handler: 'a.py:b', runtime: python3.13, triggers: [{ http: GET / }] } }\n"
    )
    for folder, text in (("good", good), ("bad", good.replace("handler", "handlr"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "fnctl.yaml").write_text(text)
    done = run("validate", "--no-files", "good/fnctl.yaml", "gone/fnctl.yaml", "bad/fnctl.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "good/fnctl.yaml is fine for aws." in done.stderr
    assert "there is no file gone/fnctl.yaml" in done.stderr
    assert " --> bad/fnctl.yaml:4:21" in done.stderr
    inside = run("validate", "--no-files", "-t", "azure", cwd=tmp_path / "good")
    assert " --> fnctl.yaml:3:1" in inside.stderr
    (tmp_path / "bad" / "src").mkdir()
    assert " --> ../fnctl.yaml:4:21" in run("validate", "--no-files", cwd=tmp_path / "bad" / "src").stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
@pytest.mark.parametrize("words", [("rules", "AWS101"), ("validate", "--output", "json"), ("--version",)], ids=" ".join)
def test_a_disk_that_is_full_is_said_and_no_bug(tmp_path: Path, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "fnctl", *words]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "" if words == ("--version",) else "error[FN404]: there is no room for what was to be written" in done.stderr
    with Path("/dev/full").open("w") as full:
        assert subprocess.run(command, stdout=full, stderr=full, cwd=tmp_path, check=False, timeout=60).returncode == 1

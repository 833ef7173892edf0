"""The sandbox's environments: whole or not there, made by whoever comes first, from pins without hosts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fnctl.build import interpreters
from fnctl.errors import FnctlError
from fnctl.standins import environments
from fnctl_aws.sandbox import DIFFERENCES, AwsSandbox
from fnctl_aws.standin import parts

HERE = ".".join(map(str, sys.version_info[:2]))


def silent(_sentence: str) -> None:
    pass


@pytest.mark.parametrize("name", ["server.txt", "functions.txt"])
def test_every_pin_has_its_hashes_and_no_host(name: str) -> None:
    text = (parts.PINS / name).read_text()
    wanted = re.split(r"\n(?=\S)", text.strip())
    assert wanted
    assert all(re.match(r"[\w.-]+==\S+", one) and "--hash=sha256:" in one for one in wanted)
    assert "://" not in text


def test_the_npm_lock_has_no_host() -> None:
    lock = (parts.PINS / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10


def test_an_environment_is_made_whole_by_one_of_two(tmp_path: Path) -> None:
    folder, proof = tmp_path / "x" / "made", tmp_path / "x" / "made" / "proof"
    together = threading.Barrier(2)

    def make(made: Path) -> None:
        (made / "proof").write_text("whole")
        together.wait(10)

    makers = [threading.Thread(target=environments.once, args=(folder, proof, make)) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert proof.read_text() == "whole"
    assert list(folder.parent.iterdir()) == [folder], "nothing half-made is left"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(_made: Path) -> None:
        raise FnctlError("no")

    with pytest.raises(FnctlError):
        environments.once(tmp_path / "made", tmp_path / "made/proof", fail)
    assert list(tmp_path.iterdir()) == []


def test_an_environment_whose_interpreter_is_gone_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "python").symlink_to(tmp_path / "gone")
    environments.once(folder, folder / "python", lambda made: (made / "python").touch())
    assert (folder / "python").is_file()


def test_no_index_is_a_sentence_with_its_own_words(tmp_path: Path) -> None:
    python = interpreters.find(HERE, os.environ)
    assert python is not None
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path),
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
    }
    with pytest.raises(FnctlError, match="could not be made") as caught:
        parts.functions(python, environ, silent)
    assert caught.value.diagnostics[0].notes


def test_no_npm_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FnctlError, match="needs npm"):
        parts.node_client({"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}, silent)


def test_functions_get_awss_client_and_boto3_and_none_of_the_emulator() -> None:
    python = interpreters.find(HERE, os.environ)
    assert python is not None
    program = parts.functions(python, os.environ, silent)
    code = "import awslambdaric, boto3, importlib.util as u; print([u.find_spec(n) for n in ('ministack', 'hypercorn', 'fnctl')])"
    assert subprocess.check_output([program, "-I", "-c", code], text=True).strip() == "[None, None, None]"
    began = time.monotonic()
    assert parts.functions(python, os.environ, silent) == program
    assert time.monotonic() - began < 2


def test_a_build_target_is_the_interpreter_that_runs_it(tmp_path: Path) -> None:
    sandbox = AwsSandbox(tmp_path)
    machine = interpreters.find(HERE, os.environ)
    assert machine is not None
    target, said = sandbox.build_target(f"python{HERE}", machine.machine)
    assert said is None
    assert (target.runtime, target.python, target.architecture) == (f"python{HERE}", HERE, machine.machine)
    assert target.interpreter is not None
    assert subprocess.check_output([target.interpreter, "-c", "import sys; print(sys.version_info[:2])"], text=True).strip() == str(
        sys.version_info[:2]
    )
    assert target.platform_tags == machine.tags


def test_a_build_target_says_what_differs(tmp_path: Path) -> None:
    sandbox = AwsSandbox(tmp_path)
    other = "arm64" if sandbox.build_target(f"python{HERE}", "x86_64")[0].architecture == "x86_64" else "x86_64"
    target, said = sandbox.build_target("python3.99", other)
    assert target.python == HERE
    assert said is not None
    assert "python3.99 run on Python" in said
    assert "FNCTL_PYTHON_3_99" in said
    assert f"not {other}" in said
    target, said = sandbox.build_target("nodejs99", target.architecture)
    assert (target.python, target.externals) == (None, ())
    assert "nodejs99 run on Node" in str(said)
    with pytest.raises(FnctlError, match="cannot run java21"):
        sandbox.build_target("java21", "x86_64")


def test_the_page_lists_the_same_differences() -> None:
    page = (Path(__file__).parents[2] / "docs/sandbox.md").read_text().replace("`", "")
    assert [line.removeprefix("- ") for line in page.splitlines() if line.removeprefix("- ") in DIFFERENCES] == list(DIFFERENCES)

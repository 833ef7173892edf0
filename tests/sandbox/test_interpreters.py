"""Interpreters are found by what they answer, not by what they are called."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from packaging.tags import platform_tags

from fnctl.build import interpreters
from fnctl.build.interpreters import find, find_node, tags

HERE = ".".join(map(str, sys.version_info[:2]))


def script(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def pretender(file: Path, version: str) -> Path:
    """A program that answers like a Python of this version."""
    facts = {"path": str(file), "version": version, "machine": "aarch64", "platform": "linux-aarch64", "glibc": "2.34", "musl": False}
    return script(file, f"echo '{json.dumps(facts)}'")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    places = {"HOME": "home", "PATH": "bin", "XDG_CACHE_HOME": "cache", "PYENV_ROOT": "pyenv", "XDG_DATA_HOME": "data"}
    return {name: str(tmp_path / folder) for name, folder in places.items()}


def test_the_running_interpreter_is_exact_for_its_own_version(environ: dict[str, str]) -> None:
    found = find(HERE, environ)
    assert found is not None
    assert (found.exact, found.version.startswith(HERE + ".")) == (True, True)
    assert found.path.is_file()
    assert found.machine in ("x86_64", "arm64")
    assert found.tags


def test_a_shim_that_fails_is_passed_over(environ: dict[str, str], tmp_path: Path) -> None:
    script(tmp_path / "bin/python3.99", "exit 127")
    pretender(tmp_path / "pyenv/versions/3.99.4/bin/python", "3.99.4")
    found = find("3.99", environ)
    assert found is not None
    assert (found.version, found.exact, found.machine) == ("3.99.4", True, "arm64")


@pytest.mark.parametrize("named", [True, False])
def test_pyenvs_own_are_asked_before_its_shims(environ: dict[str, str], tmp_path: Path, *, named: bool) -> None:
    script(tmp_path / "elsewhere/shims/python3.99", f"touch {tmp_path}/asked; exit 127")
    pretender(tmp_path / "elsewhere/versions/3.99.4/bin/python", "3.99.4")
    found = find("3.99", environ | {"PATH": str(tmp_path / "elsewhere/shims")} | ({"PYENV_ROOT": str(tmp_path / "elsewhere")} if named else {}))
    assert found is not None
    assert (found.version, (tmp_path / "asked").exists()) == ("3.99.4", False)
    pretender(tmp_path / "elsewhere/shims/python3.98", "3.98.1")
    assert find("3.98", environ | {"PATH": str(tmp_path / "elsewhere/shims")}).version == "3.98.1"  # type: ignore[union-attr]  # found above


@pytest.mark.parametrize("text", ["echo nonsense", "echo '[]'", "echo '{\"version\": 1'", "kill -9 $$"])
def test_what_answers_something_else_is_no_interpreter(environ: dict[str, str], tmp_path: Path, text: str) -> None:
    script(tmp_path / "bin/python3.99", text)
    found = find("3.99", environ)
    assert found is not None
    assert not found.exact
    assert found.version.startswith(HERE)


def test_a_name_is_not_believed(environ: dict[str, str], tmp_path: Path) -> None:
    pretender(tmp_path / "bin/python3.9", "3.99.0")
    found = find("3.9", environ)
    assert found is not None
    assert not found.exact


def test_the_variable_comes_first(environ: dict[str, str], tmp_path: Path) -> None:
    pretender(tmp_path / "bin/python3.99", "3.99.1")
    mine = pretender(tmp_path / "mine", "3.99.2")
    found = find("3.99", environ | {"FNCTL_PYTHON_3_99": str(mine)})
    assert found is not None
    assert (found.path, found.version) == (mine, "3.99.2")


def test_uvs_own_interpreters_are_known(environ: dict[str, str], tmp_path: Path) -> None:
    pretender(tmp_path / "data/uv/python/cpython-3.99.7-linux-x86_64-gnu/bin/python3.99", "3.99.7")
    found = find("3.99", environ)
    assert found is not None
    assert found.version == "3.99.7"


def test_answers_are_kept_for_programs_and_never_for_scripts(environ: dict[str, str], tmp_path: Path) -> None:
    pretender(tmp_path / "bin/python3.99", "3.99.1")
    assert find("3.99", environ)
    find(HERE, environ)
    notes = json.loads((tmp_path / "cache/fnctl/interpreters.json").read_text())
    assert [facts["version"].rpartition(".")[0] for facts in notes.values()] == [HERE]
    script(tmp_path / "bin/python3.99", "exit 1")
    found = find("3.99", environ)
    assert found is not None
    assert not found.exact


def test_a_cache_that_is_broken_or_unwritable_costs_nothing_else(environ: dict[str, str], tmp_path: Path) -> None:
    notes = tmp_path / "cache/fnctl/interpreters.json"
    notes.parent.mkdir(parents=True)
    notes.write_text("{")
    assert find(HERE, environ)
    (tmp_path / "file").write_text("")
    assert find(HERE, environ | {"XDG_CACHE_HOME": str(tmp_path / "file")})


def test_node_by_its_answer(environ: dict[str, str], tmp_path: Path) -> None:
    assert find_node("22", environ) is None
    answer = {"path": str(tmp_path / "bin/node"), "version": "20.1.0", "machine": "x64"}
    script(tmp_path / "bin/node", f"echo '{json.dumps(answer)}'")
    old = find_node("22", environ)
    assert old is not None
    assert (old.version, old.exact, old.machine) == ("20.1.0", False, "x86_64")
    mine = script(tmp_path / "node22", f"echo '{json.dumps(answer | {'version': '22.0.1'})}'")
    new = find_node("22", environ | {"FNCTL_NODE_22": str(mine)})
    assert new is not None
    assert (new.version, new.exact) == ("22.0.1", True)


def test_tags_are_best_first_and_what_pip_would_take(environ: dict[str, str]) -> None:
    found = find(HERE, environ)
    assert found is not None
    theirs = list(dict.fromkeys(platform_tags()))
    plain = found.tags[-1]
    assert [t for t in found.tags if t != plain] == [t for t in theirs if t != plain]
    assert plain in theirs


def test_tags_of_other_machines() -> None:
    musl = {"machine": "x86_64", "platform": "linux-x86_64", "glibc": "", "musl": True}
    assert tags(musl) == ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64", "linux_x86_64")
    arm = tags({"machine": "aarch64", "platform": "linux-aarch64", "glibc": "2.26", "musl": False})
    assert arm[0] == "manylinux_2_26_aarch64"
    assert arm[-3:] == ("manylinux_2_17_aarch64", "manylinux2014_aarch64", "linux_aarch64")


def test_the_cache_is_where_xdg_says(tmp_path: Path) -> None:
    assert interpreters.cache({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "fnctl"
    assert interpreters.cache({"XDG_CACHE_HOME": "relative"}) == interpreters.cache({}) == Path.home() / ".cache/fnctl"

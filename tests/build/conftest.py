"""One esbuild for all tests of this room: fetched once a process, as a project without its own would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import parts
from fakes.cli import Done, Fnctl, environment
from fnctl.build import esbuild


@pytest.fixture(scope="session")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pinned esbuild."""
    folder = tmp_path_factory.mktemp("esbuild")
    return esbuild.binary(folder, "handler.ts", parts.cache(folder, folder))


def install(tool: Path, folder: Path) -> None:
    """Put esbuild where npm would."""
    place = folder / "node_modules" / esbuild.package() / tool.relative_to(tool.parents[1] if tool.parent.name == "bin" else tool.parent)
    place.parent.mkdir(parents=True)
    os.link(tool, place)


@pytest.fixture
def installed(tool: Path, tmp_path: Path) -> None:
    """Esbuild installed above every project of a test."""
    install(tool, tmp_path)


@pytest.fixture
def fnctl() -> Fnctl:
    """The command, in a process of its own."""

    def run(*words: str, cwd: Path, code: int | None = 0, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        command = [sys.executable, "-m", "fnctl", *words]
        done = subprocess.run(command, cwd=cwd, env=environment(env), input=stdin, capture_output=True, text=True, timeout=300, check=False)
        assert code is None or done.returncode == code, f"fnctl {' '.join(words)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    return run

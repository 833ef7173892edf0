"""The command line as people and CI run it, a project folder, a sandbox that is stopped afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fakes.cli import Done, Fnctl, environment
from fakes.forked import Command, command

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def loaded() -> Iterator[Command]:
    """A process that has imported all of it: a third of what a short run costs."""
    with command("boto3", "fnctl_aws.plugin", "fnctl_aws.cloud", "fnctl_aws.client") as made:
        yield made


@pytest.fixture
def fnctl(loaded: Command) -> Fnctl:
    """The command, in a process of its own."""

    def run(*words: str, cwd: Path, code: int | None = 0, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        done = loaded.start(words, cwd, environment(env), stdin).wait()
        assert code is None or done.code == code, f"fnctl {' '.join(words)} -> {done.code}\n{done.out}\n{done.err}"
        return done

    return run


@pytest.fixture
def cold() -> Fnctl:
    """The command, loaded anew as a shell does it: for what is told before a platform is asked."""

    def run(*words: str, cwd: Path, code: int | None = 0, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "fnctl", *words],
            cwd=cwd,
            env=environment(env),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert code is None or done.returncode == code, f"fnctl {' '.join(words)} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def project(tmp_path: Path, fnctl: Fnctl) -> Iterator[Callable[..., Path]]:
    """Make project folders, from an example or from texts by path; whatever sandboxes they start are stopped at the end."""
    made: list[Path] = []

    def make(example: str | None = None, **files: str) -> Path:
        folder = tmp_path / (example or f"project{len(made)}")
        if example:
            shutil.copytree(ROOT / "examples" / example, folder, ignore=shutil.ignore_patterns(".fnctl", "node_modules", "__pycache__"))
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        for sandbox in (folder / ".fnctl" / "sandbox").glob("*/state.json"):
            fnctl("sandbox", "stop", "--target", sandbox.parent.name, cwd=folder, code=None)

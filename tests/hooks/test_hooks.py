"""The hooks that we offer, tried with the real pre-commit: it clones the checkout, installs it into an environment of its own, and runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

GOOD = "fnctl: 1\nservice: orders\ntargets: { aws: { region: eu-west-1 } }\nfunctions:\n  api: { handler: api.py:handler, runtime: python3.13 }\n"
CONFIG = "repos:\n  - repo: file://{repo}\n    rev: {rev}\n    hooks:\n      - id: fnctl-fmt\n      - id: fnctl-validate\n"


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No network and nobody's settings: what is installed here serves the hook's environment, too, the build backend and the dependencies."""
    home = tmp_path_factory.mktemp("home")
    who = {f"GIT_{role}_{what}": "test@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    pip = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "VIRTUALENV_NO_PERIODIC_UPDATE": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PIP_", "PRE_COMMIT"))}
    here = {"HOME": str(home), "PRE_COMMIT_HOME": str(home / "pre-commit"), "PYTHONPATH": sysconfig.get_path("purelib"), "NO_COLOR": "1"}
    return {**kept, **who, **pip, **here, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, environ: dict[str, str], *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, env=environ, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def hooks(root: Path, tmp_path_factory: pytest.TempPathFactory, environ: dict[str, str]) -> tuple[Path, str]:
    """The checkout as it is now, committed as a repository of its own -> (its place, its revision)."""
    folder = tmp_path_factory.mktemp("hooks")
    names = git(root, environ, "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    for name in names:
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
    git(folder, environ, "init", "-q")
    git(folder, environ, "add", "-A")
    git(folder, environ, "commit", "-q", "-m", "all")
    return folder, git(folder, environ, "rev-parse", "HEAD")


def run(folder: Path, environ: dict[str, str], hook: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", "run", hook, "--all-files", "--color", "never"]
    return subprocess.run(command, cwd=folder, env=environ, check=False, capture_output=True, text=True, timeout=240)


def test_pre_commit_runs_the_hooks(tmp_path: Path, hooks: tuple[Path, str], environ: dict[str, str]) -> None:
    repo, rev = hooks
    (tmp_path / ".pre-commit-config.yaml").write_text(CONFIG.format(repo=repo, rev=rev))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "fnctl.yaml").write_text(GOOD)
        (tmp_path / name / "api.py").write_text("def handler(request):\n    return 1\n")
    (tmp_path / "other.yaml").write_text("a:   1\n")
    git(tmp_path, environ, "init", "-q")
    git(tmp_path, environ, "add", "-A")
    done = run(tmp_path, environ, "fnctl-validate")
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout + done.stderr
    assert run(tmp_path, environ, "fnctl-fmt").returncode == 0

    (tmp_path / "two/fnctl.yaml").write_text(GOOD.replace("service: orders", "service:   orders"))
    done = run(tmp_path, environ, "fnctl-fmt")
    assert (done.returncode, "files were modified by this hook" in done.stdout) == (1, True), done.stdout + done.stderr
    assert (tmp_path / "two/fnctl.yaml").read_text() == GOOD
    assert (tmp_path / "other.yaml").read_text() == "a:   1\n"

    (tmp_path / "two/fnctl.yaml").write_text(GOOD.replace("handler:", "handlr:"))
    done = run(tmp_path, environ, "fnctl-validate")
    assert (done.returncode, "did you mean `handler`?" in done.stdout) == (1, True), done.stdout + done.stderr

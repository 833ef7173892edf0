"""The sample, built once as a user builds it, and its apps unpacked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from azure_build import hosting
from azure_build.hosting import Worker
from fakes.cli import environment

SAMPLE = Path(__file__).parent / "sample"


def build(folder: Path, *words: str) -> Mapping[str, Any]:
    """Build a copy of the sample, and give fnctl/build/1."""
    copy = shutil.copytree(SAMPLE, folder / "sample")
    command = [sys.executable, "-m", "fnctl", "build", "--output", "json", *words]
    done = subprocess.run(command, cwd=copy, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What `fnctl build` says of the sample."""
    if hosting.python() is None:
        pytest.skip("no Python 3.13 interpreter")
    return build(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="session")
def apps(built: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The apps' folders by name."""
    place = tmp_path_factory.mktemp("apps")
    for one in {one["artifact"]: one for one in built["artifacts"]}.values():
        with zipfile.ZipFile(one["path"]) as archive:
            archive.extractall(place / one["artifact"])
    return {folder.name: folder for folder in place.iterdir()}


@pytest.fixture(scope="session")
def workers(apps: Mapping[str, Path]) -> Iterator[Mapping[str, Worker]]:
    """A worker for each language's app."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(hosting.serving(apps[name])) for name in ("python", "node")}

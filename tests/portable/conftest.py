"""The example, built for a target and served by the target's driver."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fakes.cli import environment
from fnctl.manifest.load import load
from fnctl.manifest.model import Service
from fnctl.manifest.resolve import resolve
from portable.drivers import Built, Driver, Running, aws, azure, vercel

DRIVERS: dict[str, Driver] = {driver.target: driver for driver in (aws.DRIVER, azure.DRIVER, vercel.DRIVER)}
EXAMPLE = Path(__file__).parents[2] / "examples" / "portable"


def service(target: str, folder: Path = EXAMPLE) -> Service:
    """Say what the example's manifest means on a target."""
    document, _ = load(folder / "fnctl.yaml")
    assert document is not None
    found = resolve(document, target=target, stage="dev", environ={}).service
    assert found is not None
    return found


def build(target: str, folder: Path) -> Built:
    """Build as a user does, on a copy."""
    copy = folder / "portable"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(".fnctl", "node_modules", "__pycache__"))
    command = [sys.executable, "-m", "fnctl", "build", "--target", target, "--output", "json"]
    done = subprocess.run(command, cwd=copy, env=environment(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Built(service(target, copy), {one["function"]: Path(one["path"]) for one in json.loads(done.stdout)["artifacts"]})


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Running]]:
    """Serve the example on a target; what was started is ended with the test run."""
    with ExitStack() as stack:
        open_: dict[str, Running] = {}

        def serve(target: str) -> Running:
            if target not in open_:
                missing = DRIVERS[target].missing()
                if missing is not None:
                    pytest.skip(missing)
                folder = tmp_path_factory.mktemp(target)
                open_[target] = stack.enter_context(DRIVERS[target].open(build(target, folder), folder / "run"))
            return open_[target]

        yield serve

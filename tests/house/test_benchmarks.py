"""The manifests that speed is measured with are free of findings: a run that prints some measures printing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("functions", [2, 200])
def test_a_measured_manifest_has_no_findings(functions: int, root: Path, tmp_path: Path) -> None:
    write = "import sys; sys.path.insert(0, sys.argv[1]); import pathlib, manifests; manifests.write(pathlib.Path('.'), int(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", write, str(root / "scripts/benchmarks"), str(functions)], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-m", "fnctl", "validate", "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "The manifest is fine for aws, azure, vercel.\n")

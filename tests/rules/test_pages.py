"""docs/rules/ is what the docstrings say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_committed_pages_are_the_generated_ones(root: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, root / "scripts/rules", tmp_path], check=True, timeout=60)
    committed = {path.name: path.read_text("utf-8") for path in (root / "docs/rules").iterdir()}
    assert committed == {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}, "scripts/rules writes them anew"

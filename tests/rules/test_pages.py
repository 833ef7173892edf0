"""docs/rules/ is what the docstrings say, docs/errors.md what the pages of a run say, and tables of docs/platforms/ what the adapters say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_committed_pages_are_the_generated_ones(root: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, root / "scripts/rules", tmp_path], check=True, timeout=60)
    assert _texts(root / "docs") == _texts(tmp_path), "scripts/rules writes them anew"


def _texts(docs: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (*(docs / "rules").iterdir(), *(docs / "platforms").iterdir(), docs / "errors.md")}

"""The page about the sandbox says what `fnctl sandbox status` says."""

from __future__ import annotations

from pathlib import Path

from fnctl_azure.sandbox import DIFFERENCES


def test_the_page_lists_the_same_differences(root: Path) -> None:
    lines = [line.removeprefix("- ") for line in (root / "docs/sandbox.md").read_text("utf-8").splitlines() if line.startswith("- ")]
    assert [line for line in lines if line in DIFFERENCES] == list(DIFFERENCES)

"""The page about the sandbox says what `fnctl sandbox status` says."""

from __future__ import annotations

from pathlib import Path

from fnctl_vercel.sandbox import DIFFERENCES

PAGE = Path(__file__).parents[2] / "docs" / "sandbox.md"


def test_the_page_lists_the_same_differences() -> None:
    lines = [line.removeprefix("- ") for line in PAGE.read_text("utf-8").splitlines() if line.startswith("- ")]
    assert [line for line in lines if line in DIFFERENCES] == list(DIFFERENCES)

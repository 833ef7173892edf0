"""The design's own example: clean on AWS apart from advice, and on the two that cannot do all of it exactly these findings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from portability.conftest import check, golden

EXAMPLE = Path(__file__).parents[3] / "shared" / "design" / "example.fnctl.yaml"


NEEDED = pytest.mark.skipif(not EXAMPLE.exists(), reason="the design's example is kept outside of the project, in ../shared/design")


@NEEDED
def test_on_aws_there_is_nothing_but_advice(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "fnctl.yaml")
    found = check(tmp_path / "fnctl.yaml", "aws")
    assert {d.severity for d in found} == {"advice"}, [d for d in found if d.severity != "advice"]


@NEEDED
@pytest.mark.parametrize("target", ["azure", "vercel"])
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_findings_are_these(target: str, stage: str, tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "fnctl.yaml")
    lines = []
    for d in check(tmp_path / "fnctl.yaml", target, stage=stage):
        if d.code.startswith(("FN1", "AZ", "VC")):
            assert d.span is not None
            lines.append(f"{d.span.line}:{d.span.column} {d.severity} {d.code} {d.message}")
    golden(f"example-{target}-{stage}.txt", "\n".join(lines) + "\n")

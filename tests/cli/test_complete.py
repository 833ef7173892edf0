"""Shell completion: the manifest's own names, and silence on any trouble."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: {}, azure: {} }
stages: { dev: {}, prod: {}, "pr-*": {} }
secrets: [STRIPE_KEY]
functions: { api: {}, worker: {} }
"""


def complete(folder: Path, line: str) -> list[str]:
    words = line.split(" ")
    environ = {**os.environ, "_FNCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from fnctl.__main__ import main; main([])"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("fnctl invoke ", ["api", "worker"]),
        ("fnctl logs w", ["worker"]),
        ("fnctl deploy --target a", ["aws", "azure"]),
        ("fnctl deploy --stage ", ["dev", "prod"]),
        ("fnctl secret set ", ["STRIPE_KEY"]),
        ("fnctl plan --output ", ["text", "json"]),
        ("fnctl dep", ["deploy"]),
        ("fnctl validate --select SEC00", [f"SEC00{number}" for number in range(1, 9)]),
        ("fnctl explain AWS10", ["AWS101", "AWS102", "AWS103", "AWS104", "AWS105", "AWS106", "AWS107", "AWS109"]),
        ("fnctl schema --form pl", ["plan", "plugins"]),
    ],
)
def test_it_knows_the_manifest(tmp_path: Path, line: str, found: list[str]) -> None:
    (tmp_path / "fnctl.yaml").write_text(MANIFEST)
    assert complete(tmp_path, line) == found


@pytest.mark.parametrize("text", [None, "functions: [", "just text", "functions: 7", "\x00"])
def test_trouble_is_silent(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "fnctl.yaml").write_text(text)
    assert complete(tmp_path, "fnctl invoke ") == []

"""One manifest, checked for one target, and where the golden files are."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from cli.conftest import fnctl as fnctl
from fnctl.checking import validate
from fnctl.diagnostics import Diagnostic
from fnctl.session import Options, Session

DAY = datetime(2026, 11, 26, 12).timestamp()
"""Runtimes end some day: what is found must not depend on when the tests run."""

GOLDEN = Path(__file__).parent / "golden"


def check(manifest: Path, target: str, *, stage: str = "dev", built: bool = False) -> list[Diagnostic]:
    """Find what `validate` finds for one target, handler files apart."""
    options = Options(manifest=manifest, target=target, stage=stage, built=built)
    return list(validate(Session(options=options, environ={}, cwd=manifest.parent, now=lambda: DAY), files=False).diagnostics)


def golden(name: str, text: str) -> None:
    """Compare a whole text. FNCTL_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("FNCTL_UPDATE_GOLDEN") == "1":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")

"""What the fast verbs must not load. Each runs in a process of its own, so that no test's import hides another's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("boto3", "botocore", "azure", "httpx", "rich", "importlib.metadata", "pydantic", "requests")
MANIFEST = """\
fnctl: 1
service: shop
targets: { aws: { region: eu-west-1 }, azure: { region: westeurope }, vercel: { region: fra1 } }
defaults: { runtime: python3.13 }
functions:
  api: { handler: "api.py:handler", triggers: [{ http: GET / }] }
"""
SCRIPT = """
import sys
from fnctl.__main__ import main
code = main(sys.argv[1:])
sys.stderr.write("\\nLOADED " + " ".join(sorted(sys.modules)))
sys.exit(code)
"""


def loaded(folder: Path, *words: str) -> set[str]:
    (folder / "fnctl.yaml").write_text(MANIFEST)
    (folder / "api.py").write_text("def handler(request):\n    return 1\n")
    done = subprocess.run([sys.executable, "-c", SCRIPT, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.rsplit("LOADED ", 1)[1].split())


@pytest.mark.parametrize("words", [("validate",), ("validate", "--output", "json"), ("validate", "-t", "aws", "--strict")], ids=" ".join)
def test_validate_stays_light(tmp_path: Path, words: tuple[str, ...]) -> None:
    modules = loaded(tmp_path, *words)
    assert "fnctl.checking" in modules
    assert [name for name in (*HEAVY, "typer") if name in modules] == []


def test_validate_through_typer_stays_light(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "-t", "aws", "validate")
    assert "typer" in modules
    assert [name for name in HEAVY if name in modules] == []


def test_version_loads_next_to_nothing(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--version")
    assert {name for name in modules if name.startswith("fnctl")} == {"fnctl", "fnctl.__main__", "fnctl.commands", "fnctl.commands.version"}
    assert [name for name in (*HEAVY, "typer", "dataclasses", "inspect") if name in modules] == []


def test_help_is_written_without_rich(tmp_path: Path) -> None:
    assert [name for name in HEAVY if name in loaded(tmp_path, "--help")] == []

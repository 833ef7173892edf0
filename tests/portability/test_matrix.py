"""`validate --all-targets`: every function on every target, for people and for machines."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from cli.conftest import Fnctl, problems
from fnctl.comparing import matrix
from fnctl.diagnostics import Diagnostic
from fnctl.rules.matrix import Checkup
from fnctl.rules.matrix import matrix as lay_out
from fnctl.session import Options, Session
from portability.conftest import golden

SHOP = Path(__file__).with_name("shop.yaml")
AWS = r"(?ms)^aws$\n.*?(?=\n\n|\Z)"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copy(SHOP, tmp_path / "fnctl.yaml")
    return tmp_path


def test_states_by_function_and_target(shop: Path) -> None:
    made = matrix(Session(options=Options(manifest=shop / "fnctl.yaml"), environ={}, cwd=shop))
    assert made.targets == ("aws", "vercel", "azure")
    assert made.declared == ("aws", "vercel")
    states = {name: (row["vercel"].state, row["azure"].state) for name, row in made.rows.items()}
    assert states == {"api": ("no", "differs"), "nightly": ("works", "works"), "thumbs": ("no", "works"), "worker": ("elsewhere", "differs")}
    assert {d.code for d in made.rows["thumbs"]["vercel"].found} == {"FN101"}
    assert {d.code for d in made.general["vercel"]} == {"FN106"}
    assert made.refused()


def test_a_screen(shop: Path, fnctl: Fnctl) -> None:
    done = fnctl("validate", "--all-targets")
    assert done.code == 1
    golden("matrix.txt", re.sub(AWS, "aws\n(AWS's own findings)", done.out))


def test_a_document(shop: Path, fnctl: Fnctl) -> None:
    done = fnctl("validate", "--all-targets", "--output", "json")
    assert done.code == 1
    assert problems("matrix", done.document) == []
    for entry in done.document["functions"]:
        del entry["targets"]["aws"]
    for target in done.document["targets"]:
        target["general"] = [] if target["target"] == "aws" else target["general"]
    text = json.loads(done.out)
    for entry in text["functions"]:
        del entry["targets"]["aws"]
    text["targets"] = [target for target in text["targets"] if target["target"] != "aws"]
    golden("matrix.json", json.dumps(text, indent=2) + "\n")


def test_what_only_an_undeclared_target_refuses_is_no_failure(tmp_path: Path, fnctl: Fnctl) -> None:
    manifest = SHOP.read_text().replace("  vercel: { region: fra1, plan: pro, only: [api, nightly, thumbs] }\n", "")
    manifest = re.sub(r"(?m)^  thumbs:.*\n", "", manifest)
    (tmp_path / "fnctl.yaml").write_text(manifest)
    done = fnctl("validate", "--all-targets")
    assert done.code == 0, done.out
    assert "vercel*" in done.out


def test_a_broken_manifest_has_no_matrix(tmp_path: Path, fnctl: Fnctl) -> None:
    (tmp_path / "fnctl.yaml").write_text("fnctl: 1\nservice: shop\nfunctons: {}\n")
    done = fnctl("validate", "--all-targets")
    assert (done.code, done.out) == (1, "")
    assert "functons" in done.err


def test_a_report_has_no_matrix(shop: Path, fnctl: Fnctl) -> None:
    done = fnctl("validate", "--all-targets", "--output", "sarif")
    assert done.code == 2
    assert "--all-targets compares targets" in done.out


def test_a_target_that_cannot_be_resolved_refuses_everything() -> None:
    broken = Checkup("aws", None, (Diagnostic("FN961", "error", "the plugin does not load"),))
    made = lay_out([broken])
    assert (made.rows, made.refused()) == ({}, True)
    assert [d.code for d in made.general["aws"]] == ["FN961"]

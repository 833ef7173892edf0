"""`fnctl fmt`: what it writes, what it only says, and what it leaves alone."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from cli.conftest import Fnctl

UNTIDY = "fnctl:    1\nservice: orders\ninclude: [more/*.yaml]\nfunctions:\n    api: {handler: 'a.py:b'}  # one\n"
TIDY = 'fnctl: 1\nservice: orders\ninclude: [more/*.yaml]\nfunctions:\n  api: { handler: "a.py:b" }  # one\n'


@pytest.fixture(name="fnctl")
def _fnctl(fnctl: Fnctl, tmp_path: Path) -> Fnctl:
    (tmp_path / "fnctl.yaml").write_text(UNTIDY)
    (tmp_path / "more").mkdir()
    (tmp_path / "more/one.yaml").write_text("secrets:\n- A\n")
    return fnctl


def test_the_manifest_and_what_it_includes_are_written(fnctl: Fnctl, tmp_path: Path) -> None:
    done = fnctl("fmt")
    assert (done.code, done.out, done.err) == (0, "", "fnctl.yaml: laid out\nmore/one.yaml: laid out\n")
    assert (tmp_path / "fnctl.yaml").read_text() == TIDY
    assert (tmp_path / "more/one.yaml").read_text() == "secrets:\n  - A\n"
    assert fnctl("fmt").err == "2 files are laid out already.\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fnctl.yaml", "more"]


def test_check_writes_nothing(fnctl: Fnctl, tmp_path: Path) -> None:
    done = fnctl("fmt", "--check", "fnctl.yaml")
    assert (done.code, done.out, done.err) == (1, "", "fnctl.yaml: would be laid out anew\n")
    assert (tmp_path / "fnctl.yaml").read_text() == UNTIDY
    (tmp_path / "fnctl.yaml").write_text(TIDY)
    assert fnctl("fmt", "--check", "fnctl.yaml").code == 0


def test_a_diff_is_a_patch_that_git_applies(fnctl: Fnctl, tmp_path: Path) -> None:
    (tmp_path / "fnctl.yaml").write_text(UNTIDY.rstrip("\n"))
    done = fnctl("fmt", "--diff")
    assert done.code == 1
    assert (tmp_path / "fnctl.yaml").read_text() == UNTIDY.rstrip("\n")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=done.out, text=True, check=True)
    assert (tmp_path / "fnctl.yaml").read_text() == TIDY
    assert fnctl("fmt", "--diff").out == ""


@pytest.mark.parametrize(("text", "code"), [("a: [\n", "FN003"), ("", "FN004"), ("? a\n: b\n", "FN922"), (None, "FN001"), (b"\xff\xfe", "FN002")])
def test_what_cannot_be_laid_out_is_left_alone(fnctl: Fnctl, tmp_path: Path, text: str | bytes | None, code: str) -> None:
    path = tmp_path / "other.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = fnctl("fmt", "fnctl.yaml", "other.yaml")
    assert (done.code, done.out) == (1, "")
    assert f"error[{code}]" in done.err
    assert "Traceback" not in done.err
    assert (tmp_path / "fnctl.yaml").read_text() == UNTIDY


def test_mode_and_links_stay(fnctl: Fnctl, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text(UNTIDY)
    real.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(real)
    assert fnctl("fmt", "link.yaml").code == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == (TIDY, 0o640)


def test_there_is_no_form_for_machines(fnctl: Fnctl) -> None:
    done = fnctl("fmt", "--output", "json")
    assert (done.code, "fmt has no form for machines" in done.out) == (2, True)

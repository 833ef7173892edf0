"""A tree beside its archive: complete, nothing else in it, and never half of it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from fakes import parts
from fnctl.build import builder
from fnctl.build.model import File, Recipe
from fnctl.errors import FnctlError

FILES = (
    File("config.json", b"{}"),
    File("functions/api.func/run.sh", b"#!/bin/sh\n", executable=True),
    File("functions/api.func/a/b.py", b"x = 1\n"),
)


def laid_out(folder: Path, *files: File, name: str = ".vercel/output") -> Path:
    recipe = Recipe("output", files, {}, ("api",), unpacked=name)
    builder.artifacts([recipe], folder, target="vercel", environ=parts.environ(folder / "machine"))
    return folder / ".fnctl/build/vercel" / name


def seen(tree: Path) -> dict[str, tuple[bytes, int]]:
    return {path.relative_to(tree).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777) for path in tree.rglob("*") if path.is_file()}


EXPECTED = {file.path: (file.source, 0o755 if file.executable else 0o644) for file in FILES}


def test_the_tree_is_the_archive_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, *FILES)
    assert seen(tree) == EXPECTED
    assert sorted(path.name for path in tree.parent.iterdir()) == [".output.sha256", "output"]


def test_an_older_tree_goes_with_all_that_was_in_it(tmp_path: Path) -> None:
    tree = laid_out(tmp_path, *FILES, File("functions/old.func/x.py", b""))
    (tree / "static").mkdir()
    (tree / "static/mine.txt").write_text("left here by hand")
    assert seen(laid_out(tmp_path, *FILES)) == EXPECTED


def test_a_tree_that_is_right_is_left_alone(tmp_path: Path) -> None:
    first = laid_out(tmp_path, *FILES).stat()
    assert laid_out(tmp_path, *FILES).stat().st_ino == first.st_ino


@pytest.mark.parametrize("harm", ["removed", "added", "cut", "mode", "all"])
def test_a_tree_that_was_damaged_is_laid_out_again(harm: str, tmp_path: Path) -> None:
    tree = laid_out(tmp_path, *FILES)
    script = tree / "functions/api.func/run.sh"
    harms: dict[str, Callable[[], object]] = {
        "removed": script.unlink,
        "added": lambda: (tree / "more.txt").write_text("x"),
        "cut": lambda: script.write_bytes(b"#!"),
        "mode": lambda: script.chmod(0o644),
        "all": lambda: shutil.rmtree(tree),
    }
    harms[harm]()
    assert seen(laid_out(tmp_path, *FILES)) == EXPECTED


def test_a_disk_that_is_full_leaves_the_older_tree_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = laid_out(tmp_path, *FILES)
    before = seen(tree)

    def full(_source: object, target: IO[bytes], _size: int) -> None:
        target.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("fnctl.build.unpacking.shutil", SimpleNamespace(copyfileobj=full))
        changed = (*FILES[1:], File("config.json", b"{ }"))
        with pytest.raises(FnctlError) as caught:
            builder.artifacts(
                [Recipe("output", changed, {}, ("api",), unpacked=".vercel/output")],
                tmp_path,
                target="vercel",
                environ=parts.environ(tmp_path / "machine"),
            )
    assert caught.value.diagnostics[0].code == "FN404"
    assert seen(tree) == before
    assert [path.name for path in tree.parent.iterdir()] == ["output"]
    assert seen(laid_out(tmp_path, *changed))["config.json"] == (b"{ }", 0o644)


def test_what_is_in_the_way_is_said(tmp_path: Path) -> None:
    laid_out(tmp_path, *FILES, name="a")
    with pytest.raises(FnctlError) as caught:
        laid_out(tmp_path, *FILES, name="a/config.json/b")
    assert caught.value.diagnostics[0].code == "FN404"

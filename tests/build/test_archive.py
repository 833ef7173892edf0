"""Archives: the same bytes for the same input, readable by anyone, and nothing half-written."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import parts
from fnctl.build.archive import write
from fnctl.build.model import File, Recipe
from fnctl.errors import FnctlError

PART = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda p: p not in (".", "..")
)
PATHS = st.lists(PART, min_size=1, max_size=3).map("/".join)


def recipe(*files: File, wheels: tuple[Path, ...] = (), name: str = "api") -> Recipe:
    return Recipe(name, files, {"": wheels}, (name,))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(PATHS, st.tuples(st.binary(max_size=4000), st.booleans()), max_size=8))
def test_zipfile_reads_back_what_was_written(members: dict[str, tuple[bytes, bool]]) -> None:
    paths = set(members)
    members = {path: held for path, held in members.items() if not any(other.startswith(f"{path}/") for other in paths)}
    with TemporaryDirectory() as folder:
        artifact = write(recipe(*(File(path, content, run) for path, (content, run) in members.items())), Path(folder))
        assert artifact.path is not None
        body = artifact.path.read_bytes()
        assert (artifact.sha256, artifact.size) == (hashlib.sha256(body).hexdigest(), len(body))
        with zipfile.ZipFile(artifact.path) as archive:
            assert archive.testzip() is None
            infos = archive.infolist()
            assert {info.filename: (archive.read(info), bool(info.external_attr >> 16 & 0o111)) for info in infos} == members
            assert [info.filename for info in infos] == sorted(members)
            assert {info.date_time for info in infos} <= {(1980, 1, 1, 0, 0, 0)}
            assert artifact.unpacked_size == sum(info.file_size for info in infos)


def test_neither_place_nor_time_nor_order_changes_the_bytes(tmp_path: Path) -> None:
    wheels = [parts.wheel(tmp_path / "links", name) for name in ("one", "two")]
    there = [parts.write(tmp_path / name, {"a.py": "a = 1\n" * 500, "b/run.sh": "echo\n"}) for name in ("here", "elsewhere")]
    for folder in there:
        (folder / "b/run.sh").chmod(0o777)
    os.utime(there[1] / "a.py", (1, 1))
    first = [File("a.py", there[0] / "a.py"), File("b/run.sh", there[0] / "b/run.sh", executable=True)]
    second = [File("b/run.sh", there[1] / "b/run.sh", executable=True), File("a.py", there[1] / "a.py")]
    one = write(recipe(*first, wheels=tuple(wheels)), tmp_path / "x")
    two = write(recipe(*second, wheels=tuple(reversed(wheels))), tmp_path / "y" / "z")
    assert one == two
    with zipfile.ZipFile(tmp_path / "x/api.zip") as archive:
        assert {i.filename: oct(i.external_attr >> 16) for i in archive.infolist() if i.filename in ("a.py", "b/run.sh")} == {
            "a.py": "0o100644",
            "b/run.sh": "0o100755",
        }


def test_source_date_epoch_is_the_time_of_every_member(tmp_path: Path) -> None:
    artifact = write(recipe(File("a.py", b"")), tmp_path, epoch=1_700_000_000)
    with zipfile.ZipFile(tmp_path / "api.zip") as archive:
        assert archive.getinfo("a.py").date_time == (2023, 11, 14, 22, 13, 20)
    assert artifact != write(recipe(File("a.py", b"")), tmp_path)
    assert write(recipe(File("a.py", b"")), tmp_path, epoch=0) == write(recipe(File("a.py", b"")), tmp_path)


def test_a_wheel_is_spliced_as_an_installer_would_place_it(tmp_path: Path) -> None:
    members = {
        "pkg/__init__.py": b"x = 1\n" * 300,
        "pkg-1.0.data/purelib/pkg/pure.py": b"pure",
        "pkg-1.0.data/platlib/pkg/native.so": b"\x7fELF",
        "pkg-1.0.data/scripts/tool": b"#!python",
        "pkg-1.0.data/headers/pkg.h": b"",
        "pkg-1.0.data/data/share/x": b"",
    }
    path = parts.wheel(tmp_path, "pkg", members=members)
    write(recipe(wheels=(path, path)), tmp_path)
    with zipfile.ZipFile(tmp_path / "api.zip") as packed, zipfile.ZipFile(path) as original:
        assert packed.testzip() is None
        assert packed.namelist() == ["pkg-1.0.dist-info/METADATA", "pkg-1.0.dist-info/WHEEL", "pkg/__init__.py", "pkg/native.so", "pkg/pure.py"]
        was, now = original.getinfo("pkg/__init__.py"), packed.getinfo("pkg/__init__.py")
        assert (was.compress_size, was.CRC) == (now.compress_size, now.CRC)
        assert packed.read("pkg/__init__.py") == members["pkg/__init__.py"]


def test_other_compressions_are_turned_into_deflate(tmp_path: Path) -> None:
    path = tmp_path / "odd-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("odd.py", "x = 1\n" * 100)
    write(recipe(wheels=(path,)), tmp_path)
    with zipfile.ZipFile(tmp_path / "api.zip") as archive:
        assert (archive.getinfo("odd.py").compress_type, archive.read("odd.py")) == (zipfile.ZIP_DEFLATED, b"x = 1\n" * 100)


def test_two_members_of_one_path_are_named_all_of_them(tmp_path: Path) -> None:
    one, two = (parts.wheel(tmp_path, name, members={"shared/__init__.py": b"", "shared/mod.py": name.encode()}) for name in ("one", "two"))
    with pytest.raises(FnctlError) as caught:
        write(recipe(File("shared/mod.py/x", b""), File("one-1.0.dist-info/WHEEL", b"mine"), wheels=(one, two)), tmp_path / "out")
    found = [(d.code, d.message.rsplit(" ", 1)[1], d.notes) for d in caught.value.diagnostics]
    assert found == [
        (
            "FN401",
            "`one-1.0.dist-info/WHEEL`",
            (f"one is {one.name}:one-1.0.dist-info/WHEEL", "the other is one-1.0.dist-info/WHEEL (made by fnctl)"),
        ),
        ("FN401", "`shared/mod.py`", (f"one is {one.name}:shared/mod.py", f"the other is {two.name}:shared/mod.py")),
        ("FN401", "`shared/mod.py`", (f"one is {one.name}:shared/mod.py", "the other is shared/mod.py/x (made by fnctl)")),
    ]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["../x", "/x", "a//b", "a/./b", "a\\b", "", "a/", "\udcff.txt"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(FnctlError) as caught:
        write(recipe(File(path, b"")), tmp_path)
    assert parts.only(caught.value).code == "FN402"
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_cannot_write_outside(tmp_path: Path) -> None:
    with pytest.raises(FnctlError) as caught:
        write(recipe(wheels=(parts.wheel(tmp_path, "evil", members={"../../x": b""}),)), tmp_path)
    assert parts.only(caught.value).message == "evil-1.0-py3-none-any.whl has a member that an archive cannot hold: '../../x'"


def test_a_cut_off_wheel_is_named(tmp_path: Path) -> None:
    path = parts.wheel(tmp_path, "torn")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FnctlError) as caught:
        write(recipe(wheels=(path,)), tmp_path)
    assert (parts.only(caught.value).code, parts.only(caught.value).message) == ("FN407", "the wheel `torn-1.0-py3-none-any.whl` is damaged")


def test_too_many_members_are_refused_not_written_wrong(tmp_path: Path) -> None:
    with pytest.raises(FnctlError) as caught:
        write(recipe(*(File(f"f{number}", b"") for number in range(0xFFFF))), tmp_path)
    assert parts.only(caught.value).code == "FN403"
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_has_gone_is_named_and_leaves_the_old_archive(tmp_path: Path) -> None:
    write(recipe(File("a.py", b"old")), tmp_path)
    before = (tmp_path / "api.zip").read_bytes()
    with pytest.raises(FnctlError) as caught:
        write(recipe(File("a.py", tmp_path / "gone.py")), tmp_path)
    assert parts.only(caught.value).code == "FN405"
    assert [path.name for path in tmp_path.iterdir()] == ["api.zip"]
    assert (tmp_path / "api.zip").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FnctlError) as caught:
        write(recipe(File("a.py", b"")), tmp_path / "file" / "below")
    assert (parts.only(caught.value).code, parts.only(caught.value).message) == ("FN404", "`api.zip` cannot be written: not a directory")


FULL = """
import os, resource, sys
from pathlib import Path
from fnctl.build.archive import write
from fnctl.build.model import File, Recipe
from fnctl.errors import FnctlError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write(Recipe("api", (File("noise", os.urandom(3_000_000)),), {}, ("api",)), Path(sys.argv[1]))
except FnctlError as error:
    print(error.diagnostics[0].code, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "FN404 there is no room to write `api.zip`: file too large"
    assert list(tmp_path.iterdir()) == []

"""What of a package stays at home, and what must not."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from fakes import parts
from fnctl.build import archive, deflating, python, requirements, trimming
from fnctl.build.model import File, Recipe

SUITE = {"pkg/__init__.py": b"", "pkg/tests/__init__.py": b"", "pkg/tests/test_all.py": b"import pkg", "pkg/tests/data.json": b"{}"}


def left(folder: Path, members: Mapping[str, bytes]) -> set[str]:
    with zipfile.ZipFile(parts.wheel(folder, "pkg", members=members)) as opened:
        return set(trimming.left_out(opened))


NOTES = {"pkg-1.0.dist-info/WHEEL", "pkg-1.0.dist-info/RECORD"}


@pytest.mark.parametrize(
    ("more", "gone"),
    [
        ({}, {"pkg/tests/__init__.py", "pkg/tests/test_all.py", "pkg/tests/data.json"}),
        ({"pkg/run.py": b"from pkg.tests import data"}, set()),
        ({"pkg/run.py": b"from . import tests"}, set()),
        ({"pkg/run.py": b"import importlib\nimportlib.import_module('pkg.tests.all')"}, set()),
        ({"pkg/run.py": b"SUITE = 'pkg.tests'"}, set()),
        ({"pkg/run.py": b"open(join(here, 'tests', 'data.json'))"}, {"pkg/tests/__init__.py", "pkg/tests/test_all.py"}),
        ({"pkg/run.py": b"# how many tests there are"}, {"pkg/tests/__init__.py", "pkg/tests/test_all.py", "pkg/tests/data.json"}),
        ({"pkg/conftest.py": b"import pkg.tests"}, {"pkg/tests/__init__.py", "pkg/tests/test_all.py", "pkg/tests/data.json"}),
        ({"other/run.py": b"import other.tests"}, {"pkg/tests/__init__.py", "pkg/tests/test_all.py", "pkg/tests/data.json"}),
    ],
)
def test_a_suite_stays_at_home_unless_its_package_refers_to_it(tmp_path: Path, more: Mapping[str, bytes], gone: set[str]) -> None:
    assert left(tmp_path, {**SUITE, **more}) == gone | NOTES


def test_a_folder_of_that_name_without_tests_is_part_of_the_package(tmp_path: Path) -> None:
    members = {"pkg/tests/__init__.py": b"", "pkg/tests/isstring.py": b"", "pkg/test/test_x.py": b"", "pkg/testing/test_y.py": b""}
    assert left(tmp_path, members) == NOTES


def test_of_dist_info_what_may_be_asked_for_at_run_time_stays(tmp_path: Path) -> None:
    names = [
        "entry_points.txt",
        "top_level.txt",
        "LICENSE",
        "licenses/a/b.txt",
        "NOTICE.md",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
        "sboms/x.json",
    ]
    members = {f"pkg-1.0.dist-info/{name}": b"" for name in names} | {"pkg/__pycache__/a.pyc": b"", "pkg/b.pyo": b""}
    gone = {f"pkg-1.0.dist-info/{name}" for name in ("INSTALLER", "REQUESTED", "direct_url.json", "sboms/x.json")}
    assert left(tmp_path, members) == gone | NOTES | {"pkg/__pycache__/a.pyc", "pkg/b.pyo"}


def test_members_stay_compressed_as_they_are(tmp_path: Path) -> None:
    wheel = parts.wheel(tmp_path, "pkg", members={**SUITE, "pkg/big.py": b"x = 1\n" * 999})
    slim = trimming.slim(wheel, tmp_path / "slim")
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(slim) as after:
        assert sorted(after.namelist()) == ["pkg-1.0.dist-info/METADATA", "pkg/__init__.py", "pkg/big.py"]
        assert after.getinfo("pkg/big.py").compress_size == before.getinfo("pkg/big.py").compress_size
        assert after.testzip() is None


@pytest.mark.parametrize(("said", "trimmed"), [("", True), ("whole = true\n", False), ('whole = ["Pkg"]\n', False), ('whole = ["other"]\n', True)])
def test_a_pyproject_says_what_stays_whole(tmp_path: Path, said: str, trimmed: bool) -> None:
    parts.wheel(tmp_path / "links", "pkg", members=SUITE)
    folder = parts.write(tmp_path / "shop", {"src/api.py": "", "requirements.txt": "pkg\n", "pyproject.toml": f"[tool.fnctl]\n{said}"})
    api = parts.function("api", "src/api.py")
    bundle = python.bundle(parts.service(folder, api), api, parts.ARM, parts.cache(tmp_path, folder, **parts.offline(tmp_path / "links")))
    with zipfile.ZipFile(bundle.wheels[0]) as wheel:
        assert ("pkg/tests/test_all.py" not in wheel.namelist()) is trimmed
    found = requirements.nearest(folder, "src/api.py")
    assert found is not None
    assert found.files == (folder / "requirements.txt",)


@pytest.mark.parametrize("installed", [True, False], ids=["libdeflate", "zlib"])
@pytest.mark.parametrize("size", [0, 1, 100_000, deflating.AT_ONCE + 5])
def test_any_engine_writes_what_anyone_can_read(monkeypatch: pytest.MonkeyPatch, installed: bool, size: int) -> None:
    assert "libdeflate" in deflating.ENGINE, "the development set has `deflate`"
    if not installed:
        monkeypatch.setattr(deflating, "COMPRESS", None)
    body, packed = (b"def handler(event):\n    return event\n" * (size // 37 + 1))[:size], io.BytesIO()
    chunks = [body[start : start + 1000] for start in range(0, size, 1000)]
    assert deflating.deflate(chunks, packed) == (zlib.crc32(body), size)
    assert zlib.decompress(packed.getvalue(), wbits=-zlib.MAX_WBITS) == body


def test_libdeflate_is_worth_it() -> None:
    body = Path(archive.__file__).read_bytes() * 20
    packed = {}
    for name, engine in (("libdeflate", deflating.COMPRESS), ("zlib", None)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deflating, "COMPRESS", engine)
            out = io.BytesIO()
            deflating.deflate([body], out)
            packed[name] = len(out.getvalue())
    assert packed["libdeflate"] <= packed["zlib"] * 1.01


def test_the_engine_is_part_of_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fnctl.build import builder

    recipe, cache = Recipe("api", (File("a.py", b""),), {}, ()), parts.cache(tmp_path, tmp_path)
    before = builder.digest(recipe, None, cache)
    monkeypatch.setattr(builder, "ENGINE", "another 1")
    assert builder.digest(recipe, None, cache) != before

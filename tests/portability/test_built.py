"""`validate --built`: the sizes of what a build left, against the platforms' limits, one byte under and over."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from fnctl.build.measure import archives
from fnctl.errors import FnctlError
from portability.conftest import check

MB = 1024**2
MANIFEST = """\
fnctl: 1
service: shop
targets: {{ {target}: {{}} }}
functions:
  api: {{ handler: "api.py:api", runtime: {runtime}, triggers: [{{ http: GET / }}] }}
"""


def project(folder: Path, target: str, unpacked: int, runtime: str = "python3.13") -> Path:
    """A manifest and an archive that unpacks to so many bytes."""
    (folder / "fnctl.yaml").write_text(MANIFEST.format(target=target, runtime=runtime))
    place = folder / ".fnctl" / "build" / target
    place.mkdir(parents=True)
    with ZipFile(place / "api.zip", "w", ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("api.py", "x")
        with out.open("lib/model.bin", "w", force_zip64=True) as model:
            for _ in range((unpacked - 1) // MB):
                model.write(bytes(MB))
            model.write(bytes((unpacked - 1) % MB))
    return folder / "fnctl.yaml"


@pytest.mark.parametrize(
    ("target", "runtime", "most", "code", "severity"),
    [
        ("vercel", "nodejs24", 250 * MB, "VC401", "error"),
        ("vercel", "python3.13", 500 * MB, "VC401", "error"),
        ("azure", "python3.13", 819 * MB, "AZ501", "warning"),
    ],
)
def test_at_the_limit_and_one_byte_over(tmp_path: Path, target: str, runtime: str, most: int, code: str, severity: str) -> None:
    for name, size in (("at", most), ("over", most + 1)):
        (tmp_path / name).mkdir()
        found = [d for d in check(project(tmp_path / name, target, size, runtime), target, built=True) if d.code == code]
        assert [d.severity for d in found] == ([severity] if name == "over" else [])
        for d in found:
            assert d.span is not None
            assert (d.span.line, d.span.column) == (5, 3)
            assert any(note.startswith("largest: lib/model.bin ") for note in d.notes)


def test_without_the_option_nothing_is_measured(tmp_path: Path) -> None:
    manifest = project(tmp_path, "vercel", 251 * MB, "nodejs24")
    assert not [d for d in check(manifest, "vercel") if d.code == "VC401"]


def test_the_largest_come_first(tmp_path: Path) -> None:
    place = tmp_path / ".fnctl" / "build" / "aws"
    place.mkdir(parents=True)
    with ZipFile(place / "api.zip", "w") as out:
        for name, size in (("b", 10), ("a", 10), ("c", 30), ("d", 1), ("e", 2), ("f", 3)):
            out.writestr(name, bytes(size))
    [measured] = archives(tmp_path, "aws")
    assert measured.unpacked_size == 56
    assert measured.size == (place / "api.zip").stat().st_size
    assert [name for name, _ in measured.largest] == ["c", "a", "b", "f", "e"]


def test_a_damaged_archive_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    place = tmp_path / ".fnctl" / "build" / "aws"
    place.mkdir(parents=True)
    (place / "api.zip").write_bytes(b"not a zip")
    with pytest.raises(FnctlError) as caught:
        archives(tmp_path, "aws")
    assert caught.value.diagnostics[0].code == "FN445"

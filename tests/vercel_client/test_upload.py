"""What goes up: the same bytes for the same artifact, in pieces that can be sent one by one."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from fnctl_vercel import upload

MEMBERS = {"config.json": b"{}", "functions/api.func/a.py": b"print()\n" * 50, "functions/b.func/a.py": b"print()\n" * 50}


def artifact(folder: Path) -> Path:
    path = folder / "output.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in MEMBERS.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100755 if name == "config.json" else 0o100644) << 16
            archive.writestr(info, body)
    return path


def test_an_archive_is_cut_into_pieces_that_make_the_tree_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "PIECE", 100)
    path = artifact(tmp_path)
    with upload.parts(path, "archive") as parts:
        whole = b"".join(part.path.read_bytes() for part in parts)
        first = [(part.file, part.sha, part.size) for part in parts]
        assert [part.sha for part in parts] == [hashlib.sha1(part.path.read_bytes()).hexdigest() for part in parts]
        assert max(part.size for part in parts) == 100
        kept = parts[0].path
    assert not kept.exists()
    assert [name for name, _, _ in first] == [f".vercel/source.tgz.part{n}" for n in range(1, len(first) + 1)]
    with upload.parts(path, "archive") as parts:
        assert [(part.file, part.sha, part.size) for part in parts] == first
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(whole))) as tree:
        found = {member.name: (member.mode, tree.extractfile(member).read()) for member in tree}  # type: ignore[union-attr]
    assert found == {f".vercel/output/{name}": (0o755 if name == "config.json" else 0o644, body) for name, body in MEMBERS.items()}


def test_file_by_file_equal_contents_are_one_upload(tmp_path: Path) -> None:
    with upload.parts(artifact(tmp_path), "files") as parts:
        assert [part.file for part in parts] == [f".vercel/output/{name}" for name in MEMBERS]
        assert len({part.sha for part in parts}) == 2
        assert [part.entry()["mode"] for part in parts] == [0o100755, 0o100644, 0o100644]
        assert all(part.path.read_bytes() == MEMBERS[part.file.removeprefix(".vercel/output/")] for part in parts)

"""What goes up: the same bytes for the same artifact, in pieces that can be sent one by one."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from aws_client.stub import Answer, Request, Stub, running
from fnctl.adapter import Cancel, Run, Where
from fnctl.errors import CloudError
from fnctl_vercel import client as client_module
from fnctl_vercel import upload
from fnctl_vercel.client import connect
from fnctl_vercel.faults import Refused

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


def parts_of(folder: Path, count: int) -> list[upload.Part]:
    """So many small files to send."""
    made = []
    for number in range(count):
        (folder / str(number)).write_bytes(body := str(number).encode())
        made.append(upload.Part(f"f{number}", folder / str(number), hashlib.sha1(body).hexdigest(), len(body), upload.MODE))
    return made


def slept(seconds: float) -> bool:
    time.sleep(seconds)
    return True


def sending(folder: Path, answer: Callable[[Request], Answer], said: list[str]) -> Stub:
    """Send a hundred files to whoever answers so; return what was asked."""
    parts = parts_of(folder, 100)
    run = Run(lambda _: None, lambda: Cancel.NO, time.monotonic() + 60, slept, lambda _: folder)
    with running(answer) as stub:
        client = connect(Where("shop", "prod", {}, {"VERCEL_TOKEN": "t", "FNCTL_VERCEL_ENDPOINT": stub.url}, folder))
        try:
            upload.send(client, parts, {part.sha for part in parts}, run, said.append)
        finally:
            client.close()
    return stub


def test_a_few_go_at_a_time_and_bytes_are_counted(tmp_path: Path) -> None:
    most = [0]

    def answer(_request: Request) -> Answer:
        most[0] = max(most[0], sum(thread.name.startswith("fnctl-upload") for thread in threading.enumerate()))
        return Answer(200, b"{}")

    said: list[str] = []
    sending(tmp_path, answer, said)
    assert 2 <= most[0] <= upload.PARALLEL
    assert (said[0], said[-1]) == ("uploading 0 kB in 100 files", "uploaded 0 kB of 0 kB")
    assert 9 <= len(said) <= 12


def test_where_the_last_upload_for_now_is_said_all_wait_and_none_is_refused(tmp_path: Path) -> None:
    stamps: list[float] = []

    def answer(_request: Request) -> Answer:
        stamps.append(time.time())
        left = 50 - len(stamps) if len(stamps) <= 50 else 200
        return Answer(200, b"{}", {"x-ratelimit-remaining": str(max(0, left)), "x-ratelimit-reset": str(int(stamps[0] * 1000) + 1500)})

    sending(tmp_path, answer, [])
    early = [stamp for stamp in stamps if stamp < stamps[0] + 1.5]
    assert 50 <= len(early) < 50 + 2 * upload.PARALLEL, "only what was under way already"
    assert len(stamps) == 100


def test_after_a_refusal_nothing_new_is_begun(tmp_path: Path) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        time.sleep(0.01)
        return Answer(403, b'{"error": {"code": "forbidden", "message": "no"}}')

    with pytest.raises(Refused):
        sending(tmp_path, answer, [])
    assert len(asked) <= 3 * upload.PARALLEL


def test_a_run_that_is_to_stop_now_leaves_a_piece_in_the_middle(tmp_path: Path) -> None:
    (tmp_path / "0").write_bytes(body := bytes(4 * client_module.STRETCH))
    part = upload.Part("f", tmp_path / "0", hashlib.sha1(body).hexdigest(), len(body), upload.MODE)
    gone: list[str] = []
    run = Run(lambda _: None, lambda: Cancel.NOW if len(gone) > 1 else Cancel.NO, time.monotonic() + 60, slept, lambda _: tmp_path)
    with running(lambda _: Answer(200, b"{}")) as stub:
        client = connect(Where("shop", "prod", {}, {"VERCEL_TOKEN": "t", "FNCTL_VERCEL_ENDPOINT": stub.url}, tmp_path))
        with pytest.raises(CloudError, match="stopped during the upload"):
            upload.send(client, [part], {part.sha}, run, gone.append)
        client.close()
    assert all(len(one.body) < len(body) for one in stub.seen), "it never had the whole of it"

"""One reproducible zip from a recipe: own sources are deflated, the members of wheels are copied as they are, already deflated."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import stat
import struct
import tempfile
import time
import zipfile
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TypeAlias

from fnctl.build import inside
from fnctl.build.deflating import deflate
from fnctl.build.files import replacing
from fnctl.build.model import File, Recipe
from fnctl.dataclass import dataclass
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.graph import Artifact

UTF8 = 0x800
UNIX = 0x0314  # made on Unix, by version 2.0 of the format: the high bytes of the attributes are POSIX modes
CHUNK = 1 << 20
SPOOL = 8 << 20
MOST_BYTES = 0xFFFFFFFF
MOST_MEMBERS = 0xFFFE  # from 0xFFFF on, both limits ask for zip64, which no platform's limits leave room for
FIRST = 315532800  # 1980-01-01, the oldest day that a zip can name
LAST = 4354819198  # 2107-12-31 23:59:58


@dataclass(frozen=True)
class _Spliced:
    """A member of a wheel: where its compressed bytes are."""

    path: str
    wheel: Path
    info: zipfile.ZipInfo

    @property
    def origin(self) -> str:
        return f"{self.wheel.name}:{self.info.filename}"

    @property
    def executable(self) -> bool:
        return bool(self.info.external_attr >> 16 & 0o111)


@dataclass(frozen=True)
class _Own:
    """One of our own files, to be deflated."""

    file: File

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def origin(self) -> str:
        return str(self.file.source) if isinstance(self.file.source, Path) else f"{self.file.path} (made by fnctl)"

    @property
    def executable(self) -> bool:
        return self.file.executable


_Member: TypeAlias = "_Spliced | _Own"


class _Counted:
    """A stream that knows the digest and the size of what went through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        self.size += len(data)
        return self.stream.write(data)


@dataclass(frozen=True)
class _Sizes:
    """What the headers of a member say about it."""

    method: int
    crc: int
    packed: int
    unpacked: int


def write(recipe: Recipe, folder: Path, *, epoch: int | None = None, without: Collection[str] = ()) -> Artifact:
    """Write `<folder>/<recipe.name>.zip`: the same recipe gives the same bytes, wherever and whenever it is written.

    Args:
        recipe: the files and wheels.
        folder: where the archive goes; made where it is missing.
        epoch: the time of every member in Unix seconds (SOURCE_DATE_EPOCH); 1980-01-01 without it.
        without: names of wheel members that stay out.

    Raises:
        FnctlError: two different members have one path (FN401), a member cannot be part of an archive (FN402), it is too big for a plain
            zip (FN403), a disk is full or a folder cannot be written (FN404), a source cannot be read (FN405).
    """
    members = _unique(recipe.name, sorted(_members(recipe, without), key=lambda member: (member.path, member.origin)))
    path = folder / f"{recipe.name}.zip"
    with replacing(path) as stream:
        sink = _Counted(stream)
        unpacked = _fill(sink, recipe.name, members, _dos_time(epoch))
    return Artifact(sink.sha256.hexdigest(), sink.size, unpacked, path)


def _fill(sink: _Counted, name: str, members: list[_Member], when: int) -> int:
    """Write members, directory and end record; return the unpacked size."""
    if len(members) > MOST_MEMBERS:
        raise _too_big(name, f"{len(members)} files, and a plain zip holds {MOST_MEMBERS}")
    directory: list[bytes] = []
    unpacked = 0
    for member, wheel in _opened(members):
        offset = sink.size
        sizes = _write_member(sink, member, wheel, when)
        mode = stat.S_IFREG | (0o755 if member.executable else 0o644)
        fields = (b"PK\1\2", UNIX, 20, UTF8, sizes.method, when, sizes.crc, sizes.packed, sizes.unpacked, len(member.path.encode()))
        unpacked += sizes.unpacked
        if max(sink.size, sizes.unpacked) > MOST_BYTES:
            raise _too_big(name, "a plain zip holds 4 GiB")
        directory.append(struct.pack("<4s4H4I5H2I", *fields, 0, 0, 0, 0, mode << 16, offset) + member.path.encode())
    start, index = sink.size, b"".join(directory)
    if start + len(index) > MOST_BYTES:
        raise _too_big(name, "a plain zip holds 4 GiB")
    sink.write(index + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(members), len(members), len(index), start, 0))
    return unpacked


def _opened(members: list[_Member]) -> Iterator[tuple[_Member, IO[bytes] | None]]:
    """Yield members, those of a wheel with its stream: opened once for neighbours, which sorted members of a wheel mostly are."""
    for wheel, group in itertools.groupby(members, key=lambda member: member.wheel if isinstance(member, _Spliced) else None):
        with wheel.open("rb") if wheel else nullcontext() as stream:
            for member in group:
                yield member, stream


def _write_member(sink: _Counted, member: _Member, wheel: IO[bytes] | None, when: int) -> _Sizes:
    if isinstance(member, _Spliced) and wheel and member.info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        info = member.info
        sizes = _Sizes(info.compress_type, info.CRC, info.compress_size, info.file_size)
        wheel.seek(_data_offset(wheel, member))
        _header(sink, member.path, sizes, when)
        _copy(wheel, sink, info.compress_size, member)
        return sizes
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as packed:
        crc, size = deflate(_read(member), packed)
        sizes = _Sizes(zipfile.ZIP_DEFLATED, crc, packed.tell(), size)
        packed.seek(0)
        _header(sink, member.path, sizes, when)
        shutil.copyfileobj(packed, sink, CHUNK)
    return sizes


def _header(sink: _Counted, path: str, sizes: _Sizes, when: int) -> None:
    name = path.encode()
    fields = (b"PK\3\4", 20, UTF8, sizes.method, when, sizes.crc, min(sizes.packed, MOST_BYTES), min(sizes.unpacked, MOST_BYTES), len(name), 0)
    sink.write(struct.pack("<4s3H4I2H", *fields) + name)


def _data_offset(source: IO[bytes], member: _Spliced) -> int:
    """Return where the bytes begin: the local header's name and extra field may be longer than the directory's."""
    source.seek(member.info.header_offset)
    header = source.read(30)
    if len(header) < 30 or header[:4] != b"PK\3\4" or member.info.flag_bits & 1:
        raise inside.damaged(member.wheel)
    name, extra = struct.unpack("<HH", header[26:30])
    return int(member.info.header_offset + 30 + name + extra)


def _copy(source: IO[bytes], sink: _Counted, size: int, member: _Spliced) -> None:
    while size:
        chunk = source.read(min(size, CHUNK))
        if not chunk:
            raise inside.damaged(member.wheel)
        sink.write(chunk)
        size -= len(chunk)


def _read(member: _Member) -> Iterator[bytes]:
    """Yield a member's own bytes, chunk by chunk. Raises FnctlError FN405."""
    if isinstance(member, _Own) and isinstance(member.file.source, bytes):
        yield member.file.source
        return
    try:
        with _open(member) as stream:
            yield from iter(lambda: stream.read(CHUNK), b"")
    except (OSError, zipfile.BadZipFile) as error:
        message = f"`{member.origin}` cannot be read"
        raise FnctlError(message, code="FN405", notes=(str(error),), help="check that it is still there and readable, then build again") from error


def _open(member: _Member) -> IO[bytes]:
    if isinstance(member, _Spliced):
        return zipfile.ZipFile(member.wheel).open(member.info)
    assert isinstance(member.file.source, Path)  # noqa: S101  # bytes have gone the other way
    return member.file.source.open("rb")


def _members(recipe: Recipe, without: Collection[str]) -> Iterator[_Member]:
    for file in recipe.files:
        yield _Own(File(inside.checked(file.path, f"`{recipe.name}`"), file.source, file.executable))
    for folder, wheels in recipe.wheels.items():
        for wheel in dict.fromkeys(wheels):
            yield from _spliced(wheel, folder, without)


def _spliced(wheel: Path, folder: str, without: Collection[str]) -> Iterator[_Spliced]:
    """Yield a wheel's members at the places where an installer would put them."""
    return (_Spliced(folder + path, wheel, info) for path, info in inside.installed(wheel) if info.filename not in without)


def _unique(name: str, members: list[_Member]) -> list[_Member]:
    """Drop repeated members; members that would overwrite each other are findings, all of them at once."""
    kept: list[_Member] = []
    findings: list[Diagnostic] = []
    for path, group in itertools.groupby(members, key=lambda member: member.path):
        first, *others = group
        kept.append(first)
        findings += [_twice(name, path, first, other) for other in others if not _same(first, other)]
    findings += _shadowed(name, kept)
    if findings:
        message = "two members of an archive have one path"
        raise FnctlError(message, diagnostics=tuple(findings))
    return kept


def _shadowed(name: str, members: list[_Member]) -> Iterator[Diagnostic]:
    """Find files whose path is a folder of another member."""
    files = {member.path: member for member in members}
    for member in members:
        parts = member.path.split("/")
        for folder in itertools.accumulate(parts[:-1], "{}/{}".format):
            if folder in files:
                yield _twice(name, folder, files[folder], member)


def _same(one: _Member, other: _Member) -> bool:
    if isinstance(one, _Own) and isinstance(other, _Own) and one.file.source == other.file.source:
        return True
    if isinstance(one, _Spliced) and isinstance(other, _Spliced) and one.info.CRC != other.info.CRC:
        return False
    return all(a == b for a, b in itertools.zip_longest(_blocks(one), _blocks(other)))


def _blocks(member: _Member) -> Iterator[bytes]:
    """Yield a member's bytes in blocks of one size, however its source hands them out."""
    held = b""
    for chunk in _read(member):
        held += chunk
        while len(held) >= CHUNK:
            yield held[:CHUNK]
            held = held[CHUNK:]
    yield held


def _twice(name: str, path: str, one: _Member, other: _Member) -> Diagnostic:
    return Diagnostic(
        "FN401",
        "error",
        f"two different members of the archive of `{name}` have the path `{path}`",
        notes=(f"one is {one.origin}", f"the other is {other.origin}"),
        help="rename or `exclude` your own file, or keep only one of the two packages",
    )


def _too_big(name: str, why: str) -> FnctlError:
    message = f"the archive of `{name}` is too big: {why}"
    return FnctlError(message, code="FN403", help="leave data files out with `exclude`, and read them from a bucket")


def _dos_time(epoch: int | None) -> int:
    """Return date and time as the 32 bits of a zip header, in UTC."""
    year, month, day, hour, minute, second = time.gmtime(min(max(epoch or FIRST, FIRST), LAST))[:6]
    return ((year - 1980) << 9 | month << 5 | day) << 16 | hour << 11 | minute << 5 | second // 2

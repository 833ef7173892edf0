"""Compressing our own sources: libdeflate where it is installed, twice as fast as zlib and no bigger; else zlib, which is always there."""

from __future__ import annotations

import importlib
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TypeAlias

Whole: TypeAlias = Callable[[bytes, int], bytes]

LEVEL = 6
AT_ONCE = 8 << 20
"""Bytes of a member that may be held in memory; libdeflate knows no streams, so larger ones are zlib's, which needs none of it."""


def _libdeflate() -> tuple[str, Whole | None]:
    try:
        module = importlib.import_module("deflate")
        compress: Whole = module.deflate_compress
        name = f"libdeflate {module.__version__}, "
    except (ImportError, AttributeError):
        return "", None
    return name, compress


NAME, COMPRESS = _libdeflate()
ENGINE = f"{NAME}zlib {zlib.ZLIB_RUNTIME_VERSION} level {LEVEL}"
"""What decides the compressed bytes of own sources; part of every key."""


def deflate(chunks: Iterable[bytes], packed: IO[bytes]) -> tuple[int, int]:
    """Compress a member's bytes into a stream; return their CRC and how many they were."""
    chunks = iter(chunks)
    held, size = [], 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size > AT_ONCE:
            break
    if COMPRESS is not None and size <= AT_ONCE:
        whole = b"".join(held)
        packed.write(COMPRESS(whole, LEVEL))
        return zlib.crc32(whole), size
    return _streamed(itertools.chain(held, chunks), packed)


def _streamed(chunks: Iterator[bytes], packed: IO[bytes]) -> tuple[int, int]:
    engine = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = size = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
        packed.write(engine.compress(chunk))
    packed.write(engine.flush())
    return crc, size

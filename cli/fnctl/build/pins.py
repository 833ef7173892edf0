"""Pinned requirements as text: which of them are folders of our own, and whether each has the digests that the list gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from fnctl.build import poetry, refusals
from fnctl.build.lists import Requirements, normal
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.pattern import later

HEAD = later(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:===?\s*([^\s;\\]+)|@\s*(\S+))")
HASH = later(r"--hash[= ](\S+:[0-9a-f]+)")


@dataclass(frozen=True)
class Pin:
    """One package: `version` is empty for one that an address names."""

    name: str
    version: str
    address: str
    digests: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.name} @ {self.address}" if self.address else f"{self.name}=={self.version}"
        return " ".join([head, *(f"--hash={digest}" for digest in self.digests)])


def read(text: str) -> Iterator[Pin]:
    """Read pinned requirements; lines that pin nothing are passed by."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        found = HEAD.match(line.strip())
        if found:
            yield Pin(normal(found[1]), found[2] or "", found[3] or "", tuple(HASH.findall(line)))


def given(wanted: Requirements, exported: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return what the list itself says about digests: (name, version or address) -> digests."""
    if wanted.kind == "poetry" and wanted.lock:
        return poetry.digests(poetry.packages(wanted.lock))
    text = exported if wanted.kind == "lock" else "\n".join(wanted.lines)
    return {(pin.name, pin.version or pin.address): pin.digests for pin in read(text)}


def split(pinned: Iterable[Pin], own: Mapping[str, Path]) -> tuple[list[Pin], list[Path]]:
    """Tell what is to be fetched from the wheels of our own, which `own` has by their address."""
    fetched: list[Pin] = []
    here: list[Path] = []
    for pin in pinned:
        if pin.address in own:
            here.append(own[pin.address])
        else:
            fetched.append(pin)
    return fetched, here


def checked(pinned: Iterable[Pin], held: Mapping[tuple[str, str], tuple[str, ...]], wanted: Requirements) -> list[Pin]:
    """Return pins with the digests of the list in place of the index's; those of the index where the list gives none at all.

    Raises:
        FnctlError: FN426, the list gives digests, but not for all; FN429, a lock does not hold what is needed.
    """
    pinned = list(pinned)
    if wanted.kind == "poetry":
        _held(pinned, held, wanted)
    if not any(held.values()):
        return pinned
    bare = [pin.name for pin in pinned if not _digests(pin, held)]
    if bare:
        raise refusals.unhashed(bare, wanted)
    return [Pin(pin.name, pin.version, pin.address, _digests(pin, held)) for pin in pinned]


def _digests(pin: Pin, held: Mapping[tuple[str, str], tuple[str, ...]]) -> tuple[str, ...]:
    if pin.address:  # in an address the digest may stand behind a `#`, and no version says which entry of the list is meant
        return next((digests for (name, _), digests in held.items() if name == pin.name), ()) and pin.digests
    return held.get((pin.name, pin.version), ())


def _held(pinned: Iterable[Pin], held: Mapping[tuple[str, str], tuple[str, ...]], wanted: Requirements) -> None:
    names = {name for name, _ in held}
    absent = sorted(
        str(Pin(p.name, p.version, p.address, ())) for p in pinned if (p.name not in names if p.address else (p.name, p.version) not in held)
    )
    if absent and wanted.lock:
        message = f"`{wanted.lock.name}` does not hold what `{wanted.path.name}` needs: {', '.join(absent)}"
        raise FnctlError(message, code="FN429", notes=(str(wanted.lock),), help=poetry.RELOCK)

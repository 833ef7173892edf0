"""What artifacts are made of, for people as a tree and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fnctl.build.contents import Package
from fnctl.results import Room, Sized
from fnctl.views.machine import document
from fnctl.views.theme import Paint, count, size

FILES = 5
"""How many files of a package are shown; --verbose shows all."""


def tree(found: Sequence[Sized], paint: Paint, *, verbose: bool = False) -> str:
    """One artifact after the other: its packages and their largest files by the bytes unpacked, and the room that is left."""
    return "no artifacts" if not found else "\n\n".join("\n".join(_artifact(one, paint, verbose=verbose)) for one in found)


def _artifact(one: Sized, paint: Paint, *, verbose: bool) -> Iterator[str]:
    made = one.contents
    shared = f", shared by {', '.join(made.functions)}" if made.functions != (made.name,) else ""
    yield paint(f"{made.name} on {one.target}", "bold") + f"  {size(made.size)} unpacked, {size(made.packed)} packed{shared}"
    for package in made.packages:
        last = package is made.packages[-1]
        yield f"{'└' if last else '├'}── {paint(package.label, 'bold')}  {size(package.size)}  {percent(package.size, made.size)}"
        for line in _files(package, verbose=verbose):
            yield paint(f"{' ' if last else '│'}   {line}", "dim")
    for room in one.room:
        yield _room(room, paint)


def percent(part: int, whole: int) -> str:
    """Write a share: `12%`, `<1%`."""
    share = part * 100 / whole if whole else 0
    return f"{share:.0f}%" if share >= 1 else "<1%"


def _files(package: Package, *, verbose: bool) -> Iterator[str]:
    shown = package.pieces if verbose or len(package.pieces) == FILES + 1 else package.pieces[:FILES]
    for piece in shown:
        yield f"{size(piece.size):>8}  {piece.path}"
    rest = package.pieces[len(shown) :]
    if rest:
        yield f"{size(sum(piece.size for piece in rest)):>8}  in {count(len(rest), 'more file')}"


def _room(room: Room, paint: Paint) -> str:
    left, most = room.most - room.used, room.limit.amount()
    if left < 0:
        return paint(f"{size(-left)} over {room.limit.id}, {most} {room.limit.artifact}: {room.limit.effect}", room.limit.severity)
    return f"room: {size(left)} below {room.limit.id}, {most} {room.limit.artifact} ({percent(room.used, room.most)} used)"


def sizes_document(found: Sequence[Sized]) -> dict[str, Any]:
    """fnctl/size/1."""
    return document("size", {"artifacts": [_entry(one) for one in found]})


def _entry(one: Sized) -> dict[str, Any]:
    made = one.contents
    head = {"target": one.target, "name": made.name, "functions": list(made.functions), "size": made.packed, "unpacked_size": made.size}
    return {**head, "packages": [_package(package) for package in made.packages], "limits": [_limit(room) for room in one.room]}


def _package(package: Package) -> dict[str, Any]:
    files = [{"path": piece.path, "size": piece.packed, "unpacked_size": piece.size} for piece in package.pieces]
    head = {"origin": package.origin, "name": package.name or None, "version": package.version or None}
    return {**head, "size": package.packed, "unpacked_size": package.size, "files": files}


def _limit(room: Room) -> dict[str, Any]:
    limit = room.limit
    return {"id": limit.id, "of": limit.artifact, "most": room.most, "used": room.used, "source": limit.source, "date": limit.date or None}

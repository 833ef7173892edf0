"""Artifacts as a picture: one HTML page that needs nothing else, each package a rectangle as large as its share, its files inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from fnctl.build.contents import Package, Piece
from fnctl.results import Sized
from fnctl.views.theme import count, size

WIDTH, HEIGHT = 1200.0, 640.0
TITLE = 18.0
"""The strip of a package that holds its name."""
LEAST = 3.0
"""A rectangle with a side shorter than this is not drawn: nobody could point at it."""
HUES = {"own": 140, "fnctl": 280, "pypi": 210, "npm": 25}

STYLE = """
:root { color-scheme: light dark; }
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .25rem 0; opacity: .8; }
svg { width: 100%; height: auto; display: block; }
text { font: 11px system-ui, sans-serif; fill: #111; pointer-events: none; }
rect { stroke: #fff; stroke-width: 1; }
rect:hover { stroke: #111; stroke-width: 2; }
""".strip()


@dataclass(frozen=True)
class Box:
    """A rectangle: its corner and its sides."""

    x: float
    y: float
    width: float
    height: float


def page(found: Sequence[Sized], title: str) -> str:
    """Write the page. What names say is escaped; there are no scripts."""
    body = "\n".join(line for one in found for line in _artifact(one))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>\n{STYLE}\n</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n'


def _artifact(one: Sized) -> Iterator[str]:
    made = one.contents
    yield f"<h2>{escape(made.name)} on {escape(one.target)}</h2>"
    yield f"<p>{size(made.size)} unpacked, {size(made.packed)} packed, {count(len(made.packages), 'package')}</p>"
    for room in one.room:
        share = room.used * 100 / room.most
        yield f"<p>{escape(room.limit.id)}: {share:.1f}% of {escape(room.limit.amount())} {room.limit.artifact} used</p>"
    yield f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="what {escape(made.name)} is made of">'
    for package, box in zip(made.packages, squarified([p.size for p in made.packages], Box(0, 0, WIDTH, HEIGHT)), strict=True):
        yield from _package(package, box)
    yield "</svg>"


def _package(package: Package, box: Box) -> Iterator[str]:
    if min(box.width, box.height) < LEAST:
        return
    label = f"{package.label}: {size(package.size)}"
    yield _rectangle(box, HUES[package.origin], 62, label)
    inner = Box(box.x + 2, box.y + TITLE, box.width - 4, box.height - TITLE - 2)
    yield from _text(package.label, Box(box.x, box.y, box.width, TITLE))
    if min(inner.width, inner.height) < LEAST:
        return
    for piece, place in zip(package.pieces, squarified([piece.size for piece in package.pieces], inner), strict=True):
        yield from _piece(piece, place, HUES[package.origin])


def _piece(piece: Piece, box: Box, hue: int) -> Iterator[str]:
    if min(box.width, box.height) < LEAST:
        return
    yield _rectangle(box, hue, 78, f"{piece.path}: {size(piece.size)}")
    if box.height > TITLE:
        yield from _text(piece.path.rpartition("/")[2], Box(box.x, box.y, box.width, TITLE))


def _rectangle(box: Box, hue: int, light: int, label: str) -> str:
    place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
    return f'<rect {place} fill="hsl({hue} 55% {light}%)"><title>{escape(label)}</title></rect>'


def _text(label: str, box: Box) -> Iterator[str]:
    room = int(box.width / 6.5) - 1
    if room >= 4:
        short = label if len(label) <= room else f"{label[: room - 1]}…"
        yield f'<text x="{box.x + 4:.1f}" y="{box.y + 13:.1f}">{escape(short)}</text>'


def squarified(values: Sequence[int], box: Box) -> list[Box]:
    """Divide a rectangle by values that fall, each part as near to a square as the others allow; parts of nothing are empty.

    Rows are laid along the shorter side, and a row takes one more value as long as that makes its worst part squarer (Bruls, Huizing and
    van Wijk, Squarified Treemaps, 2000).
    """
    total = sum(values)
    if total <= 0:
        return [Box(box.x, box.y, 0, 0) for _ in values]
    areas = [value * box.width * box.height / total for value in values]
    made: list[Box] = []
    rest = box
    while len(made) < len(areas):
        side = min(rest.width, rest.height)
        row = _row(areas[len(made) :], side)
        boxes, rest = _laid(row, rest)
        made += boxes
    return made


def _row(areas: Sequence[float], side: float) -> list[float]:
    row = [areas[0]]
    for area in areas[1:]:
        if _worst([*row, area], side) > _worst(row, side):
            break
        row.append(area)
    return row


def _worst(row: Sequence[float], side: float) -> float:
    """Return the longest part's ratio of sides; a row of nothing is as bad as can be."""
    total, least = sum(row), min(row)
    if least <= 0 or side <= 0:
        return float("inf")
    return max(side**2 * max(row) / total**2, total**2 / (side**2 * least))


def _laid(row: Sequence[float], box: Box) -> tuple[list[Box], Box]:
    """Lay a row along the shorter side; return its parts, and what is left of the rectangle."""
    total = sum(row)
    upright = box.width >= box.height
    side = box.height if upright else box.width
    depth = total / side if side else 0.0
    made, at = [], 0.0
    for area in row:
        length = area / depth if depth else 0.0
        made.append(Box(box.x, box.y + at, depth, length) if upright else Box(box.x + at, box.y, length, depth))
        at += length
    rest = Box(box.x + depth, box.y, box.width - depth, box.height) if upright else Box(box.x, box.y + depth, box.width, box.height - depth)
    return made, rest

"""Matching a path against the manifest's routes, for fronts that send every request to one function and no path parameters."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def match(routes: Iterable[tuple[str, str]], method: str, path: str) -> dict[str, str] | None:
    """Give what the parts of the best route hold, None when no route fits.

    Literal parts beat `{name}`, a route that ends here beats one that goes on, and `{rest*}` comes last.
    """
    best: tuple[tuple[int, ...], dict[str, str]] | None = None
    for verb, route in routes:
        found = _fit(_parts(route), _parts(path), "/" if path.endswith("/") else "") if verb in ("ANY", method) else None
        if found is not None and (best is None or found[0] > best[0]):
            best = found
    return None if best is None else best[1]


def _parts(path: str) -> list[str]:
    inner = path.removeprefix("/").removesuffix("/")
    return inner.split("/") if inner else []


def _fit(route: list[str], parts: list[str], end: str) -> tuple[tuple[int, ...], dict[str, str]] | None:
    found: dict[str, str] = {}
    rank: list[int] = []
    for index, part in enumerate(route):
        if part.startswith("{") and part.endswith("*}"):
            found[part[1:-2]] = "/".join(parts[index:]) + (end if index < len(parts) else "")
            return (*rank, 0), found
        if index >= len(parts):
            return None
        if part.startswith("{"):
            found[part[1:-1]] = parts[index]
        elif part != parts[index]:
            return None
        rank.append(2 if part.startswith("{") else 3)
    return ((*rank, 1), found) if len(route) == len(parts) else None

"""The npm packages that an adapter's own shim needs: fetched once by their lock, and laid into the artifact as npm lays them."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fnctl.build import cache as memory
from fnctl.build import tools
from fnctl.build.cache import Cache
from fnctl.build.files import refused
from fnctl.build.model import File, Recipe
from fnctl.dataclass import replace
from fnctl.errors import FnctlError

LISTS = ("package.json", "package-lock.json")
MODULES = "node_modules/"
LEFT = (".ts", ".mts", ".cts", ".map", ".md")
"""Types, source maps and read-mes: nothing of them runs."""

OWN = ".package-lock.json"
"""npm's note of what it has laid down, with the addresses that it fetched from."""


def placed(recipe: Recipe, cache: Cache) -> Recipe:
    """Return a recipe with its packages among its files, below `node_modules/`.

    Args:
        recipe: what one artifact is made of.
        cache: keeps what was fetched, by the digest of the lock.

    Raises:
        FnctlError: FN449, npm is not there or cannot fetch them.
    """
    if recipe.packages is None:
        return recipe
    pins = recipe.packages
    home = cache.once(f"packages {pins}", lambda: _fetched(pins, cache))
    laid = sorted(path for path in home.rglob("*") if path.is_file() and path.suffix not in LEFT and path.name != OWN)
    files = (File(f"{MODULES}{path.relative_to(home).as_posix()}", path) for path in laid)
    return replace(recipe, files=(*recipe.files, *files))


def owner(recipe: Recipe, path: str) -> tuple[str, str] | None:
    """Return the name and the version of the recipe's package that a member of its archive is of; None for all other members."""
    if recipe.packages is None or not path.startswith(MODULES):
        return None
    locked = _locked(recipe.packages)
    place = max((one for one in locked if path.startswith(f"{one}/")), key=len, default=None)
    return locked[place] if place else None


def listed(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield the names and versions of the recipe's packages."""
    yield from _locked(recipe.packages).values() if recipe.packages else ()


@functools.cache
def _locked(pins: Path) -> dict[str, tuple[str, str]]:
    """Read a lock: place -> name and version."""
    packages: dict[str, dict[str, str]] = json.loads((pins / LISTS[1]).read_text("utf-8"))["packages"]
    return {place: (place.rpartition(MODULES)[2], entry.get("version", "")) for place, entry in packages.items() if place}


def _fetched(pins: Path, cache: Cache) -> Path:
    """Return the `node_modules` of a lock; npm checks every digest, and no script of any package runs."""
    home = cache.root / "tools" / f"npm-{memory.key([(pins / name).read_text('utf-8') for name in LISTS])[:32]}"
    if (home / OWN).is_file():
        return home
    npm = tools.npm(cache.environ)
    names = ", ".join(_names(pins))
    if npm is None:
        message = f"npm is not there to fetch {names}"
        raise FnctlError(message, code="FN449", help="install Node.js with npm, then build again")
    cache.report(f"fetching {names}")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            for name in LISTS:
                shutil.copy(pins / name, folder)
            words = ("--ignore-scripts", "--loglevel=warn", "--no-audit", "--no-fund", "--omit=dev", "--prefix", folder)
            done = tools.fetch([npm, "ci", *words], environ=cache.environ, folder=Path(folder))
            if done.returncode:
                message = f"{names} cannot be fetched"
                help_ = "check the network and npm's registry (`npm ping`), then build again"
                raise FnctlError(message, code="FN449", notes=tools.said(done.stderr), help=help_)
            _settle(Path(folder) / "node_modules", home)
    except OSError as error:
        raise refused(error, home) from error
    return home


def _names(pins: Path) -> list[str]:
    wanted: dict[str, str] = json.loads((pins / LISTS[0]).read_text("utf-8"))["dependencies"]
    return [f"{name} {version}" for name, version in wanted.items()]


def _settle(fetched: Path, home: Path) -> None:
    """Move what was fetched to its place; another run may have been quicker, with the same bytes."""
    try:
        fetched.rename(home)
    except OSError:
        if not (home / OWN).is_file():
            raise

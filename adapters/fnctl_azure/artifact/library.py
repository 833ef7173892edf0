"""The library that an artifact's entry speaks: which version for which Python, by digest, so that an app runs with what it was built with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from fnctl.build.model import Bundle

PINS = Path(__file__).with_name("pins")
EXTERNALS = ("@azure/functions", "@azure/functions-core")
"""An app has one copy of the library, which registers for all its functions; the host lends the core."""

SECOND = (3, 13)
"""The first Python for which there is a version 2 of azure-functions."""

NAMES = frozenset({"azure_functions", "werkzeug", "markupsafe"})
"""What the pins name, as wheels write it."""


def brings(python: str) -> tuple[str, ...]:
    """Return the requirements that every artifact of a Python version brings, each with its digests.

    Args:
        python: `3.13`.
    """
    version = tuple(int(part) for part in python.split("."))
    text = (PINS / f"python-{2 if version >= SECOND else 1}.txt").read_text("utf-8")
    return tuple(line for line in text.replace("\\\n", " ").splitlines() if line.strip())


def package(wheel: Path) -> tuple[str, str]:
    """Return a wheel's package and version."""
    name, version = wheel.name.split("-")[:2]
    return name.lower().replace(".", "_"), version


def asked(bundle: Bundle) -> bool:
    """Tell whether a function has packages of its own: one that has none holds the library's only."""
    return any(package(wheel)[0] not in NAMES for wheel in bundle.wheels)


def wheels(bundles: Mapping[str, Bundle]) -> tuple[Path, ...]:
    """Return one wheel a package for all functions of an app: a function's own before the library's."""
    found: dict[str, Path] = {}
    for bundle in _own_first(bundles.values()):
        for wheel in bundle.wheels:
            found.setdefault(package(wheel)[0], wheel)
    return tuple(found.values())


def listed(bundles: Mapping[str, Bundle]) -> tuple[dict[Path, str], tuple[Path, ...]]:
    """Return the same packages for a platform that installs them itself: lines of requirements.txt by wheel, with digests, and the other wheels.

    Those were built here: no index has them, or it has somebody else's of that name.
    """
    published = {wheel: digest for bundle in bundles.values() for wheel, digest in bundle.published.items()}
    found = sorted(wheels(bundles), key=lambda wheel: wheel.name)
    lines = {wheel: f"{_pin(wheel)} --hash=sha256:{published[wheel]}" for wheel in found if wheel in published}
    return lines, tuple(wheel for wheel in found if wheel not in published)


def _pin(wheel: Path) -> str:
    name, version = package(wheel)
    return f"{name.replace('_', '-')}=={version}"


def _own_first(bundles: Iterable[Bundle]) -> list[Bundle]:
    return sorted(bundles, key=lambda bundle: not asked(bundle))

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


def pinned(bundles: Mapping[str, Bundle]) -> list[str]:
    """Return the same packages as lines of requirements.txt, for a platform that installs them itself."""
    return sorted(f"{name.replace('_', '-')}=={version}" for name, version in map(package, wheels(bundles)))


def _own_first(bundles: Iterable[Bundle]) -> list[Bundle]:
    return sorted(bundles, key=lambda bundle: not asked(bundle))

"""What Azurite is started with, installed once under the cache. This side runs in fnctl itself."""

from __future__ import annotations

from pathlib import Path

from fnctl.build.interpreters import Interpreter
from fnctl.standins.environments import Environments

PINS = Path(__file__).parent / "pins"
SCRIPT = "azurite.cjs"


def azurite(node: Interpreter, environments: Environments) -> list[str]:
    """Return the command that starts it."""
    sources = [PINS / name for name in ("package.json", "package-lock.json", SCRIPT)]
    return [str(node.path), str(environments.npm("azurite", sources, SCRIPT) / SCRIPT)]

"""What a worker is started with: an environment of its own for each Python, made once. This side runs in fnctl itself."""

from __future__ import annotations

from pathlib import Path

from fnctl.build.interpreters import Interpreter
from fnctl.standins.environments import Environments

HERE = Path(__file__).parent
FIRST = (3, 13)
"""The first Python that Azure runs with azure-functions-runtime, a package like any other. What it runs older ones with is not published."""

MODERN = HERE / "pins" / "runtime.txt"
CLASSIC = HERE.parent.parent / "artifact" / "pins" / "python-1.txt"


def python(interpreter: Interpreter, environments: Environments) -> list[str]:
    """Return what starts a Python worker; the app's folder is to be put behind it."""
    version = tuple(int(part) for part in interpreter.version.split(".")[:2])
    own = environments.venv("worker", MODERN if version >= FIRST else CLASSIC, interpreter)
    return [str(own), "-I", "-B", str(HERE / "programs" / "worker.py")]


def node(interpreter: Interpreter) -> list[str]:
    """Return what starts a Node worker; the app's folder is to be put behind it, and brings the library."""
    return [str(interpreter.path), str(HERE / "programs" / "worker.cjs")]

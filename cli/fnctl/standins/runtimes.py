"""Which interpreter of this machine a stand-in runs functions on, and what to say where it is not the one that was asked for."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from fnctl.build import interpreters
from fnctl.build.interpreters import Interpreter
from fnctl.errors import FnctlError

FETCH = "FNCTL_FETCH_INTERPRETERS"
"""Set to 1, a missing interpreter is fetched with uv or npm."""


def own_python(environ: Mapping[str, str]) -> Interpreter:
    """A Python like the one that runs fnctl. Raises FnctlError FN954."""
    version = ".".join(platform.python_version_tuple()[:2])
    return interpreters.find(version, environ) or _missing("Python", version)


def python(version: str, environ: Mapping[str, str]) -> Interpreter:
    """A Python for functions of this version ("3.13"), or the nearest thing to it. Raises FnctlError FN954."""
    return interpreters.find(version, environ, fetch=environ.get(FETCH) == "1") or _missing("Python", version)


def node(major: str, environ: Mapping[str, str]) -> Interpreter:
    """A Node for functions of this major version, or the one at hand. Raises FnctlError FN954."""
    return interpreters.find_node(major, environ, fetch=environ.get(FETCH) == "1") or _missing("Node", major)


def refused(runtime: str) -> FnctlError:
    """Say that functions of this runtime cannot run here."""
    return FnctlError(f"the sandbox cannot run {runtime}", code="FN954", help="Use a python or nodejs runtime, or deploy to an account.")


def differs(runtime: str, architecture: str, found: Interpreter) -> str | None:
    """Say how the interpreter differs from what the manifest asks for; None when it does not."""
    said: list[str] = []
    if not found.exact:
        language, version = ("Python", runtime.removeprefix("python")) if found.tags else ("Node", runtime.removeprefix("nodejs").removesuffix(".x"))
        hint = _variable(language, version)
        said.append(
            f"Functions for {runtime} run on {language} {found.version} here: no other is at hand (set {hint} to its path, or {FETCH}=1)",
        )
    if architecture != found.machine:
        said.append(f"This machine is {found.machine}, not {architecture}")
    return "; ".join(said) or None


def _missing(language: str, version: str) -> Interpreter:
    message = f"the sandbox found no {language} to run functions on"
    raise FnctlError(message, code="FN954", help=f"Install {language} {version}, or set {_variable(language, version)} to its path.")


def _variable(language: str, version: str) -> str:
    return f"FNCTL_{language.upper()}_{version.replace('.', '_')}"

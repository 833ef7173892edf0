"""npm packages that travel as they are: found as Node finds them, laid out flat, and only those parts that the target's machine can load."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fnctl.build import globs
from fnctl.build.model import BuildTarget, File
from fnctl.dataclass import dataclass, field
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function

HOME = "node_modules/"
LEFT = globs.matcher([".*", "node_modules/", "*.d.ts", "*.d.mts", "*.d.cts", "*.map", "*.tsbuildinfo"])
"""What no package needs to run; nested packages are placed on their own."""

CPU = {"x86_64": "x64", "arm64": "arm64"}
MACHINES = {62: "x86_64", 183: "arm64"}
"""`e_machine` of ELF files (EM_X86_64, EM_AARCH64)."""

NATIVE = (".node", ".so")


@dataclass
class _Layout:
    """What is placed so far: path in the archive -> the package's real folder."""

    target: BuildTarget
    placed: dict[str, Path] = field(default_factory=dict)


def files(folder: Path, function: Function, names: Iterable[str], target: BuildTarget) -> tuple[File, ...]:
    """Return the files of packages and of all that they depend on, as `node_modules/...`.

    A package that is installed nowhere is expected in a layer, where the function has one.

    Args:
        folder: the manifest's folder.
        function: whose `external` it is; its handler's folder is where Node would begin to look.
        names: packages.
        target: the machine: packages that name other systems and processors stay at home.

    Raises:
        FnctlError: a package is not installed (FN435), or not for that machine (FN436).
    """
    layout, start = _Layout(target), (folder / function.handler_file).parent
    asked = [name for name in names if _find(name, start) or not function.layers]
    for name in asked:  # first of all: the handler finds its own at the top, whatever others need
        real = _find(name, start)
        if real is None:
            raise _absent(name, start)
        layout.placed[f"{HOME}{name}"] = real
    for name in asked:
        _needed(name, layout.placed[f"{HOME}{name}"], ("", f"{HOME}{name}/"), layout)
    return tuple(file for at, real in sorted(layout.placed.items()) for file in _members(at, real))


def _find(name: str, start: Path) -> Path | None:
    places = (step / "node_modules" / name for step in (start, *start.parents) if step.name != "node_modules")
    found = next((place for place in places if (place / "package.json").is_file()), None)
    return found.resolve() if found else None


def _place(name: str, start: Path, above: tuple[str, ...], layout: _Layout) -> bool:
    """Place a package where its parent finds it: at the top, or below that parent when another version is in the way. Tell whether it can be."""
    real = _find(name, start)
    if real is None or not _fits(_manifest(real), layout.target):
        return False
    seen = next((spot for at in reversed(above) if (spot := f"{at}{HOME}{name}") in layout.placed), None)
    if seen is None or layout.placed[seen] != real:
        base = ("",) if seen is None else above
        spot = f"{base[-1]}{HOME}{name}"
        layout.placed[spot] = real
        _needed(name, real, (*base, f"{spot}/"), layout)
    return True


def _needed(name: str, real: Path, above: tuple[str, ...], layout: _Layout) -> None:
    """Place what a package depends on. Of what it may have, each for another machine, one has to fit."""
    said = _manifest(real)
    if not _fits(said, layout.target):
        raise _unfit(name, layout.target)
    maybe = {**said.get("optionalDependencies", {}), **said.get("peerDependencies", {})}
    for needed in sorted({*said.get("dependencies", {})} - {*maybe}):
        if not _place(needed, real, above, layout):
            raise _unfit(needed, layout.target) if _find(needed, real) else _absent(needed, real)
    here = {needed: _place(needed, real, above, layout) for needed in sorted(maybe)}
    native = [needed for needed in said.get("optionalDependencies", {}) if _native(needed, real)]
    if native and not any(here[needed] for needed in native):
        raise _unfit(name, layout.target)


def _native(name: str, start: Path) -> bool:
    """Tell whether an optional package that is installed is one of several, each for another machine."""
    real = _find(name, start)
    return real is not None and bool(_manifest(real).get("cpu"))


def _manifest(real: Path) -> Mapping[str, Any]:
    try:
        found: Any = json.loads((real / "package.json").read_bytes())
    except (OSError, ValueError) as error:
        message = f"`{real / 'package.json'}` cannot be read"
        raise FnctlError(message, code="FN435", notes=(str(error),), help="install the packages anew:\n  npm ci") from error
    return found if isinstance(found, dict) else {}


def _fits(said: Mapping[str, Any], target: BuildTarget) -> bool:
    """Tell whether a package's `os`, `cpu` and `libc` allow the machine; on this very machine npm has seen to that."""
    if target.interpreter is not None:
        return True
    wanted = {"os": "linux", "cpu": CPU.get(target.architecture, target.architecture), "libc": "glibc"}
    return all(_allows(said.get(word), value) for word, value in wanted.items())


def _allows(given: Any, value: str) -> bool:  # a list of names in a package.json, some with `!` before them
    names = [given] if isinstance(given, str) else list(given or ())
    allowed = [name for name in names if not name.startswith("!")]
    return f"!{value}" not in names and (not allowed or value in allowed or "any" in allowed)


def _members(at: str, real: Path) -> Iterator[File]:
    for root, folders, names in os.walk(real):
        below = Path(root).relative_to(real)
        folders[:] = sorted(name for name in folders if not LEFT(f"{name}/"))
        for name in sorted(names):
            path = Path(root, name)
            if not LEFT(name) and path.resolve().is_relative_to(real) and path.is_file():
                yield File(f"{at}/{(below / name).as_posix()}", path, bool(path.stat().st_mode & 0o111))


def fitting(files: Iterable[File], target: BuildTarget) -> None:
    """Look at the first bytes of compiled files. Raises FnctlError FN436 for one that the target cannot load."""
    if target.interpreter is not None:
        return
    for file in files:
        if file.path.endswith(NATIVE) and isinstance(file.source, Path):
            made = machine(file.source)
            if made != target.architecture:
                raise _unfit(file.path, target, made)


def machine(path: Path) -> str:
    """Return what a compiled file is for: `x86_64` and `arm64` stand for Linux, other systems have their names."""
    try:
        with path.open("rb") as stream:
            head = stream.read(20)
    except OSError as error:
        message = f"`{path.name}` cannot be read: {(error.strerror or str(error)).lower()}"
        raise FnctlError(message, code="FN405", notes=(str(path),), help="check that it is still there and readable, then build again") from error
    if head[:4] != b"\x7fELF":
        return {b"MZ": "Windows", b"\xcf\xfa": "macOS", b"\xca\xfe": "macOS"}.get(head[:2], "no machine that Linux knows")
    number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return MACHINES.get(number, f"another processor ({number})")


def _absent(name: str, start: Path) -> FnctlError:
    message = f"the package `{name}` is not installed"
    notes = (f"looked for it from {start} upwards",)
    return FnctlError(message, code="FN435", notes=notes, help=f"install it, or bring it in a layer and name that in `layers`:\n  npm install {name}")


def _unfit(name: str, target: BuildTarget, made: str = "") -> FnctlError:
    words = f"--os=linux --cpu={CPU.get(target.architecture, target.architecture)} --libc=glibc"
    message = f"`{name}` is made for {made}, and the function runs on {target.architecture}"
    if not made:
        message = f"`{name}` is not installed for {target.architecture}, on which the function runs"
    help = f"install that machine's files (npm 10.4 or newer), or choose another `architecture`:\n  npm install {words}"
    return FnctlError(message, code="FN436", help=help)

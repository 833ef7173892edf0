"""Which wheels a machine accepts: its Python version, and platform tags with all the older ones that they imply."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fnctl.build import cache as memory
from fnctl.build.cache import Cache
from fnctl.build.model import BuildTarget
from fnctl.build.tools import run, said
from fnctl.dataclass import dataclass
from fnctl.errors import FnctlError
from fnctl.pattern import later

MANYLINUX = later(r"manylinux_2_(\d+)_(\w+)")
LEGACY = {17: "2014", 12: "2010", 5: "1"}
"""glibc 2.N of the older names (PEP 600)."""

KNOWN = (40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 28, 17)
"""The glibc 2.N that uv has a name for."""

PROBE = """
import json, platform, sys, sysconfig
python = "%d.%d" % sys.version_info[:2]
print(json.dumps({"python": python, "platform": sysconfig.get_platform(), "libc": platform.libc_ver(), "mac": platform.mac_ver()[0]}))
"""


@dataclass(frozen=True)
class Machine:
    """What wheels are chosen for: Python "3.13", platform tags best first, and the interpreter where it is at hand."""

    python: str
    platforms: tuple[str, ...]
    interpreter: Path | None = None

    @property
    def uv(self) -> list[str | Path]:
        """The same in uv's words; without a name for the platform uv takes the interpreter's own."""
        if self.interpreter:
            return ["--python", self.interpreter]
        named = next((name for tag in self.platforms if (name := _uv_name(tag))), None)
        return ["--python-version", self.python, *(["--python-platform", named] if named else [])]

    @property
    def pip(self) -> list[str | Path]:
        """The same in pip's words."""
        return ["--python-version", self.python, "--implementation", "cp", *(word for tag in self.platforms for word in ("--platform", tag))]


def machine(target: BuildTarget, cache: Cache) -> Machine:
    """Return the machine of a Python target; a given interpreter is asked, once. Raises FnctlError FN423."""
    if target.interpreter is None:
        return Machine(
            target.python or target.runtime.removeprefix("python"), tuple(dict.fromkeys(t for tag in target.platform_tags for t in implied(tag)))
        )
    interpreter = target.interpreter
    facts = cache.once(f"probe {interpreter}", lambda: _facts(interpreter, cache))
    tags = dict.fromkeys(t for tag in _native(facts) for t in implied(tag))
    return Machine(str(facts["python"]), tuple(tags), interpreter)


def implied(tag: str) -> Iterator[str]:
    """Yield a platform tag and all that it can stand in for, newest first: a newer glibc runs what was built for an older one."""
    legacy = re.fullmatch(r"manylinux(2014|2010|1)_(\w+)", tag)
    if legacy:
        tag = f"manylinux_2_{next(n for n, name in LEGACY.items() if name == legacy[1])}_{legacy[2]}"
    found = MANYLINUX.fullmatch(tag)
    if not found:
        yield tag
        return
    architecture = found[2]
    oldest = 5 if architecture in ("x86_64", "i686") else 17
    for minor in range(int(found[1]), oldest - 1, -1):
        yield f"manylinux_2_{minor}_{architecture}"
        if minor in LEGACY:
            yield f"manylinux{LEGACY[minor]}_{architecture}"


def _uv_name(tag: str) -> str | None:
    found = MANYLINUX.fullmatch(tag)
    if not found:
        return None
    minor = next((known for known in KNOWN if known <= int(found[1])), None)
    return f"{found[2]}-manylinux_2_{minor}" if minor else None


def _facts(interpreter: Path, cache: Cache) -> Mapping[str, Any]:
    """Ask an interpreter what it is; the answer holds until its file changes."""
    try:
        stat = interpreter.resolve().stat()
    except OSError as error:
        message = f"the Python interpreter is not there: {interpreter}"
        raise FnctlError(message, code="FN423", help="start the sandbox anew, so that it chooses another one") from error
    name = memory.key("probe", str(interpreter), stat.st_size, stat.st_mtime_ns, PROBE)
    known = cache.get("machines", name)
    if known is None:
        known = _probe(interpreter, cache)
        cache.put("machines", name, known)
    return dict(known)


def _probe(interpreter: Path, cache: Cache) -> Any:  # JSON of the probe's own making
    done = run([interpreter, "-I", "-c", PROBE], environ=cache.environ, folder=interpreter.parent)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        message = f"the Python interpreter does not run: {interpreter}"
        raise FnctlError(message, code="FN423", notes=said(done.stderr), help="name one that does in FNCTL_PYTHON_X_Y") from error


def _native(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the platform tags of an interpreter at hand. pip adds the older macOS versions itself."""
    system, _, architecture = str(facts["platform"]).partition("-")
    libc, version = facts["libc"]
    if system == "linux" and libc == "glibc":
        yield f"manylinux_2_{str(version).split('.')[1]}_{architecture}"
    elif system == "linux":
        yield from (f"musllinux_1_{minor}_{architecture}" for minor in (2, 1))
    elif system == "macosx":
        major, _, minor = str(facts["mac"]).partition(".")
        name = f"macosx_{major}_{0 if int(major) > 10 else minor.split('.')[0]}"
        yield from (f"{name}_{word}" for word in (architecture.rpartition("-")[2], "universal2"))
        return
    yield str(facts["platform"]).replace("-", "_").replace(".", "_")

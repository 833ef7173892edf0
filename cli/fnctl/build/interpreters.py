"""Which Python or Node on this machine can run a given version: candidates are executed, never believed by their name."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fnctl.dataclass import dataclass

PROBE_SECONDS = 20.0
INSTALL_SECONDS = 300.0

# Printed by the candidate itself. A venv answers with the interpreter it was made from, which outlives it.
_PROBE = """
import json, os, platform, sys, sysconfig
try: glibc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, OSError, ValueError): glibc = ""
print(json.dumps({"path": getattr(sys, "_base_executable", "") or sys.executable, "version": platform.python_version(),
  "machine": platform.machine(), "platform": sysconfig.get_platform(), "glibc": glibc.rpartition(" ")[2],
  "musl": "musl" in (sysconfig.get_config_var("SOABI") or "")}))
"""
_NODE_PROBE = ("-e", "console.log(JSON.stringify({path: process.execPath, version: process.versions.node, machine: process.arch}))")


@dataclass(frozen=True)
class Interpreter:
    """A program that ran and said what it is.

    Attributes:
        version: in full, "3.13.0" or "22.11.0".
        exact: it is the version that was asked for; False for what is at hand instead.
        machine: as AWS names it, `x86_64` or `arm64`.
        tags: wheel platform tags that it accepts, best first; empty for Node.
    """

    path: Path
    version: str
    exact: bool
    machine: str
    tags: tuple[str, ...] = ()


def find(version: str, environ: Mapping[str, str], *, fetch: bool = False) -> Interpreter | None:
    """Return a Python of `version` ("3.13"), else the one that runs fnctl with `exact=False`.

    Args:
        version: major and minor.
        environ: PATH, FNCTL_PYTHON_3_13, PYENV_ROOT, UV_PYTHON_INSTALL_DIR, XDG_CACHE_HOME are read.
        fetch: let `uv python install` download one.
    """
    for candidate in _pythons(version, environ):
        found = _python(candidate, environ)
        if found is not None and _matches(found.version, version):
            return found
    if fetch and _uv_installs(version, environ):
        return find(version, environ)
    here = _python(Path(sys.executable), environ)
    return None if here is None else Interpreter(here.path, here.version, False, here.machine, here.tags)


def find_node(major: str, environ: Mapping[str, str], *, fetch: bool = False) -> Interpreter | None:
    """Return a Node of `major` ("22"), else the one on PATH with `exact=False`, else None.

    Args:
        major: the major version.
        environ: PATH, FNCTL_NODE_22, XDG_CACHE_HOME are read.
        fetch: let npm download the `node-<platform>-<arch>` package into the cache.
    """
    for candidate in _nodes(major, environ):
        found = _node(candidate, environ)
        if found is not None and _matches(found.version, major):
            return found
    if fetch and _npm_installs(major, environ):
        return find_node(major, environ)
    on_path = shutil.which("node", path=environ.get("PATH"))
    here = _node(Path(on_path), environ) if on_path else None
    return None if here is None else Interpreter(here.path, here.version, False, here.machine)


def find_uv(environ: Mapping[str, str]) -> Path | None:
    """Return uv: on PATH, or beside the Python that runs us (it is a wheel)."""
    found = shutil.which("uv", path=environ.get("PATH"))
    beside = Path(sys.executable).with_name("uv")
    return Path(found) if found else beside if os.access(beside, os.X_OK) else None


def cache(environ: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/fnctl`; a relative value is no value, as the XDG specification has it."""
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else _home(environ) / ".cache") / "fnctl"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _pythons(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get(f"FNCTL_PYTHON_{version.replace('.', '_')}")
    if named:
        yield Path(named)
    yield Path(sys.executable)
    folders = [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    shims = [folder for folder in folders if folder.name == "shims" and (folder.parent / "versions").is_dir()]
    yield from (folder / f"python{version}" for folder in folders if folder not in shims)
    yield from _pyenvs(version, environ, [folder.parent for folder in shims])
    yield from _managed(version, environ)
    yield from (folder / f"python{version}" for folder in shims)  # a shell script that looks long, for what was found above, and often ends with 127


def _pyenvs(version: str, environ: Mapping[str, str], seen: Sequence[Path]) -> Iterator[Path]:
    roots = (*seen, *(Path(root) for root in (environ.get("PYENV_ROOT"), _home(environ) / ".pyenv") if root))
    for root in dict.fromkeys(roots):
        yield from sorted((root / "versions").glob(f"{version}.*/bin/python"), reverse=True)


def _managed(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """The ones that uv manages, found by their folders: asking uv costs a process, and it may be gone while they remain."""
    data = environ.get("XDG_DATA_HOME") or str(_home(environ) / ".local/share")
    root = environ.get("UV_PYTHON_INSTALL_DIR") or f"{data}/uv/python"
    yield from sorted(Path(root).glob(f"cpython-{version}.*/bin/python{version}"), reverse=True)


def _nodes(major: str, environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get(f"FNCTL_NODE_{major}")
    if named:
        yield Path(named)
    on_path = shutil.which("node", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path)
    yield _npm_folder(major, environ) / "node_modules" / _npm_program()


def _matches(version: str, wanted: str) -> bool:
    return version == wanted or version.startswith(wanted + ".")


def _python(candidate: Path, environ: Mapping[str, str]) -> Interpreter | None:
    facts = _recall(candidate, environ)
    if facts is None:
        # -I: neither the working folder nor PYTHONPATH may answer for it.
        facts = _ask([str(candidate), "-I", "-c", _PROBE], environ)
        if facts is None:
            return None
        _remember(candidate, facts, environ)
    return Interpreter(Path(facts["path"]), facts["version"], True, _machine(facts["machine"]), tags(facts))


def _node(candidate: Path, environ: Mapping[str, str]) -> Interpreter | None:
    facts = _recall(candidate, environ)
    if facts is None:
        facts = _ask([str(candidate), *_NODE_PROBE], {})
        if facts is None:
            return None
        _remember(candidate, facts, environ)
    return Interpreter(Path(facts["path"]), facts["version"], True, _machine(facts["machine"]))


def _ask(command: Sequence[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    if not os.access(command[0], os.X_OK) or Path(command[0]).is_dir():
        return None
    env = {"PATH": environ.get("PATH") or os.defpath, "HOME": tempfile.gettempdir()} | {k: environ[k] for k in ("PYENV_ROOT",) if k in environ}
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=PROBE_SECONDS, check=False, stdin=subprocess.DEVNULL)
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return answer if isinstance(answer, dict) else None


def _machine(name: str) -> str:
    return {"aarch64": "arm64", "amd64": "x86_64", "x64": "x86_64"}.get(name.lower(), name)


def tags(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Wheel platform tags of a probed interpreter, best first (PEP 600, 656 and 425)."""
    machine = str(facts["machine"])
    own = str(facts["platform"]).replace("-", "_").replace(".", "_")
    if facts["musl"]:
        return (*(f"musllinux_1_{minor}_{machine}" for minor in (2, 1)), own)
    if facts["glibc"].startswith("2."):
        return (*_manylinux(int(facts["glibc"].split(".")[1]), machine), own)
    if own.startswith("macosx"):
        return (own, *(f"macosx_{major}_0_{arch}" for major in range(15, 10, -1) for arch in (machine, "universal2")))
    return (own,)


def _manylinux(glibc: int, machine: str) -> Iterator[str]:
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    # Below 2.17 only x86 was ever built for.
    for minor in range(glibc, 4 if machine == "x86_64" else 16, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if minor in legacy:
            yield f"{legacy[minor]}_{machine}"


def _notes(environ: Mapping[str, str]) -> Path:
    return cache(environ) / "interpreters.json"


def _key(candidate: Path) -> str | None:
    """Path and mtime; None for scripts: what a version manager's shim answers depends on more than the shim."""
    try:
        real = candidate.resolve(strict=True)
        with real.open("rb") as file:
            return None if file.read(2) == b"#!" else f"{candidate}|{real}|{real.stat().st_mtime_ns}"
    except OSError:
        return None


def _recall(candidate: Path, environ: Mapping[str, str]) -> dict[str, Any] | None:
    key = _key(candidate)
    facts = _read(_notes(environ)).get(key) if key else None
    return facts if isinstance(facts, dict) and Path(str(facts.get("path"))).exists() else None


def _remember(candidate: Path, facts: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    key = _key(candidate)
    if key is None:
        return
    notes = _notes(environ)
    try:
        notes.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=notes.parent, delete=False) as file:
            json.dump(_read(notes) | {key: facts}, file)
        Path(file.name).replace(notes)
    except OSError:
        return  # a cache that cannot be written costs a probe each time, nothing else


def _read(notes: Path) -> dict[str, Any]:
    try:
        known = json.loads(notes.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _uv_installs(version: str, environ: Mapping[str, str]) -> bool:
    uv = find_uv(environ)
    return uv is not None and _runs([str(uv), "python", "install", version], environ)


def _npm_installs(major: str, environ: Mapping[str, str]) -> bool:
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        return False
    home = _npm_folder(major, environ) / "node_modules"
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent) as folder:
            words = ("--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder)
            fetched = Path(folder, "node_modules")
            # It has to run: on a full disk npm leaves half of it, and calls that success.
            runs = _runs([npm, "install", *words, f"{_npm_package()}@{major}"], environ) and _ask([str(fetched / _npm_program()), *_NODE_PROBE], {})
            if runs:
                shutil.rmtree(home, ignore_errors=True)
                fetched.rename(home)
    except OSError:  # another run was quicker, or there is no room
        return (home / _npm_program()).is_file()
    return bool(runs)


def _npm_folder(major: str, environ: Mapping[str, str]) -> Path:
    return cache(environ) / "node" / major


def _npm_program() -> Path:
    return Path(_npm_package(), "bin", "node")


def _npm_package() -> str:
    arch = "arm64" if _machine(platform.machine()) == "arm64" else "x64"
    return f"node-{platform.system().lower()}-{arch}"


def _runs(command: Sequence[str], environ: Mapping[str, str]) -> bool:
    try:
        return subprocess.run(command, env=dict(environ), capture_output=True, timeout=INSTALL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

"""Small services, distributions and caches that the tests of the build room share."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from fnctl.build.cache import Cache, home
from fnctl.build.model import BuildTarget
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.manifest.model import Function, Service
from fnctl.source import Span

ARM = BuildTarget("python3.13", "arm64", ("manylinux_2_34_aarch64",), "3.13")
NODE = BuildTarget("nodejs20", "x86_64")
DEAD = "http://127.0.0.1:9/simple"
"""Nothing answers there: port 9 is `discard`."""


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def function(name: str, handler: str, runtime: str = "python3.13", include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> Function:
    file, _, attribute = handler.partition(":")
    return Function(name, file, attribute or "handler", "native", runtime, include=include, exclude=exclude)


def service(folder: Path, *functions: Function) -> Service:
    lines = {one.name: Span("fnctl.yaml", number, 5) for number, one in enumerate(functions, 10)}

    def span(*path: str) -> Span | None:
        return lines[path[1]] if path[0] == "functions" and path[2] == "handler" else None

    return Service("shop", "dev", "aws", {}, {one.name: one for one in functions}, {}, {}, (), folder, span=span)


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """This machine's environment with a cache of its own; uv and npm keep theirs, so that a registry is asked little."""
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "xdg"), **more}


def cache(tmp_path: Path, folder: Path, **more: str) -> Cache:
    env = environ(tmp_path, **more)
    return Cache(home(env), folder, env)


def offline(links: Path) -> dict[str, str]:
    """Only a folder of distributions, no index."""
    return {"PIP_NO_INDEX": "1", "UV_FIND_LINKS": str(links), "PIP_FIND_LINKS": str(links), "PIP_CONFIG_FILE": os.devnull}


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    needs: tuple[str, ...] = (),
    tag: str = "py3-none-any",
    members: Mapping[str, bytes] | None = None,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path, info = folder / f"{name}-{version}-{tag}.whl", f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in (members if members is not None else {f"{name}/__init__.py": f"name = {name!r}\n".encode()}).items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def sdist(folder: Path, name: str, version: str = "1.0") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in {
            "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
            "setup.py": "raise SystemExit('nobody asked for a build')\n",
        }.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{member}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def only(error: FnctlError) -> Diagnostic:
    assert len(error.diagnostics) == 1, error.diagnostics
    return error.diagnostics[0]

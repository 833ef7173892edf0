"""A published package: whether it is one, as the publish endpoint looks at it, and where it is unpacked."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from pathlib import Path

from fnctl_azure.standin.world import Resource

LARGEST = 1 << 30


class Bad(Exception):  # an answer, not a mishap
    """The package is none."""


def check(data: bytes, runtime: str) -> list[str]:
    """Names of the files in a package. Raises Bad."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            names = opened.namelist()
            broken = opened.testzip()
            manifest = opened.read("package.json") if "package.json" in names else b""
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        message = f"[Kudu-PackageZipStep] Failed to open the package: {error}"
        raise Bad(message) from error
    if broken:
        raise Bad(f"[Kudu-PackageZipStep] The package is damaged at '{broken}'.")
    if "host.json" not in names:
        deeper = next((name for name in names if name.endswith("/host.json")), None)
        found = f"; it is at '{deeper}'" if deeper else ""
        raise Bad(f"[Kudu-ValidationStep] host.json is not at the root of the package{found}.")
    if runtime == "python" and "function_app.py" not in names:
        raise Bad("[Kudu-ValidationStep] The package has no function_app.py at its root.")
    if runtime == "node":
        _node(manifest)
    return names


def _node(manifest: bytes) -> None:
    try:
        main = json.loads(manifest or b"null")
    except ValueError:
        main = None
    if not isinstance(main, dict) or not main.get("main"):
        raise Bad("[Kudu-ValidationStep] The package has no package.json with 'main' at its root.")


def unpack(data: bytes, folder: Path) -> None:
    """Unpack a package that was checked. Raises Bad for a path that leaves the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        for entry in opened.infolist():
            path = folder / entry.filename
            if not path.resolve().is_relative_to(folder.resolve()):
                raise Bad(f"[Kudu-ExtractZipStep] '{entry.filename}' is outside the package.")
            if entry.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(opened.read(entry))
            if entry.external_attr >> 16 & 0o111:
                path.chmod(0o755)


def place(address: str) -> tuple[str, str]:
    """Account and container of the address of a container, in the form of Azure's or of this machine's."""
    host, _, path = address.split("//", 1)[-1].partition("/")
    words = [word for word in path.split("/") if word]
    if host.startswith("127.0.0.1:"):
        return (words[0], words[1]) if len(words) > 1 else ("", "")
    return host.partition(".")[0], words[0] if words else ""


def fetch(address: str) -> bytes:
    """What is at an address of this machine. Raises Bad."""
    if not address.startswith("http://127.0.0.1:"):
        raise Bad(f"[Kudu-PackageUri] '{address}' is not on this machine.")
    try:
        with urllib.request.urlopen(address, timeout=60) as opened:  # noqa: S310  # loopback, looked at above
            found: bytes = opened.read(LARGEST)
    except OSError as error:
        message = f"[Kudu-PackageUri] The package could not be read: {error}"
        raise Bad(message) from error
    return found


def runtime(site: Resource) -> str:
    """An app's runtime in the words of a manifest: python3.13, nodejs22."""
    said = (site.properties.get("functionAppConfig") or {}).get("runtime") or {}
    name, version = str(said.get("name") or ""), str(said.get("version") or "")
    if not name:
        name, _, version = str((site.properties.get("siteConfig") or {}).get("linuxFxVersion") or "").lower().partition("|")
    return f"{'nodejs' if name == 'node' else name}{version}"

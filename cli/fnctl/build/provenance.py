"""Where artifacts come from: an in-toto statement with SLSA's provenance, kept in the release. It names sources and digests, and no secret."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fnctl import __version__
from fnctl.build.deflating import ENGINE
from fnctl.build.requirements import nearest
from fnctl.graph import Artifact, Json
from fnctl.manifest.model import Service

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:fnctl:build:1"
BUILDER = "urn:fnctl:cli"

FILE = "provenance.json"
"""Its name beside the archives."""

NODE_LOCKS = ("package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock")


def statement(
    service: Service,
    artifacts: Mapping[str, Artifact],
    bills: Mapping[str, Path],
    commit: str | None,
    environ: Mapping[str, str],
    manifest: tuple[str, str] = ("", ""),
) -> dict[str, Json]:
    """Say what was built of what, by what.

    Args:
        service: what was built, for one target and stage.
        artifacts: by name.
        bills: the artifacts' bills of materials, by name.
        commit: the source's, with `+` when the folder held changes; None outside a repository.
        environ: where git finds its settings.
        manifest: its name and SHA-256.
    """
    subjects: list[Json] = [_file(f"{name}.zip", artifact.sha256) for name, artifact in sorted(artifacts.items())]
    definition: dict[str, Json] = {
        "buildType": BUILD,
        "externalParameters": {"service": service.name, "stage": service.stage, "target": service.target, "manifest": _file(*manifest)},
        "internalParameters": {"engine": ENGINE},
        "resolvedDependencies": [*_source(service.folder, commit, environ), *_locks(service)],
    }
    products: list[Json] = [_file(path.name, _sha256(path)) for _, path in sorted(bills.items())]
    builder: dict[str, Json] = {"id": BUILDER, "version": {"fnctl-cli": __version__, "python": platform.python_version()}}
    predicate: dict[str, Json] = {"buildDefinition": definition, "runDetails": {"builder": builder, "byproducts": products}}
    return {"_type": STATEMENT, "subject": subjects, "predicateType": PREDICATE, "predicate": predicate}


def _file(name: str, sha256: str) -> dict[str, Json]:
    return {"name": name, "digest": {"sha256": sha256}}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _source(folder: Path, commit: str | None, environ: Mapping[str, str]) -> list[Json]:
    if commit is None:
        return []
    found: dict[str, Any] = {"name": "source", "digest": {"gitCommit": commit.removesuffix("+")}}
    place = remote(folder, environ)
    if place:
        found["uri"] = f"git+{place}"
    if commit.endswith("+"):
        found["annotations"] = {"changed": True}
    return [found]


def remote(folder: Path, environ: Mapping[str, str]) -> str | None:
    """Return where the source is fetched from, without a user or a password that its address may hold; None for none and for a local one."""
    words = ["git", "-C", str(folder), "config", "--get", "remote.origin.url"]
    try:
        told = subprocess.run(words, env=dict(environ) or None, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    if told.startswith("git@") and ":" in told:
        host, _, path = told.removeprefix("git@").partition(":")
        return f"ssh://{host}/{path}"
    parts = urlsplit(told)
    if parts.scheme not in ("https", "http", "ssh", "git") or not parts.hostname:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _locks(service: Service) -> Sequence[Json]:
    """Name the lists and locks that the functions' dependencies are resolved by, relative to the manifest's folder."""
    folder = service.folder.resolve()
    built = [function for function in service.functions.values() if not function.image]
    paths = {path for function in built for path in _lists(folder, function.handler_file, function.runtime)}
    return [_file(os.path.relpath(path, folder).replace(os.sep, "/"), _sha256(path)) for path in sorted(paths)]


def _lists(folder: Path, handler: str, runtime: str) -> Iterator[Path]:
    if runtime.startswith("python"):
        found = nearest(folder, handler)
        yield from (path.resolve() for path in found.files) if found else ()
        return
    start = (folder / handler).parent
    for step in (start, *start.parents):
        locks = [step / name for name in NODE_LOCKS if (step / name).is_file()]
        if locks or (step / ".git").exists():
            yield from locks
            return

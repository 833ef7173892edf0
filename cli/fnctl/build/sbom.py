"""A bill of materials for each artifact: CycloneDX 1.6 in JSON, beside the archive. The same artifact has the same bill, to the byte."""

from __future__ import annotations

import json
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fnctl import __version__
from fnctl.build import inside, lists
from fnctl.build.cache import Cache
from fnctl.build.contents import Package, brought
from fnctl.build.files import write
from fnctl.build.lists import normal
from fnctl.build.model import Bundle, Recipe
from fnctl.graph import Artifact

LEVEL = "bill 2"
"""Counts up whenever the same artifact would get another bill."""

SUFFIX = ".cdx.json"
LONGEST = 64
"""A `License:` header with more characters than this is a licence's text and not its name."""


def ensure(recipe: Recipe, bundles: Mapping[str, Bundle], artifact: Artifact, path: Path, known: Cache) -> Path:
    """Write the bill beside the archive, unless the one that is there is this very artifact's.

    Args:
        recipe: what the artifact was made of.
        bundles: every function's bundle.
        artifact: what came out.
        path: where the archive is.
        known: knows the digests of wheels.

    Raises:
        FnctlError: a wheel cannot be read (FN407), or there is no room (FN404).
    """
    place = path.with_name(f"{recipe.name}{SUFFIX}")
    if not _is_of(place, artifact):
        made = document(recipe.name, artifact, brought(recipe, bundles), known)
        write(place, json.dumps(made, ensure_ascii=False).encode() + b"\n")
    return place


def _is_of(place: Path, artifact: Artifact) -> bool:
    try:
        return _serial(artifact).encode() in place.read_bytes()
    except OSError:
        return False


def _serial(artifact: Artifact) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'{LEVEL} {artifact.sha256}')}"


def document(name: str, artifact: Artifact, found: Sequence[Package], known: Cache) -> dict[str, Any]:
    """Write the bill. It has no time: what is in an artifact does not depend on when somebody asked.

    Wheels have the digest of what went in, which for a trimmed one is not the index's. Sources in a Node bundle are no files there, and have none.
    """
    root = {"type": "application", "bom-ref": "artifact", "name": name, "hashes": [{"alg": "SHA-256", "content": artifact.sha256}]}
    facts: dict[Path | None, _Facts] = {package.wheel: _facts(package.wheel) for package in found if package.wheel is not None}
    components = [_component(package, facts, known) for package in found if package.origin != "own"]
    tool = {"type": "application", "name": "fnctl-cli", "version": __version__}
    refs = {normal(package.name): _ref(package) for package in found if package.wheel is not None}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": _serial(artifact),
        "version": 1,
        "metadata": {"tools": {"components": [tool]}, "component": root},
        "components": sorted(components, key=lambda one: str(one["bom-ref"])),
        "dependencies": list(_dependencies(found, facts, refs)),
    }


def _component(package: Package, facts: Mapping[Path | None, _Facts], known: Cache) -> dict[str, Any]:
    ref, own = _ref(package), package.origin == "fnctl"
    made: dict[str, Any] = {"type": "library", "bom-ref": ref, "name": "fnctl-cli" if own else package.name}
    if package.version or own:
        made["version"] = package.version or __version__
    made["purl"] = ref
    if package.wheel is not None:
        made["hashes"] = [{"alg": "SHA-256", "content": known.digest(package.wheel)}]
        licence = facts[package.wheel].licence
        made |= {"licenses": [licence]} if licence else {}
        made["properties"] = [{"name": "fnctl:wheel", "value": package.wheel.name}]
    return made


def _ref(package: Package) -> str:
    """Write a package URL: pkg:pypi/name@1.0, pkg:npm/%40scope/name@1.0."""
    if package.origin == "fnctl":
        return f"pkg:pypi/fnctl-cli@{quote(__version__, safe='')}"
    name = quote(package.name, safe="/")
    return f"pkg:{package.origin}/{name}" + (f"@{quote(package.version, safe='')}" if package.version else "")


def _dependencies(found: Sequence[Package], facts: Mapping[Path | None, _Facts], refs: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield who needs whom: the artifact all of them, a distribution those of its requirements that are in there."""
    others = sorted(_ref(package) for package in found if package.origin != "own")
    yield {"ref": "artifact", "dependsOn": others}
    for package in sorted((p for p in found if p.wheel is not None), key=_ref):
        needs = sorted({refs[name] for name in facts[package.wheel].needs if name in refs} - {_ref(package)})
        yield {"ref": _ref(package), "dependsOn": needs}


class _Facts:
    """What a wheel's METADATA says: the licence in CycloneDX's words, and the names of what it needs."""

    def __init__(self, text: str) -> None:
        said = {"license-expression": [""], "license": [""], "requires-dist": list[str]()}
        for name, value in _headers(text):
            if name in said:
                said[name].append(value)
        expression, words = said["license-expression"][-1], " ".join(said["license"][-1].split())
        self.licence: dict[str, Any] = {"expression": expression} if expression else {}
        if not expression and words and len(words) <= LONGEST and words.upper() != "UNKNOWN":
            self.licence = {"license": {"name": words}}
        self.needs = lists.named(tuple(said["requires-dist"]))


def _headers(text: str) -> Iterator[tuple[str, str]]:
    """Yield the header fields, names in lower case; a line that begins with a blank goes on with the one before. `email` takes 10 ms to import."""
    head = re.split(r"\r?\n\r?\n", text, maxsplit=1)[0]
    for field in re.split(r"\r?\n(?![ \t])", head):
        name, _, value = field.partition(":")
        yield name.lower(), value.strip()


@cache
def _facts(wheel: Path) -> _Facts:
    try:
        with zipfile.ZipFile(wheel) as opened:
            name = next(one for one in opened.namelist() if one.endswith(".dist-info/METADATA") and one.count("/") == 1)
            return _Facts(opened.read(name).decode("utf-8", "replace"))
    except (OSError, zipfile.BadZipFile, StopIteration) as error:
        raise inside.damaged(wheel) from error

"""Poetry's lock: what the project asks for by name, and the one version (with its digests) that the lock allows for each name."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fnctl.build.lists import Requirements, named, normal, read
from fnctl.errors import FnctlError
from fnctl.pattern import later

FOLDER = later(r'^type = "directory"\nurl = "([^"]+)"', re.MULTILINE)
VERSIONS = later(r"(\^|~(?!=)|>=|<=|==|!=|~=|<|>)?\s*(\d+(?:\.\d+)*)(\.\*)?")
RELOCK = "write the lock anew:\n  poetry lock"


def speaks(document: dict[str, Any]) -> bool:
    """Tell whether a pyproject.toml is one of Poetry's, or holds a plain project that Poetry may lock."""
    return "poetry" in document.get("tool", {}) or "project" in document


def unlocked(path: Path) -> FnctlError:
    """Say that Poetry's own words need its lock."""
    message = f"`{path.name}` says in Poetry's words what it needs, and there is no poetry.lock to make it exact"
    return FnctlError(message, code="FN429", notes=(str(path),), help=RELOCK)


def listed(path: Path, document: dict[str, Any], extras: tuple[str, ...], groups: tuple[str, ...], project: tuple[str, ...]) -> Requirements:
    """Return the list of a project that Poetry has locked; `project` is what `[project]` asks for."""
    lock = path.with_name("poetry.lock")
    around = tuple(sorted({(path.parent / found).resolve() for found in FOLDER.findall(read(lock))}))
    lines = (*(_plain(line) for line in project), *_wanted(document, extras, groups))
    return Requirements(path, "poetry", named(lines), (lock, path), (), lines, (), (), around, extras, groups, lock)


def _plain(line: str) -> str:
    """Drop the version of a requirement, or its address: the lock knows both."""
    head, _, marker = line.partition(";")
    name = re.match(r"\s*[A-Za-z0-9._-]+\s*(\[[^\]]*\])?", head)
    return f"{name[0].strip() if name else head}{f' ; {marker.strip()}' if marker else ''}"


def _wanted(document: dict[str, Any], extras: tuple[str, ...], groups: tuple[str, ...]) -> Iterator[str]:
    table = document.get("tool", {}).get("poetry", {})
    optional = {normal(name) for extra in extras for name in table.get("extras", {}).get(extra, ())}
    yield from _table(table.get("dependencies", {}), optional)
    for group in groups:
        yield from _table(table.get("group", {}).get(group, {}).get("dependencies", {}), optional)


def _table(table: dict[str, Any], optional: set[str]) -> Iterator[str]:
    for name, given in table.items():
        for entry in given if isinstance(given, list) else [given]:
            spec: dict[str, Any] = entry if isinstance(entry, dict) else {}
            if name == "python" or (spec.get("optional") and normal(name) not in optional):
                continue
            extras = f"[{','.join(spec['extras'])}]" if spec.get("extras") else ""
            markers = [f"({found})" for found in (spec.get("markers"), pythons(str(spec.get("python", "*")))) if found]
            yield f"{name}{extras}{' ; ' + ' and '.join(markers) if markers else ''}"


def packages(lock: Path) -> list[dict[str, Any]]:
    """Return a lock's packages. Raises FnctlError FN424."""
    try:
        found: list[dict[str, Any]] = tomllib.loads(read(lock)).get("package", [])
    except tomllib.TOMLDecodeError as error:
        message = f"`{lock.name}` is not TOML: {error}"
        raise FnctlError(message, code="FN424", notes=(str(lock),), help=RELOCK) from error
    return found


def pins(held: Iterable[dict[str, Any]]) -> list[str]:
    """Return the lock as constraints: one version of each name, with a marker where a name has several."""
    held = [package for package in held if package.get("source", {}).get("type") in (None, "legacy", "url", "file")]
    counts = Counter(normal(package["name"]) for package in held)
    return [_pin(package, several=counts[normal(package["name"])] > 1) for package in held]


def _pin(package: dict[str, Any], *, several: bool) -> str:
    source = package.get("source", {})
    pin = f"{package['name']} @ {source['url']}" if source.get("type") == "url" else f"{package['name']}=={package['version']}"
    given = package.get("markers") or pythons(package.get("python-versions", "*"))
    marker = " or ".join(f"({each})" for each in dict.fromkeys(given.values())) if isinstance(given, dict) else given
    return f"{pin} ; {marker}" if several and marker else pin


def digests(held: Iterable[dict[str, Any]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return (name, version) -> the digests of its files."""
    return {(normal(p["name"]), str(p["version"])): tuple(str(f["hash"]) for f in p.get("files", ()) if "hash" in f) for p in held}


def pythons(versions: str) -> str:
    """Return a marker for Poetry's words about Python: `>=3.9,<4`, `^3.10`, `~3.11`, `3.12.*`, several with `||`; "" for any."""
    either = [" and ".join(_bound(found) for found in VERSIONS.finditer(part)) for part in re.split(r"\|\|?", versions)]
    return "" if not all(either) else either[0] if len(either) == 1 else " or ".join(f"({part})" for part in either)


def _bound(found: re.Match[str]) -> str:
    word, version = found[1] or "==", found[2]
    numbers = [int(part) for part in version.split(".")]
    if word == "^" or (word == "~" and len(numbers) == 1):
        return f'python_version >= "{version}" and python_version < "{numbers[0] + 1}"'
    if word == "~":
        return f'python_version >= "{version}" and python_version < "{numbers[0]}.{numbers[1] + 1}"'
    variable = "python_full_version" if len(numbers) > 2 else "python_version"
    return f'{variable} {word} "{version}{found[3] or "" if word in ("==", "!=") else ""}"'

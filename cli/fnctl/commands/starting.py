"""What `fnctl init` writes, and the two things it asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from fnctl.commands import asking
from fnctl.commands.run import Run
from fnctl.errors import FnctlError, UsageError

TEMPLATES = ("http", "pipeline")
IGNORED = ".fnctl/"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def template_name(run: Run, given: str | None) -> str:
    """Choose the template: as given, as answered on a terminal, or http."""
    name = given or _ask(run, f"Template ({' or '.join(TEMPLATES)}) [http]: ") or "http"
    if name not in TEMPLATES:
        message = f"there is no template '{name}'"
        raise UsageError(message, help=f"there are {' and '.join(TEMPLATES)}:\nfnctl init --template http")
    return name


def service_name(run: Run, folder: Path, given: str | None) -> str:
    """Choose the service's name: as given, as answered, or the folder's."""
    suggestion = re.sub(r"[^a-z0-9-]+", "-", folder.resolve().name.lower()).strip("-0123456789")[:40] or "service"
    name = given or _ask(run, f"Name of the service [{suggestion}]: ") or suggestion
    if not _NAME.fullmatch(name):
        message = f"'{name}' cannot be a service's name"
        raise UsageError(message, help="small letters, digits and hyphens, a letter first, at most 40:\nfnctl init --service my-shop")
    return name


def _ask(run: Run, prompt: str) -> str:
    silent = run.settings.no_input or run.settings.yes or run.json or not run.world.asks
    return "" if silent else asking.line(run.world, prompt)


def write(folder: Path, template: str, service: str) -> list[str]:
    """Write the template's files and name them. Raises FnctlError when one is in the way, before anything is written."""
    contents = {path: text.replace("__SERVICE__", service) for path, text in _read(files("fnctl") / "templates" / template)}
    in_the_way = [path for path in contents if (folder / path).exists()]
    if in_the_way:
        message = f"{', '.join(in_the_way)} {'is' if len(in_the_way) == 1 else 'are'} there already, and init overwrites nothing"
        raise FnctlError(message, code="FN925", help="choose another folder:\nfnctl init my-service")
    try:
        return [*_write_all(folder, contents), *_ignore(folder), *_schema(folder)]
    except OSError as error:
        message = f"{error.filename or folder} cannot be written: {error.strerror}"
        raise FnctlError(message, code="FN924", help="choose a folder that you may write to:\nfnctl init my-service") from None


def _read(folder: Traversable, below: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _read(entry, f"{below}{entry.name}/")
        elif entry.name.endswith(".tmpl"):
            yield below + entry.name.removesuffix(".tmpl"), entry.read_text("utf-8")


def _write_all(folder: Path, contents: dict[str, str]) -> list[str]:
    for path, text in contents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    return list(contents)


def _ignore(folder: Path) -> list[str]:
    path = folder / ".gitignore"
    text = path.read_text("utf-8") if path.exists() else ""
    if IGNORED in text.split():
        return []
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if not text or text.endswith("\n") else "\n") + IGNORED + "\n")
    return [".gitignore"]


def _schema(folder: Path) -> list[str]:
    from fnctl.commands.schema import manifest

    own = folder / ".fnctl"
    own.mkdir(exist_ok=True)
    (own / ".gitignore").write_text("*\n", "utf-8")
    (own / "manifest-1.schema.json").write_text(json.dumps(manifest(), indent=2) + "\n", "utf-8")
    return [".fnctl/manifest-1.schema.json"]

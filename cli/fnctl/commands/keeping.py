"""On what an answer of `validate` rests, gathered after a run; `fnctl.kept` keeps it and asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fnctl import kept, plugins
from fnctl.commands.world import World
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic
from fnctl.manifest import load
from fnctl.manifest.check import Looked
from fnctl.manifest.load import Document
from fnctl.results import Checked
from fnctl.source import Span

OURS = ("fnctl", "fnctl_aws", "fnctl_azure", "fnctl_vercel", "fnctl_schemas")
DISTRIBUTION = "fnctl-cli"
UNREAD = frozenset({"FN001", "FN050"})
"""Findings about files that are not there or cannot be read: to mend them changes nothing that a later run would look at."""


class Noted(Mapping[str, str]):
    """The environment, and which variables were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ, self.names = environ, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.environ[name]

    def __iter__(self) -> Iterator[str]:
        self.names.update(self.environ)
        return iter(self.environ)

    def __len__(self) -> int:
        return len(self.environ)


def keep(words: list[str], environ: Noted, world: World, checked: Checked, *, since: float) -> None:
    """Keep the answer of a run, where all that it rests on is known: no stranger's rule had a part in it, and every file could be read."""
    document = checked.document
    targets = sorted({service.target for service in checked.services})
    answer = (targets, [_plain(d) for d in checked.diagnostics])
    if document is None or any(d.code in UNREAD for d in checked.diagnostics) or _strangers(targets) or world.redact(text := repr(answer)) != text:
        return
    seen = {*_before(document, words, world.cwd), *_handlers(document), *_included(document), *_installed(), *_code(), *_zones()}
    read = {str(document.folder / name): content for name, content in document.files.items()}
    kept.keep(words, environ.environ, str(world.cwd), since=since, read=read, seen=seen, names=sorted(environ.names), answer=answer)


def read(found: kept.Found) -> Diagnostic:
    """Make a finding of its fields."""
    made = Diagnostic(*found)
    return replace(made, span=Span(*made.span)) if made.span is not None else made  # type: ignore[misc]  # kept as a tuple


def _plain(d: Diagnostic) -> kept.Found:
    values: dict[str, Any] = {name: getattr(d, name) for name in Diagnostic.__match_args__}
    span = tuple(getattr(d.span, name) for name in Span.__match_args__) if d.span is not None else None
    return tuple({**values, "span": span}.values())


def _strangers(targets: list[str]) -> bool:
    return any(
        entry.distribution != DISTRIBUTION and (entry.group == plugins.PLUGINS or (entry.group == plugins.ADAPTERS and entry.name in targets))
        for entry in plugins.entries()
    )


def _before(document: Document, words: list[str], cwd: Path) -> Iterator[str]:
    """Yield where a manifest would have been found first."""
    start = document.folder if any(word.startswith(("--manifest", "-f")) for word in words) else cwd
    for path in (folder / name for folder in (start, *start.parents) for name in load.NAMES):
        if path == document.path:
            return  # this one's bytes count
        yield str(path)


def _handlers(document: Document) -> Iterator[str]:
    looked = document.memo.get(Looked)
    folder = str(document.folder)
    for file, _, _ in looked.files if looked else ():
        yield os.path.join(folder, file)  # noqa: PTH118  # there are thousands, and pathlib takes longer than asking how each stands


def _included(document: Document) -> Iterator[str]:
    """Yield every folder in which `include` looks for files: what is new or gone there changes the folder."""
    for pattern in document.data.get("include") or ():
        yield str(document.folder)
        parts = str(pattern).split("/")
        for length in range(1, len(parts)):
            yield from (str(path) for path in load.matching(document.folder, "/".join(parts[:length])))


def _installed() -> Iterator[str]:
    yield from (folder or "." for folder in sys.path)


def _code() -> Iterator[str]:
    """Yield our own modules as far as they are imported, and the data beside them."""
    folders = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.partition(".")[0] in OURS and file:
            yield file
            folders.add(Path(file).parent)
    for folder in folders:
        yield from (str(path) for path in folder.iterdir() if path.suffix in (".json", ".md"))


def _zones() -> Iterator[str]:
    """Yield where names of time zones were looked up."""
    if "zoneinfo" in sys.modules:
        yield from sys.modules["zoneinfo"].TZPATH

"""What the server answers, in manifest terms and without a protocol: completions, hovers, definitions, findings by file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fnctl import checking
from fnctl.diagnostics import Diagnostic
from fnctl.errors import FnctlError
from fnctl.lsp import cursor, names, schema
from fnctl.manifest.load import NAMES, Document, find, load
from fnctl.manifest.model import Key
from fnctl.session import Options, Session
from fnctl.source import Span


@dataclass(frozen=True)
class Choice:
    """One completion. `text` is written; `page` is Markdown."""

    text: str
    label: str
    kind: Literal["key", "value", "name"]
    detail: str = ""
    page: str = ""


@dataclass
class Project:
    """What the server knows: the schema, the settings it was started with, and the files as the editor has them."""

    schema: schema.Schema
    options: Options
    environ: Mapping[str, str]
    cwd: Path
    unsaved: dict[Path, bytes] = field(default_factory=dict)

    def manifest(self, path: Path) -> Path | None:
        """Find the manifest that a file belongs to: itself, the one that was named at the start, or the one above that includes it."""
        if path.name in NAMES:
            return path
        try:
            found = find(path.parent, self.cwd / self.options.manifest if self.options.manifest else None)
        except FnctlError:
            return None
        document, _ = load(found, self.unsaved)
        return found if document is not None and path in {document.folder / name for name in document.files} else None

    def findings(self, manifest: Path) -> dict[Path, list[Diagnostic]]:
        """Check a manifest as `validate` does; every file that was read is there, those without a finding too."""
        options = Options(manifest, self.options.target, self.options.stage)
        session = Session(options, self.environ, manifest.parent, unsaved=self.unsaved)
        document, _ = load(manifest, self.unsaved)
        files = {manifest.parent / name for name in (document.files if document else ())} | {manifest}
        out: dict[Path, list[Diagnostic]] = {path: [] for path in files}
        try:
            found = checking.validate(session).diagnostics
        except FnctlError as error:
            found = error.diagnostics
        for d in found:
            path = manifest.parent / d.span.path if d.span else manifest
            out[path if path in out else manifest].append(d)
        return out

    def document(self, path: Path) -> Document | None:
        """Load the manifest that a file belongs to."""
        manifest = self.manifest(path)
        return load(manifest, self.unsaved)[0] if manifest else None

    def hover(self, path: Path, line: int, column: int) -> tuple[str, Span] | None:
        """Say what the schema says of the key at a position; of a name, what it is."""
        raw, document = self.raw(path), self.document(path)
        found = cursor.spot(raw, path.name, line, column)
        if found is None or document is None:
            return None
        word = found.path[-1] if found.key else _value(document.data, found.path)
        declared = names.declaration(document.data, found.path, word, key=found.key)
        if declared is not None and declared[0] != "secrets":
            kind = names.declared(document.data).get(str(word), "")
            text = f"**{word}**: {kind}\n\n```yaml\n{_line(document, declared)}\n```"
        else:
            text = schema.page(self.schema, found.path, document.data) or ""
        return (text, found.span) if text else None

    def definition(self, path: Path, line: int, column: int) -> tuple[Path, Span] | None:
        """Find where a name is declared, or the file of a handler."""
        raw, document = self.raw(path), self.document(path)
        found = cursor.spot(raw, path.name, line, column)
        if found is None or document is None:
            return None
        word = found.path[-1] if found.key else _value(document.data, found.path)
        declared = names.declaration(document.data, found.path, word, key=found.key)
        if declared is not None:
            span = document.span(declared, key=declared[0] != "secrets")
            return (document.folder / span.path, span) if span else None
        if found.path[-1:] == ("handler",) and isinstance(word, str) and not found.key:
            file = document.folder / word.rpartition(":")[0]
            return (file, Span(file.name, _handler_line(file, word.rpartition(":")[2]), 1)) if file.is_file() else None
        return None

    def complete(self, path: Path, line: int, column: int) -> tuple[list[Choice], str]:
        """List what could stand at a position, and what of it is typed already."""
        typed = cursor.typing(self.raw(path).decode("utf-8", "replace").removeprefix("\ufeff"), line, column)
        if typed is None:
            return [], ""
        whole = self._around(path, typed)
        ending = "" if typed.colon else ": "
        if typed.key:
            return self._keys(typed.path, typed.data, whole, ending), typed.prefix
        choices = self._values(typed.path, typed.data, whole)
        if schema.takes_map(schema.at(self.schema, typed.path, None)):
            choices += self._keys(typed.path, typed.data, whole, ending)
        return choices, typed.prefix

    def _around(self, path: Path, typed: cursor.Typing) -> Any:
        """Give the names of all files of the manifest, as a document, and those of the text that is being typed."""
        manifest = self.manifest(path)
        document = load(manifest, {**self.unsaved, path: typed.text.encode(errors="replace")})[0] if manifest else None
        sides = [side for side in (document.data if document else None, typed.data) if isinstance(side, dict)]
        return names.joined(sides)

    def _keys(self, path: tuple[Key, ...], data: Any, whole: Any, ending: str) -> list[Choice]:
        have = _value(data, path)
        have = have if isinstance(have, dict) else {}
        known = schema.keys(schema.at(self.schema, path, data))
        words = [Choice(word + ending, word, "key", page=schema.page(self.schema, (*path, word), data) or "") for word in known if word not in have]
        return words + [Choice(name + ending, name, "name", kind) for name, kind in names.keys(whole, path).items() if name not in have]

    def _values(self, path: tuple[Key, ...], data: Any, whole: Any) -> list[Choice]:
        fitting = names.fitting(whole, path)
        if fitting is not None:
            return [Choice(name, name, "name", kind) for name, kind in fitting.items()]
        verbs = names.verbs(whole, path)
        words = verbs if verbs is not None else schema.values(schema.at(self.schema, path, data))
        return [Choice(text, text, "value") for text in map(_written, words)]

    def raw(self, path: Path) -> bytes:
        """Read a file as the editor has it; nothing where it cannot be read."""
        try:
            return self.unsaved[path] if path in self.unsaved else path.read_bytes()
        except OSError:
            return b""


def _value(data: Any, path: tuple[Key, ...]) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return (
        json.dumps(text, ensure_ascii=False)
        if isinstance(value, str) and not text.replace("_", "").replace("-", "").replace(".", "").isalnum()
        else text
    )


def _line(document: Document, path: tuple[Key, ...]) -> str:
    span = document.span(path, key=True)
    lines = document.lines(span.path) if span else None
    return lines[span.line - 1].strip() if span and lines and span.line <= len(lines) else str(path[-1])


def _handler_line(file: Path, name: str) -> int:
    """Find the line that seems to define a handler: the first that begins with a definition of that name."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return 1
    starts = tuple(f"{word} {name}" for word in ("def", "async def", "class", "export function", "export async function", "export const", "const"))
    return next((number for number, line in enumerate(lines, 1) if line.startswith((*starts, f"{name} =", f"{name}:"))), 1)

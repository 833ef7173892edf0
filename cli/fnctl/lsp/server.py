"""The protocol: pygls speaks it, `answers` knows what to say. The only file that imports pygls."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec

from fnctl import __version__
from fnctl.diagnostics import Diagnostic
from fnctl.lsp.answers import Choice, Project
from fnctl.manifest.layout import UnformattableError, formatted
from fnctl.manifest.load import NAMES
from fnctl.manifest.parse import NOTHING, parse
from fnctl.source import Span

PAUSE = 0.15
"""Seconds without a keystroke before the manifest is checked."""

_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning, "advice": types.DiagnosticSeverity.Information}
_KINDS = {"key": types.CompletionItemKind.Property, "value": types.CompletionItemKind.EnumMember, "name": types.CompletionItemKind.Reference}
_OPENED = types.DidOpenTextDocumentParams | types.DidChangeTextDocumentParams | types.DidSaveTextDocumentParams


class Server(LanguageServer):
    """One editor's session with one project."""

    def __init__(self, project: Project) -> None:
        super().__init__("fnctl", __version__)
        self.project = project
        self.shown: dict[Path, set[Path]] = {}

    def keep(self, uri: str) -> Path:
        """Take a document's text as the editor has it."""
        path = _path(uri)
        self.project.unsaved[path] = self.workspace.get_text_document(uri).source.encode(errors="replace")
        return path

    def check(self, path: Path) -> None:
        """Check the manifest that a file belongs to, and show the findings of each of its files."""
        manifest = self.project.manifest(path)
        if manifest is None:
            return
        found = self.project.findings(manifest)
        for gone in self.shown.get(manifest, set()) - found.keys():
            self._publish(gone, ())
        for file, diagnostics in found.items():
            self._publish(file, diagnostics)
        self.shown[manifest] = set(found)

    def _publish(self, file: Path, found: Iterable[Diagnostic]) -> None:
        uri = _uri(file)
        items = [_diagnostic(d, self.range(uri, d.span)) for d in found]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, items))

    def range(self, uri: str, span: Span | None) -> types.Range:
        """Turn a span into the client's units, which count UTF-16 unless it said otherwise."""
        if span is None:
            return types.Range(types.Position(0, 0), types.Position(0, 0))
        end = (span.end_line or span.line, span.end_column or span.column + 1)
        whole = types.Range(types.Position(span.line - 1, span.column - 1), types.Position(end[0] - 1, end[1] - 1))
        codec: PositionCodec = self.workspace.position_codec
        return codec.range_to_client_units(self._lines(uri), whole)

    def place(self, uri: str, position: types.Position) -> tuple[Path, int, int]:
        """Turn the client's position into a file, line and column, 1-based and in code points."""
        here = self.workspace.position_codec.position_from_client_units(self._lines(uri), position)
        return _path(uri), here.line + 1, here.character + 1

    def _lines(self, uri: str) -> list[str]:
        """Read a file's lines: a finding's file need be neither open nor UTF-8."""
        return self.project.raw(_path(uri)).decode("utf-8", "replace").splitlines(keepends=True)


def serve(project: Project, stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Speak with one editor until it says goodbye."""
    server = Server(project)
    _watch(server)
    _answer(server)
    _edit(server)
    server.start_io(stdin, stdout)


def _watch(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def opened(params: _OPENED) -> None:  # pyright: ignore[reportUnusedFunction]
        path = server.keep(params.text_document.uri)
        kept = server.project.unsaved[path]
        await asyncio.sleep(PAUSE)
        if server.project.unsaved.get(path) is kept:
            server.check(path)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:  # pyright: ignore[reportUnusedFunction]
        path = _path(params.text_document.uri)
        server.project.unsaved.pop(path, None)
        if path.name in NAMES:
            for file in server.shown.pop(path, set()):
                server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(_uri(file), []))


def _answer(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:  # pyright: ignore[reportUnusedFunction]
        uri = params.text_document.uri
        found = server.project.hover(*server.place(uri, params.position))
        return found and types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found[0]), server.range(uri, found[1]))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> types.Location | None:  # pyright: ignore[reportUnusedFunction]
        found = server.project.definition(*server.place(params.text_document.uri, params.position))
        return found and types.Location(_uri(found[0]), server.range(_uri(found[0]), found[1]))

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", "[", "{", ","]))
    def completion(params: types.CompletionParams) -> types.CompletionList:  # pyright: ignore[reportUnusedFunction]
        uri = params.text_document.uri
        path, line, column = server.place(uri, params.position)
        choices, prefix = server.project.complete(path, line, column)
        typed = server.range(uri, Span(path.name, line, column - len(prefix), line, column))
        return types.CompletionList(is_incomplete=False, items=[_item(choice, typed, number) for number, choice in enumerate(choices)])


def _edit(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]))
    def fixes(params: types.CodeActionParams) -> list[types.CodeAction]:  # pyright: ignore[reportUnusedFunction]
        uri = params.text_document.uri
        return [_action(uri, d) for d in params.context.diagnostics if isinstance(d.data, dict) and isinstance(d.data.get("fix"), str)]

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:  # pyright: ignore[reportUnusedFunction]
        document = server.workspace.get_text_document(params.text_document.uri)
        raw = document.source.encode(errors="replace")
        if parse(raw, "")[0] is NOTHING:
            return []  # its finding says why
        try:
            new = formatted(raw).decode()
        except UnformattableError:
            return []
        whole = types.Range(types.Position(0, 0), types.Position(len(document.lines) + 1, 0))
        return [types.TextEdit(whole, new)] if new != document.source else []


def _diagnostic(d: Diagnostic, where: types.Range) -> types.Diagnostic:
    first = f"{d.message}: {d.label}" if d.label else d.message
    text = "\n".join([first, *d.notes, *([f"help: {d.help}"] if d.help else [])])
    source = f"fnctl ({d.target})" if d.target else "fnctl"
    return types.Diagnostic(where, text, severity=_SEVERITIES[d.severity], code=d.code, source=source, data={"fix": d.fix} if d.fix else None)


def _action(uri: str, d: types.Diagnostic) -> types.CodeAction:
    new = str(d.data["fix"]) if isinstance(d.data, dict) else ""
    edit = types.WorkspaceEdit(changes={uri: [types.TextEdit(d.range, new)]})
    return types.CodeAction(f"Write `{new}`", kind=types.CodeActionKind.QuickFix, diagnostics=[d], edit=edit, is_preferred=True)


def _item(choice: Choice, typed: types.Range, number: int) -> types.CompletionItem:
    return types.CompletionItem(
        choice.label,
        kind=_KINDS[choice.kind],
        detail=choice.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, choice.page) if choice.page else None,
        sort_text=f"{number:04d}",
        text_edit=types.TextEdit(typed, choice.text),
    )


def _path(uri: str) -> Path:
    return Path(to_fs_path(uri) or "")


def _uri(path: Path) -> str:
    return from_fs_path(str(path)) or ""

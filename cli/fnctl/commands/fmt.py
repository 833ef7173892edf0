"""`fnctl fmt`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands import rewriting
from fnctl.commands.rewriting import Rewrite
from fnctl.commands.run import Run
from fnctl.errors import Exit, FnctlError, UsageError


def fmt(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Manifests, or files that they include; without any: the manifest.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what would change, and write nothing; exit 1 where something would.")] = False,
) -> int:
    """Lay out the manifest, and what it includes: indentation, spaces, blank lines, quotes. Words, comments and their order stay.

    Columns that stand under one another stay so. A file is written only when it says exactly the same afterwards.

    Examples:
        fnctl fmt
        fnctl fmt --check
        fnctl fmt --diff functions/*.yaml
    """
    run: Run = ctx.obj
    if run.json:
        message = "fmt has no form for machines"
        raise UsageError(message, help="its exit code says whether something would change:\nfnctl fmt --check")
    rewrites = [_laid_out(path, name) for path, name in _chosen(run, files or [])]
    changed = [rewrite for rewrite in rewrites if rewrite.changes]
    if diff:
        run.write(rewriting.difference(changed))
    elif not check:
        rewriting.write(changed)
    for rewrite in changed:
        run.say(f"{rewrite.name}: {'would be laid out anew' if check or diff else 'laid out'}")
    if not changed:
        run.say(f"{len(rewrites)} file{'s are' if len(rewrites) > 1 else ' is'} laid out already.")
    return Exit.FINDINGS if changed and (check or diff) else Exit.OK


def _chosen(run: Run, files: list[Path]) -> list[tuple[Path, str]]:
    """Name the files: those given, or the manifest and what it includes."""
    from fnctl.manifest.load import find, load

    if files:
        return [(run.world.cwd / path, path.as_posix()) for path in files]
    manifest = find(run.world.cwd, Path(run.settings.manifest) if run.settings.manifest else None)
    document, _ = load(manifest)
    names = document.files if document is not None else (manifest.name,)
    paths = [manifest.parent / name for name in names]
    return [(path, Path(os.path.relpath(path, run.world.cwd)).as_posix()) for path in paths]


def _laid_out(path: Path, name: str) -> Rewrite:
    from fnctl.manifest.layout import UnformattableError, formatted
    from fnctl.manifest.parse import NOTHING, parse

    raw = rewriting.read(path, name)
    value, findings = parse(raw, name)
    if value is NOTHING:
        message = f"{name} cannot be read"
        raise FnctlError(message, diagnostics=tuple(findings))
    try:
        return Rewrite(path, name, raw, formatted(raw))
    except UnformattableError as error:
        message = f"{name} is left as it is: {error}"
        raise FnctlError(message, code="FN922", help="write that part in a plainer way; nothing was written") from None

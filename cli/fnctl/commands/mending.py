"""`validate --fix` and `--diff`: what can be mended without asking is written, or shown."""

from __future__ import annotations

import os
from pathlib import Path

from fnctl.commands import rewriting
from fnctl.commands.rewriting import Rewrite
from fnctl.commands.run import Run


def fix(run: Run) -> None:
    """Write what can be mended, and say what it was."""
    rewrites, said = _mended(run)
    rewriting.write(rewrites)
    for line in said:
        run.say(f"mended {line}")


def show(run: Run) -> bool:
    """Show what `fix` would write, and tell whether there is anything."""
    rewrites, said = _mended(run)
    run.write(rewriting.difference(rewrites))
    run.say(f"{len(said)} place{'' if len(said) == 1 else 's'} can be mended: fnctl validate --fix" if said else "Nothing can be mended without you.")
    return bool(said)


def _mended(run: Run) -> tuple[list[Rewrite], list[str]]:
    from fnctl.manifest.load import find
    from fnctl.manifest.mend import mend

    manifest = find(run.world.cwd, Path(run.settings.manifest) if run.settings.manifest else None)
    mended = mend(manifest)
    names = {name: Path(os.path.relpath(manifest.parent / name, run.world.cwd)).as_posix() for name in mended.before}
    rewrites = [Rewrite(manifest.parent / name, names[name], raw, mended.after[name]) for name, raw in mended.before.items()]
    return rewrites, [f"{names[edit.span.path]}:{edit.span.line}:{edit.span.column}: {edit.new}" for edit in mended.edits]

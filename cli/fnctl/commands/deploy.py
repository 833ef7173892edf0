"""`fnctl deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands.changing import change
from fnctl.commands.options import AllowDataLoss, Confirm, LockTimeout, NoImportCheck, Timings
from fnctl.commands.run import Run
from fnctl.commands.values import duration


def deploy(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A plan saved by fnctl plan --out: applied exactly, or refused.")] = None,
    allow_data_loss: AllowDataLoss = None,
    no_import_check: NoImportCheck = False,
    lock_timeout: LockTimeout = "0s",
    confirm: Confirm = None,
    timings: Timings = False,
) -> int:
    """Make it so: build, show what changes, ask, change it, and prove that it is live.

    Exit code 0 only when every function was read back and is live; 5 when it failed and the old state is restored; 6 when it stopped half-way,
    with the command that goes on.

    Examples:
        fnctl deploy --target aws --sandbox
        fnctl deploy --target aws --stage prod --yes
        fnctl deploy release.plan
    """
    run: Run = ctx.obj
    saved = run.world.cwd / file if file else None
    allow = frozenset(allow_data_loss or ())
    return change(
        run,
        "deploy",
        lambda session, show: run.world.engine.deploy(session, saved=saved, show=show, allow_data_loss=allow),
        lock_timeout=duration("--lock-timeout", lock_timeout),
        confirmed=confirm,
        timings=timings,
        imports=not no_import_check,
    )

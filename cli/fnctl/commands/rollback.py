"""`fnctl rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.changing import change
from fnctl.commands.options import AllowDataLoss, Confirm, LockTimeout, Timings
from fnctl.commands.run import Run
from fnctl.commands.values import duration


def rollback(
    ctx: typer.Context,
    release: Annotated[int | None, typer.Argument(metavar="[N]", min=1, help="The release to restore; without it the one before.")] = None,
    allow_data_loss: AllowDataLoss = None,
    lock_timeout: LockTimeout = "0s",
    confirm: Confirm = None,
    timings: Timings = False,
) -> int:
    """Make a new release that restores an earlier one. Nothing is built: the release holds all that it needs.

    Secrets are today's.

    Examples:
        fnctl rollback
        fnctl history && fnctl rollback 7
    """
    run: Run = ctx.obj
    allow = frozenset(allow_data_loss or ())
    return change(
        run,
        "rollback",
        lambda session, show: run.world.engine.rollback(session, to=release, show=show, allow_data_loss=allow),
        lock_timeout=duration("--lock-timeout", lock_timeout),
        confirmed=confirm,
        timings=timings,
    )

"""`fnctl destroy`."""

from __future__ import annotations

import typer

from fnctl.commands.changing import change
from fnctl.commands.options import Confirm, LockTimeout, Timings
from fnctl.commands.run import Run
from fnctl.commands.values import duration


def destroy(
    ctx: typer.Context,
    lock_timeout: LockTimeout = "0s",
    confirm: Confirm = None,
    timings: Timings = False,
) -> int:
    """Take everything of this service and stage back, with its data, except what the manifest retains.

    Examples:
        fnctl destroy --target aws --sandbox
        fnctl destroy --stage pr-17 --yes
        fnctl destroy --stage prod --yes --confirm prod
    """
    run: Run = ctx.obj
    return change(
        run,
        "destroy",
        lambda session, show: run.world.engine.destroy(session, show=show),
        lock_timeout=duration("--lock-timeout", lock_timeout),
        confirmed=confirm,
        timings=timings,
    )

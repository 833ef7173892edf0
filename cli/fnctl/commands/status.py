"""`fnctl status`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def status(ctx: typer.Context) -> None:
    """Say what is there now: the release, each function, what differs, who holds the lock.

    Examples:
        fnctl status --target aws --stage prod
        fnctl status --sandbox --output json
    """
    run: Run = ctx.obj
    report = run.world.engine.status(run.session())
    run.finish()
    if run.json:
        run.document(machine.status(report))
    else:
        run.show(tables.status(report, run.paint))

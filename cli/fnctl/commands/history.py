"""`fnctl history`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def history(ctx: typer.Context) -> None:
    """List the releases, the newest first: when, who, which commit.

    Examples:
        fnctl history --stage prod
        fnctl history --output json
    """
    run: Run = ctx.obj
    releases = list(run.world.engine.history(run.session()))
    run.finish()
    if run.json:
        run.document(machine.history(releases))
    else:
        run.show(tables.history(releases, run.paint))

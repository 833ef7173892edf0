"""`fnctl outputs`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def outputs(ctx: typer.Context) -> None:
    """Print where each function of the last release is: its URL, or its id.

    Examples:
        fnctl outputs --sandbox
        curl "$(fnctl outputs --output json | jq -r .functions.api.url)"
    """
    run: Run = ctx.obj
    values = run.world.engine.outputs(run.session())
    run.finish()
    if run.json:
        run.document(machine.outputs(values))
    else:
        run.show(tables.outputs(values, run.paint))

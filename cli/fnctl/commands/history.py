"""`fnctl history`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def history(
    ctx: typer.Context,
    provenance: Annotated[
        int | None, typer.Option("--provenance", metavar="RELEASE", help="Print where that release's artifacts come from: an in-toto statement.")
    ] = None,
) -> None:
    """List the releases, the newest first: when, who, which commit.

    Examples:
        fnctl history --stage prod
        fnctl history --output json
        fnctl history --provenance 3 > statement.json
    """
    run: Run = ctx.obj
    if provenance is not None:
        said = run.world.engine.provenance(run.session(), provenance)
        run.finish()
        run.document(said)
        return
    releases = list(run.world.engine.history(run.session()))
    run.finish()
    if run.json:
        run.document(machine.history(releases))
    else:
        run.show(tables.history(releases, run.paint))

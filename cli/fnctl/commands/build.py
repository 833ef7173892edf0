"""`fnctl build`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def build(ctx: typer.Context) -> None:
    """Build every function's artifact for the chosen target, without an account.

    The same input gives the same bytes. The artifacts lie in .fnctl/build/TARGET beside the manifest.

    Examples:
        fnctl build --target aws
        fnctl build --output json
    """
    run: Run = ctx.obj
    built = run.world.engine.build(run.session())
    run.finish()
    if run.json:
        run.document(machine.build(built))
    else:
        run.show(tables.build(built, run.paint))

"""`fnctl show`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.run import Run
from fnctl.views import document as view


def show(
    ctx: typer.Context,
    resolved: Annotated[bool, typer.Option("--resolved", help="With stage, defaults and target applied.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say where each value came from.")] = False,
) -> None:
    """Print the manifest as written, or as it counts for a stage and a target.

    Examples:
        fnctl show --resolved --stage prod --target aws
        fnctl show --resolved --explain
    """
    run: Run = ctx.obj
    shown = run.world.engine.show(run.session(), resolved=resolved)
    run.finish()
    if run.json:
        run.document(view.document(shown))
    else:
        run.show(view.render(shown, run.paint, explain=explain))

"""`fnctl compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands import complete
from fnctl.commands.choosing import plans
from fnctl.commands.run import Run
from fnctl.rules import compare as facts
from fnctl.views import limits as view


def compare(
    ctx: typer.Context,
    plan: Annotated[str | None, typer.Option("--plan", metavar="NAME", help="Only this plan.", autocompletion=complete.plans)] = None,
) -> None:
    """Compare the platforms and their plans: how long a function runs, its memory, its cold start, what starts it, what it costs.

    Examples:
        fnctl compare
        fnctl compare --target azure
        fnctl compare --output json
    """
    run: Run = ctx.obj
    found = [fact for target, chosen in plans(run, plan).items() for name in chosen for fact in facts.compare(target, name)]
    if run.json:
        run.document(view.comparison_document(found))
    else:
        run.show(view.comparison(found, run.paint, verbose=run.settings.verbose))

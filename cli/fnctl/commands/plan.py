"""`fnctl plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands.options import NoImportCheck
from fnctl.commands.run import Run
from fnctl.errors import Exit
from fnctl.views import plan as view


def plan(
    ctx: typer.Context,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 3 when there are changes.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Save the plan, with its artifacts, for fnctl deploy FILE.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Plan against nothing: no credentials, no network.")] = False,
    no_import_check: NoImportCheck = False,
) -> int:
    """Show what a deploy would change. Writes nothing and takes no lock.

    Examples:
        fnctl plan --target aws --stage prod
        fnctl plan --out release.plan && fnctl deploy release.plan
        fnctl plan --exit-code --output json
    """
    run: Run = ctx.obj
    made = run.world.engine.plan(run.session(imports=not no_import_check), offline=offline, out=run.world.cwd / out if out else None)
    run.finish()
    if run.json:
        run.document(view.document(made))
    else:
        run.show(view.render(made, color=run.colour(run.world.stdout), width=run.width, unicode=run.unicode(run.world.stdout)))
        if out:
            run.say(f"Saved. Apply exactly this plan with:\nfnctl deploy {out}")
    return Exit.CHANGES if exit_code and made.changes else Exit.OK

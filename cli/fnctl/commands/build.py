"""`fnctl build`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.options import NoImportCheck
from fnctl.commands.run import Run
from fnctl.views import machine, tables


def build(
    ctx: typer.Context,
    verify: Annotated[bool, typer.Option("--verify", help="Build a second time from a copy, with an empty cache, and compare.")] = False,
    no_import_check: NoImportCheck = False,
) -> None:
    """Build every function's artifact for the chosen target, without an account.

    The same input gives the same bytes. The artifacts lie in .fnctl/build/TARGET beside the manifest.

    Examples:
        fnctl build --target aws
        fnctl build --verify
        fnctl build --output json
    """
    run: Run = ctx.obj
    built = run.world.engine.build(run.session(imports=not no_import_check), verify=verify)
    run.finish()
    if run.json:
        run.document(machine.build(built))
    else:
        run.show(tables.build(built, run.paint))
        if verify:
            run.say("A second build elsewhere, at another time and in another order, came to the same bytes.")

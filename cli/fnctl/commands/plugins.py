"""`fnctl plugins`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import machine, tables


def plugins(ctx: typer.Context) -> None:
    """List what is installed: platform adapters and plugins, what they implement, and what broke.

    Examples:
        fnctl plugins
        fnctl plugins --output json
    """
    from fnctl import plugins as installed

    run: Run = ctx.obj
    found = installed.describe()
    if run.json:
        run.document(machine.document("plugins", {"plugins": [machine.plugin(plugin) for plugin in found]}))
    else:
        run.show(tables.plugins(found, run.paint))

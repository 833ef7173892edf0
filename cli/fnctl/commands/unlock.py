"""`fnctl unlock`."""

from __future__ import annotations

import typer

from fnctl.commands.run import Run
from fnctl.views import tables


def unlock(ctx: typer.Context) -> None:
    """Show who holds the lock of this service and stage, ask, and remove exactly that lock.

    A lock whose owner is gone from this machine is taken over without this; others expire.

    Examples:
        fnctl unlock --stage prod
    """
    run: Run = ctx.obj
    lock = run.world.engine.unlock(run.session())
    run.finish()
    if run.json:
        run.stream.line("result", {"status": "unlocked" if lock else "unchanged", "lock": lock, "exit": 0})
    else:
        run.say(f"Removed the lock of {tables.holder(lock)}." if lock else "There is no lock.")

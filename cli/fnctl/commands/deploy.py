"""`fnctl deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands.changing import change
from fnctl.commands.run import Run
from fnctl.commands.values import duration


def deploy(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A plan saved by fnctl plan --out: applied exactly, or refused.")] = None,
    allow_data_loss: Annotated[
        list[str] | None, typer.Option("--allow-data-loss", metavar="ADDRESS", help="Let this object lose its data; may be given again.")
    ] = None,
    lock_timeout: Annotated[str, typer.Option("--lock-timeout", metavar="TIME", help="Wait this long for another run: 30s, 5m.")] = "0s",
    confirm: Annotated[str | None, typer.Option("--confirm", metavar="STAGE", help="Name a protected stage, for scripts.")] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Say where the time went.")] = False,
) -> int:
    """Make it so: build, show what changes, ask, change it, and prove that it is live.

    Exit code 0 only when every function was read back and is live; 5 when it failed and the old state is restored; 6 when it stopped half-way,
    with the command that goes on.

    Examples:
        fnctl deploy --target aws --sandbox
        fnctl deploy --target aws --stage prod --yes
        fnctl deploy release.plan
    """
    run: Run = ctx.obj
    saved = run.world.cwd / file if file else None
    allow = frozenset(allow_data_loss or ())
    return change(
        run,
        "deploy",
        lambda session, show: run.world.engine.deploy(session, saved=saved, show=show, allow_data_loss=allow),
        lock_timeout=duration("--lock-timeout", lock_timeout),
        confirmed=confirm,
        timings=timings,
    )

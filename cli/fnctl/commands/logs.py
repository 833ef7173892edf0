"""`fnctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.adapter import LogQuery
from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.commands.values import duration
from fnctl.views import tables


def logs(
    ctx: typer.Context,
    functions: Annotated[
        list[str] | None, typer.Argument(metavar="[FUNCTION]...", help="Without a name, all.", autocompletion=complete.functions)
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-F", help="Go on with new lines until Ctrl-C.")] = False,
    since: Annotated[str, typer.Option("--since", metavar="TIME", help="How far back: 30s, 10m, 2h, 1d.")] = "10m",
    text: Annotated[str | None, typer.Option("--filter", metavar="TEXT", help="Only lines that hold this text.")] = None,
) -> None:
    """Read the functions' logs in order of time, merged.

    Examples:
        fnctl logs
        fnctl logs api worker --since 1h --filter ERROR
        fnctl logs --follow
    """
    run: Run = ctx.obj
    names = tuple(functions or ())
    session = run.session()
    query = LogQuery(session.now() - duration("--since", since), follow, text, lambda: session.cancel)
    width = max((len(name) for name in names), default=12)
    for line in run.world.engine.logs(session, names, query):
        run.finish()
        if run.json:
            run.stream.log(line)
        else:
            run.show(tables.log_line(line, width=width, paint=run.paint))
    run.finish()
    if run.json:
        run.stream.end("read", 0)

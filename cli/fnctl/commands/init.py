"""`fnctl init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands import starting
from fnctl.commands.run import Run


def init(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where; made when it is not there.")] = Path(),
    template: Annotated[
        str | None, typer.Option("--template", metavar="NAME", help="http: one function. pipeline: a queue, a worker, a table, a schedule too.")
    ] = None,
    service: Annotated[str | None, typer.Option("--service", metavar="NAME", help="The service's name; without it the folder's.")] = None,
) -> None:
    """Write a new service: a manifest, its handlers, and the schema that editors complete from. Nothing is ever overwritten.

    Examples:
        fnctl init shop
        fnctl init --template pipeline --service orders
    """
    run: Run = ctx.obj
    place = run.world.cwd / folder
    name = starting.service_name(run, place, service)
    written = starting.write(place, starting.template_name(run, template), name)
    if run.json:
        run.stream.line("result", {"status": "created", "files": written, "exit": 0})
        return
    run.say("Wrote " + ", ".join(written) + ".")
    into = "" if folder == Path() else f"cd {folder} && "
    run.say(f"Next:\n{into}fnctl deploy --target aws --sandbox")

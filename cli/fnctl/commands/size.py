"""`fnctl size`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fnctl.build.files import write
from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.views import sizes as view
from fnctl.views import treemap


def size(
    ctx: typer.Context,
    functions: Annotated[
        list[str] | None, typer.Argument(metavar="[FUNCTION]...", help="Only what holds these.", autocompletion=complete.functions)
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page that shows it as rectangles, too.")] = None,
) -> None:
    """Show what the artifacts are made of, by package and file, and the room below the platform's limits. Builds first, as `build` does.

    Without --target, for every target in the manifest. --verbose names every file.

    Examples:
        fnctl size
        fnctl size api --target aws
        fnctl size --html size.html
        fnctl size --output json
    """
    run: Run = ctx.obj
    found = run.world.engine.size(run.session(), tuple(functions or ()))
    run.finish()
    if html is not None:
        write(run.world.cwd / html, treemap.page(found, "What the artifacts are made of").encode())
        run.say(f"wrote {html}")
    if run.json:
        run.document(view.sizes_document(found))
    else:
        run.show(view.tree(found, run.paint, verbose=run.settings.verbose))

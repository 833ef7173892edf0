"""`fnctl sandbox start|stop|status|reset`."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from fnctl.adapter import Sandbox
from fnctl.commands.options import Verb, Verbs
from fnctl.commands.run import Run
from fnctl.graph import Json
from fnctl.views import machine, tables

app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None)


@app.callback()
def sandbox() -> None:
    """Run the stand-in for the chosen platform on this machine. Every verb starts it when it is given --sandbox.

    Examples:
        fnctl deploy --target aws --sandbox
        fnctl sandbox status
        fnctl sandbox stop
    """


@app.command(cls=Verb)
def start(ctx: typer.Context) -> None:
    """Start it unless it runs, and print what another tool needs to reach it.

    Examples:
        fnctl sandbox start --target aws
        eval "$(fnctl sandbox start --quiet)" && aws s3 ls
    """
    run: Run = ctx.obj
    found = _sandbox(run)
    environ = found.start(run.say)
    if run.json:
        run.document(_document(found.status(), environ))
    else:
        run.show(tables.exports(environ))


@app.command(cls=Verb)
def stop(ctx: typer.Context) -> None:
    """Stop it and forget its data.

    Examples:
        fnctl sandbox stop
    """
    run: Run = ctx.obj
    stopped = _sandbox(run).stop()
    if run.json:
        run.document(_document(None))
    else:
        run.say("Stopped; its data is gone." if stopped else "No sandbox was running.")


@app.command(cls=Verb)
def status(ctx: typer.Context) -> None:
    """Say whether it runs, where, and in what it differs from the platform.

    Examples:
        fnctl sandbox status --output json
    """
    run: Run = ctx.obj
    found = _sandbox(run).status()
    if run.json:
        run.document(_document(found))
    else:
        run.show(tables.sandbox(found, run.paint))


@app.command(cls=Verb)
def reset(ctx: typer.Context) -> None:
    """Forget all its data and keep it running.

    Examples:
        fnctl sandbox reset
    """
    run: Run = ctx.obj
    found = _sandbox(run)
    found.reset()
    if run.json:
        run.document(_document(found.status()))
    else:
        run.say("Empty again.")


def _sandbox(run: Run) -> Sandbox:
    found = run.world.engine.sandbox(run.session())
    run.finish()
    return found


def _document(status: Mapping[str, Json] | None, environ: Mapping[str, str] | None = None) -> dict[str, object]:
    return machine.document("sandbox", {"running": status is not None, **(status or {}), **({"environment": dict(environ)} if environ else {})})

"""`fnctl invoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.adapter import Call, Reply
from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.commands.values import data as read_data
from fnctl.commands.values import require_json
from fnctl.errors import Exit
from fnctl.views import machine, tables

EVENTS = ("http", "schedule", "queue", "bucket", "topic", "table", "stream", "bus")


def invoke(
    ctx: typer.Context,
    function: Annotated[str, typer.Argument(metavar="FUNCTION", help="The function's name in the manifest.", autocompletion=complete.functions)],
    data: Annotated[str | None, typer.Option("--data", "-d", metavar="JSON", help="The payload: JSON, @FILE, or - for standard input.")] = None,
    path: Annotated[str | None, typer.Option("--path", metavar="PATH", help="Call it as an HTTP request to this path.")] = None,
    method: Annotated[str | None, typer.Option("--method", "-X", metavar="METHOD", help="The request's method; GET, or POST with --data.")] = None,
    event: Annotated[str | None, typer.Option("--event", metavar="KIND", help=f"Wrap the payload as an event: {', '.join(EVENTS)}.")] = None,
) -> int:
    """Call one deployed function. Its answer goes to standard output, all else to standard error.

    Exit code 1 when the function failed.

    Examples:
        fnctl invoke api --path /orders/7
        fnctl invoke work --data '{"id": 7}' --event queue
        cat order.json | fnctl invoke api --path /orders --method POST --data -
    """
    run: Run = ctx.obj
    if event is not None and event not in EVENTS:
        message = f"--event is one of {', '.join(EVENTS)}, not '{event}'"
        raise typer.BadParameter(message)
    body = read_data(run, data)
    http = path is not None or method is not None
    if not http and event is None:
        require_json(body)
    verb = (method or ("POST" if body else "GET")).upper() if http else None
    reply = run.world.engine.invoke(run.session(), Call(function, body, verb, (path or "/") if http else None, event))
    run.finish()
    _answer(run, function, reply)
    return Exit.OK if reply.ok else Exit.FINDINGS


def _answer(run: Run, function: str, reply: Reply) -> None:
    if run.json:
        run.document(machine.invoke(function, reply))
        return
    run.say(tables.reply(reply, run.paint_talk))
    try:
        text = reply.body.decode()
    except UnicodeDecodeError:
        run.world.raw(reply.body)
    else:
        if text:
            run.show(text.removesuffix("\n"))

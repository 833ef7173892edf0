"""`fnctl secret set|list|rm`: values come from standard input or a prompt, never from the command line."""

from __future__ import annotations

from getpass import getpass
from typing import Annotated

import typer

from fnctl.commands import complete
from fnctl.commands.options import Verb, Verbs
from fnctl.commands.run import Run
from fnctl.errors import UsageError
from fnctl.views import machine, tables

app = typer.Typer(cls=Verbs, add_completion=False, rich_markup_mode=None)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name in the manifest.", autocompletion=complete.secrets)]


@app.callback()
def secret() -> None:
    """Set, list and remove the values of the manifest's secrets, in the platform's own vault.

    Examples:
        fnctl secret set STRIPE_KEY --stage prod
        fnctl secret list
    """


@app.command("set", cls=Verb)
def put(ctx: typer.Context, name: Name) -> None:
    """Store a value. It is read from standard input, or asked for on a terminal; functions see it after the next deploy.

    Examples:
        fnctl secret set STRIPE_KEY --stage prod
        pass show stripe | fnctl secret set STRIPE_KEY
    """
    run: Run = ctx.obj
    value = _value(run, name)
    run.world.hide(value)
    version = run.world.engine.secret_set(run.session(), name, value)
    run.finish()
    if run.json:
        run.document(machine.secrets({name: version}))
    else:
        run.say(f"{name} is stored (version {version}). It is live after:\nfnctl deploy{_where(run)}")


def _where(run: Run) -> str:
    """Repeat the options that name the place."""
    given = run.settings
    named = [f" --target {given.target}" if given.target else "", f" --stage {given.stage}" if given.stage else ""]
    return "".join([*named, " --sandbox" if given.sandbox else ""])


@app.command("list", cls=Verb)
def listed(ctx: typer.Context) -> None:
    """List the manifest's secrets and whether they are set. Values are never shown.

    Examples:
        fnctl secret list --stage prod
    """
    run: Run = ctx.obj
    versions = run.world.engine.secrets(run.session())
    run.finish()
    if run.json:
        run.document(machine.secrets(versions))
    else:
        run.show(tables.secrets(versions, run.paint))


@app.command("rm", cls=Verb)
def remove(ctx: typer.Context, name: Name) -> None:
    """Remove a value from the vault. Functions that are running keep what they have read.

    Examples:
        fnctl secret rm STRIPE_KEY --stage dev
    """
    run: Run = ctx.obj
    run.world.engine.secret_remove(run.session(), name)
    run.finish()
    if run.json:
        run.document(machine.secrets({name: None}))
    else:
        run.say(f"{name} is removed.")


def _value(run: Run, name: str) -> str:
    if run.world.asks and not run.settings.no_input:
        value = getpass(f"Value of {name}: ")
    elif run.world.stdin.isatty():
        message = f"there is nobody to ask for the value of {name}"
        raise UsageError(message, code="FN903", help=f"pipe it in:\nfnctl secret set {name} < FILE")
    else:
        value = run.world.read().decode().removesuffix("\n").removesuffix("\r")
    if not value:
        message = f"the value of {name} is empty"
        raise UsageError(message, code="FN950", help="give it on standard input; to take it away:\nfnctl secret rm " + name)
    return value

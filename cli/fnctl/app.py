"""The command table: every verb, its heading and its one line of help. A verb's module is imported when it is called."""

from __future__ import annotations

from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import Annotated, Any, NamedTuple

import typer

from fnctl.commands.options import Verb, Verbs, shared, take
from fnctl.commands.run import Run
from fnctl.errors import UsageError
from fnctl.views import help as pages


class Entry(NamedTuple):
    """One line of the table; the module is `fnctl.commands.<name>`."""

    heading: str
    help: str


START, DEPLOY, LOOK, REST = "Start", "Change", "Look", "Around"

TABLE = {
    "init": Entry(START, "Write a new service into a folder."),
    "validate": Entry(START, "Check the manifest, offline."),
    "fmt": Entry(START, "Lay out the manifest; comments stay."),
    "show": Entry(START, "Print the manifest as it counts, and where each value is from."),
    "build": Entry(START, "Build the artifacts."),
    "size": Entry(START, "Show what the artifacts are made of."),
    "plan": Entry(DEPLOY, "Show what a deploy would change."),
    "deploy": Entry(DEPLOY, "Make it so."),
    "rollback": Entry(DEPLOY, "Go back to an earlier release."),
    "destroy": Entry(DEPLOY, "Take everything back."),
    "unlock": Entry(DEPLOY, "Remove the lock of a run that is gone."),
    "status": Entry(LOOK, "Say what is there now."),
    "outputs": Entry(LOOK, "Print the URLs and ids."),
    "history": Entry(LOOK, "List the releases."),
    "invoke": Entry(LOOK, "Call one function."),
    "logs": Entry(LOOK, "Read the functions' logs."),
    "secret": Entry(REST, "Set, list and remove secrets."),
    "sandbox": Entry(REST, "The stand-in for a platform on this machine."),
    "rules": Entry(REST, "List the rules of validate."),
    "explain": Entry(REST, "Explain a rule, or a key of the manifest."),
    "limits": Entry(REST, "List the platforms' limits, with their sources."),
    "compare": Entry(REST, "Compare the platforms and their plans."),
    "plugins": Entry(REST, "List adapters and plugins, and what broke."),
    "lsp": Entry(REST, "Serve editors: the language server."),
    "schema": Entry(REST, "Print a JSON Schema: the manifest's, or a machine form's."),
}


def load(name: str) -> Any:  # a command of typer's
    """Import one verb's module and let typer make its command."""
    module = import_module(f"fnctl.commands.{name}")
    group = getattr(module, "app", None)
    if group is None:
        group = typer.Typer(add_completion=False, rich_markup_mode=None)
        group.command(name, cls=Verb)(getattr(module, name))
    command = typer.main.get_command(group)
    command.name, command.short_help = name, TABLE[name].help
    return command


class Fnctl(Verbs):
    """The root: the global options, and the table."""

    def __init__(self, *, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(params=[*(params or []), *shared()], **more)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # typer asks by name
        """Name every verb, in the table's order."""
        return list(TABLE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import the verb that was asked for."""
        return load(cmd_name) if cmd_name in TABLE else None

    def invoke(self, ctx: Any) -> Any:
        """Take the options that stand before the verb."""
        take(ctx)
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show the table."""
        run: Run = ctx.obj
        table = {name: (entry.heading, entry.help) for name, entry in TABLE.items()}
        formatter.write(pages.root(self, ctx, table, color=run.colour(run.world.stdout), width=run.width))


def _version(value: bool) -> None:  # typer's callback
    if value:
        from fnctl.commands.version import line

        typer.echo(line())
        raise typer.Exit


def _root(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001  # its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, and that of Python and the system.")
    ] = False,
) -> None:
    """One manifest, deployed to AWS Lambda, Azure Functions and Vercel.

    Examples:
        fnctl init shop && cd shop
        fnctl deploy --target aws --sandbox
        fnctl plan --target aws --stage prod
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def command() -> Any:
    """Make the root command."""
    app = typer.Typer(cls=Fnctl, rich_markup_mode=None, invoke_without_command=True, context_settings={"help_option_names": ["--help", "-h"]})
    app.callback()(_root)
    return typer.main.get_command(app)


def run(argv: list[str], given: Run) -> int:
    """Run one command line. Raises FnctlError, with typer's own complaints as UsageError."""
    complaint: type[Exception] = typer.BadParameter.__mro__[1]  # the base of all usage errors, which typer does not export
    try:
        with redirect_stdout(given.world.stdout), redirect_stderr(given.world.stderr):  # typer prints help and completion itself
            code = command().main(args=argv, prog_name="fnctl", standalone_mode=False, obj=given, color=True)
    except complaint as error:
        raise _usage(error) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    return int(code or 0)


def _usage(error: Any) -> UsageError:  # typer's complaint
    from difflib import get_close_matches

    ctx = error.ctx
    path = ctx.command_path if ctx else "fnctl"
    message = str(error.format_message()).rstrip(".")
    if message.startswith("No such command"):
        word = message.split("'")[1]
        near = get_close_matches(word, TABLE, 1)
        message = f"there is no command '{word}'" + (f"; did you mean '{near[0]}'?" if near else "")
    return UsageError(message[:1].lower() + message[1:], help=f"see how it is used:\n{path} --help")

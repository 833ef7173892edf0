"""Typer's side of the option table: the options that every verb takes, before or after its name."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from fnctl.commands.run import Run
from fnctl.commands.table import GLOBALS, NO_IMPORT_CHECK, REPORTS, Option
from fnctl.dataclass import replace
from fnctl.views import help as pages

AllowDataLoss = Annotated[
    list[str] | None, typer.Option("--allow-data-loss", metavar="ADDRESS", help="Let this object lose its data; may be given again.")
]
LockTimeout = Annotated[str, typer.Option("--lock-timeout", metavar="TIME", help="Wait this long for another run: 30s, 5m.")]
Confirm = Annotated[str | None, typer.Option("--confirm", metavar="STAGE", help="Name a protected stage, for scripts.")]
Timings = Annotated[bool, typer.Option("--timings", help="Say where the time went.")]


def declare(option: Option) -> Any:  # what typer.Option returns
    """Turn a line of the table into typer's own declaration, for a verb's signature."""
    from fnctl.commands import complete

    completion = complete.rules if option.metavar == "CODES" else None
    return typer.Option(*option.flags, help=option.help, metavar=option.metavar, rich_help_panel=option.panel, autocompletion=completion)


NoImportCheck = Annotated[bool, declare(NO_IMPORT_CHECK)]


def shared() -> list[Any]:
    """Make the global options. Each verb needs its own, because typer remembers in them who is asking."""
    return [_shared(option) for option in GLOBALS]


def _shared(option: Option) -> TyperOption:
    from fnctl.commands import complete

    completion = {"target": complete.targets, "stage": complete.stages, "output": complete.outputs}.get(option.name)
    return TyperOption(
        param_decls=[option.name, *option.flags],
        help=option.help,
        metavar=option.metavar,
        is_flag=option.metavar is None,
        default=False if option.metavar is None else None,
        rich_help_panel=option.panel,
        autocompletion=completion,
    )


def take(ctx: Any) -> None:  # typer.Context, or its parent class
    """Move the global options that were given here from typer's context into the run's settings. What stands later on the line wins."""
    run: Run = ctx.obj
    given = {option.name: ctx.params.pop(option.name, None) for option in GLOBALS}
    form = given["output"] or run.settings.output
    reports = REPORTS if ctx.parent is None or ctx.info_name == "validate" else ()  # before the verb's name it is not known whose form this is
    _choose("output", form, reports)
    run.settings = replace(run.settings, **{name: value for name, value in given.items() if value})


def _choose(name: str, value: str | None, more: tuple[str, ...]) -> None:
    choices = (*next(option.choices for option in GLOBALS if option.name == name), *more)
    if value and value not in choices:
        message = f"--{name} is {', '.join(choices[:-1])} or {choices[-1]}, not '{value}'"
        raise typer.BadParameter(message)


class Verb(TyperCommand):
    """A verb: its own options, and the global ones."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(*args, params=[*(params or []), *shared()], **more)

    def invoke(self, ctx: Any) -> Any:
        """Take the global options out of the way of the function's own."""
        take(ctx)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # typer would turn it into a number; the boundary has words for it
            raise typer.Abort from None

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples first."""
        formatter.write(pages.verb(self, ctx, color=ctx.obj.colour(ctx.obj.world.stdout), width=ctx.obj.width))


class Verbs(TyperGroup):
    """A group of verbs, such as `secret set|list|rm`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Examples first."""
        formatter.write(pages.verb(self, ctx, color=ctx.obj.colour(ctx.obj.world.stdout), width=ctx.obj.width))

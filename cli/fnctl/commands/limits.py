"""`fnctl limits`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import typer

from fnctl.commands import complete
from fnctl.commands.choosing import plans
from fnctl.commands.run import Run
from fnctl.dataclass import replace
from fnctl.errors import UsageError
from fnctl.rules.limits import Limits, load
from fnctl.views import limits as view

T = TypeVar("T")


def limits(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[LIMIT]...", help="Only these, and what begins with them: sqs, lambda.mapping.")
    ] = None,
    plan: Annotated[str | None, typer.Option("--plan", metavar="NAME", help="Only this plan.", autocompletion=complete.plans)] = None,
    region: Annotated[str | None, typer.Option("--region", metavar="NAME", help="With the numbers of this region.")] = None,
) -> None:
    """List the platforms' limits that validate knows: for each plan, what happens above it, and with --verbose how sure it is and who says so.

    Examples:
        fnctl limits --target aws
        fnctl limits lambda.timeout sqs
        fnctl limits --plan hobby --output json
    """
    run: Run = ctx.obj
    wanted = names or []
    found = [[_only(load(target, plan=name, region=region), wanted) for name in chosen] for target, chosen in plans(run, plan).items()]
    found = [group for group in found if any(one.table for one in group)]
    if not found:
        message = f"there is no limit '{wanted[0]}'" if len(wanted) == 1 else f"there are no limits {', '.join(wanted)}"
        raise UsageError(message, help="see their names:\nfnctl limits")
    if run.json:
        run.document(view.limits_document([one for group in found for one in group], region))
    else:
        run.show("\n\n".join(view.table(group, run.paint, verbose=run.settings.verbose) for group in found))


def _only(limits: Limits, names: list[str]) -> Limits:
    """Keep what is called so, or lies below it."""
    if not names:
        return limits

    def kept(items: Mapping[str, T]) -> dict[str, T]:
        return {id_: item for id_, item in items.items() if any(id_ == name or id_.startswith(f"{name}.") for name in names)}

    return replace(limits, table=kept(limits.table), patterns=kept(limits.patterns), words=kept(limits.words), runtimes=kept(limits.runtimes))

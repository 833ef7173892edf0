"""`fnctl rules`."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl import catalogue, plugins
from fnctl.commands import complete
from fnctl.commands.run import Run
from fnctl.errors import UsageError
from fnctl.views import rules as view


def rules(
    ctx: typer.Context,
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]...", help="Only these, and what begins so: SEC, AWS1.", autocompletion=complete.rules)
    ] = None,
) -> None:
    """List the rules of validate: code, severity, platforms, whether they count, and what they find. Those of installed plugins are among them.

    Examples:
        fnctl rules
        fnctl rules SEC --target aws
        fnctl rules --output json
    """
    run: Run = ctx.obj
    wanted = tuple(codes or ())
    more = plugins.Plugins()
    catalogue.known(wanted, more)
    target = _target(run)
    found = [rule for rule in catalogue.every(more) if not wanted or rule.code.startswith(wanted)]
    found = [rule for rule in found if target is None or not rule.targets or target in rule.targets]
    if run.json:
        run.document(view.rules_document(found))
    else:
        run.show(view.table(found, run.paint) if found else f"No such rules look at {target}.")
    run.findings(more.findings)


def _target(run: Run) -> str | None:
    target = run.settings.target or run.world.environ.get("FNCTL_TARGET")
    if target and target not in plugins.names():
        message = f"no adapter for the target '{target}' is installed"
        raise UsageError(message, code="FN960", help=f"installed: {', '.join(plugins.names())}")
    return target

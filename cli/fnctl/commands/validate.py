"""`fnctl validate` through typer; what it does is in check.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from fnctl.commands.check import check
from fnctl.commands.comparison import compare
from fnctl.commands.options import declare
from fnctl.commands.run import Run
from fnctl.commands.table import IGNORE, NO_CACHE, NO_FILES, SELECT, STRICT
from fnctl.dataclass import replace
from fnctl.errors import Exit, FnctlError, UsageError


def validate(
    ctx: typer.Context,
    manifests: Annotated[list[Path] | None, typer.Argument(metavar="[MANIFEST]...", help="Manifests; without any, the one of --manifest.")] = None,
    strict: Annotated[bool, declare(STRICT)] = False,
    no_files: Annotated[bool, declare(NO_FILES)] = False,
    select: Annotated[list[str] | None, declare(SELECT)] = None,
    ignore: Annotated[list[str] | None, declare(IGNORE)] = None,
    no_cache: Annotated[bool, declare(NO_CACHE)] = False,  # noqa: ARG001  # what comes this way is always checked anew
    all_targets: Annotated[
        bool, typer.Option("--all-targets", help="Compare every platform: what works, what does not, what to use instead.")
    ] = False,
    built: Annotated[bool, typer.Option("--built", help="Check the sizes of what `fnctl build` left, too.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="First write what can be mended without asking, such as a misspelt key.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would write; exit 1 where there is something. Checks nothing else.")] = False,
) -> int:
    """Check the manifest against every target that it names, or the chosen one. Needs no account and no network.

    Exit code 1 when there is an error, and with --strict when there is a warning. Besides text and json, --output speaks
    sarif, github, junit and gitlab.

    Examples:
        fnctl validate
        fnctl validate --target aws --stage prod --strict
        fnctl validate --select AWS,SEC --ignore AWS116
        fnctl validate --fix
        fnctl validate --all-targets
        fnctl build -t aws && fnctl validate -t aws --built
        fnctl validate --output sarif > fnctl.sarif
    """
    if diff and ctx.obj.json:
        message = "--diff is a text, and --output asks for a report"
        raise UsageError(message, help="ask for one of them:\nfnctl validate --diff")
    chosen, left_out, runs = ",".join(select or ()), ",".join(ignore or ()), _runs(ctx.obj, manifests or [])
    if all_targets:
        return max(compare(run, chosen, left_out) for run in runs)
    if diff:
        return max(_shown(run) for run in runs)
    if fix:
        _mend(runs)

    def one(run: Run) -> int:
        name = (run.settings.manifest or "") if len(runs) > 1 else ""
        return check(run, strict=strict, files=not no_files, built=built, select=chosen, ignore=left_out, name=name)

    return one(runs[0]) if len(runs) == 1 else max(_in_turn(run, one) for run in runs)


def _in_turn(run: Run, one: Callable[[Run], int]) -> int:
    """Check one of several manifests: one that cannot be read does not keep the others from being checked."""
    try:
        return one(run)
    except UsageError:
        raise  # it is about the command line
    except FnctlError as error:
        run.findings(error.diagnostics)
        return error.exit


def _runs(run: Run, manifests: list[Path]) -> list[Run]:
    if len(manifests) > 1 and run.json:
        message = "a report is about one manifest"
        raise UsageError(message, help="ask for one report for each:\nfnctl validate --output sarif --manifest PATH")
    return [Run(run.world, replace(run.settings, manifest=str(path)), run.argv) for path in manifests] or [run]


def _shown(run: Run) -> int:
    from fnctl.commands import mending

    return Exit.FINDINGS if mending.show(run) else Exit.OK


def _mend(runs: list[Run]) -> None:
    from fnctl.commands import mending

    for run in runs:
        mending.fix(run)

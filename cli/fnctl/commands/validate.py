"""`fnctl validate` through typer; what it does is in check.py."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.check import check
from fnctl.commands.options import declare
from fnctl.commands.table import NO_FILES, STRICT


def validate(ctx: typer.Context, strict: Annotated[bool, declare(STRICT)] = False, no_files: Annotated[bool, declare(NO_FILES)] = False) -> int:
    """Check the manifest against every target that it names, or the chosen one. Needs no account and no network.

    Exit code 1 when there is an error, and with --strict when there is a warning. Besides text and json, --output speaks
    sarif, github, junit and gitlab.

    Examples:
        fnctl validate
        fnctl validate --target aws --stage prod --strict
        fnctl validate --output json
        fnctl validate --output sarif > fnctl.sarif
    """
    return check(ctx.obj, strict=strict, files=not no_files)

"""`fnctl build` through typer; what it does is in make.py."""

from __future__ import annotations

from typing import Annotated

import typer

from fnctl.commands.make import make
from fnctl.commands.options import declare
from fnctl.commands.table import NO_IMPORT_CHECK, VERIFY


def build(
    ctx: typer.Context,
    verify: Annotated[bool, declare(VERIFY)] = False,
    no_import_check: Annotated[bool, declare(NO_IMPORT_CHECK)] = False,
) -> int:
    """Build every function's artifact for the chosen target, without an account.

    The same input gives the same bytes. The artifacts lie in .fnctl/build/TARGET beside the manifest.

    Examples:
        fnctl build --target aws
        fnctl build --verify
        fnctl build --output json
    """
    return make(ctx.obj, verify=verify, imports=not no_import_check)

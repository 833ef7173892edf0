"""`fnctl lsp`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fnctl.commands.run import Run
from fnctl.errors import FnctlError

_EXTRA = {"pygls", "lsprotocol", "cattrs", "attrs"}


def lsp(ctx: typer.Context, stdio: Annotated[bool, typer.Option("--stdio", help="What it does anyway; editors like to say it.")] = False) -> None:  # noqa: ARG001
    """Speak the language server protocol on standard input and output, for an editor: findings, hover, completion, definitions, fixes, layout.

    Needs the extra: pip install 'fnctl-cli[lsp]'

    Examples:
        fnctl lsp
        fnctl lsp --target aws --stage prod
    """
    from fnctl.commands.schema import manifest
    from fnctl.lsp.answers import Project
    from fnctl.session import Options

    run: Run = ctx.obj
    given = run.settings
    options = Options(Path(given.manifest) if given.manifest else None, given.target, given.stage)
    _serve()(Project(manifest(), options, run.world.environ, run.world.cwd), sys.stdin.buffer, _alone())


def _serve() -> Any:  # fnctl.lsp.server.serve, which may not be installed
    try:
        from fnctl.lsp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _EXTRA:
            raise
        message = "the language server is not installed"
        raise FnctlError(message, code="FN923", help="it is an extra:\npip install 'fnctl-cli[lsp]'") from None
    return serve


def _alone() -> Any:  # a binary file
    """Take standard output for the protocol alone: whatever else would write there goes to standard error."""
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "wb")

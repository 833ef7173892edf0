"""`fnctl validate --all-targets`."""

from __future__ import annotations

from fnctl.commands.check import codes
from fnctl.commands.run import Run
from fnctl.commands.table import REPORTS
from fnctl.dataclass import replace
from fnctl.errors import Exit, UsageError
from fnctl.views import matrix as view


def compare(run: Run, select: str = "", ignore: str = "") -> int:
    """Show the portability matrix. Exit 1 where a target that the manifest names refuses something. Raises UsageError for codes of no rule."""
    if run.settings.output in REPORTS:
        message = f"--all-targets compares targets, and --output {run.settings.output} reports findings"
        raise UsageError(message, help="ask for one of them:\nfnctl validate --all-targets --output json")
    session = run.session()
    session.options = replace(session.options, select=codes(select), ignore=codes(ignore))
    made = run.world.engine.matrix(session)
    if run.json:
        run.document(view.matrix_document(made))
    else:
        run.show(view.matrix(made, run.paint, verbose=run.settings.verbose, width=run.width))
    return Exit.FINDINGS if made.refused() else Exit.OK

"""What deploy, rollback and destroy have in common: show the plan, listen to Ctrl-C, say how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from fnctl.commands.interrupt import listening
from fnctl.commands.run import Run
from fnctl.errors import Exit, FnctlError
from fnctl.plan.model import Plan
from fnctl.results import Result
from fnctl.session import Session

Act: TypeAlias = Callable[[Session, Callable[[Plan], None]], Result]


def change(
    run: Run, verb: str, act: Act, *, lock_timeout: float = 0.0, confirmed: str | None = None, timings: bool = False, imports: bool = True
) -> int:
    """Run a verb that writes, and give its exit code."""
    begun = time.monotonic()
    session = run.session(events=True, lock_timeout=lock_timeout, confirmed=confirmed, imports=imports)
    if run.json:
        return _streamed(run, verb, session, act)
    with listening(session, run.warn):
        try:
            result = act(session, lambda plan: _show(run, plan))
        finally:
            run.finish()
    _conclude(run, result, took=time.monotonic() - begun, timings=timings)
    return result.exit


def _streamed(run: Run, verb: str, session: Session, act: Act) -> int:
    """Stream, and end with a result line whatever happens: a reader must never wait for one in vain."""
    run.stream.line("start", {"verb": verb, "stage": run.settings.stage, "target": run.settings.target})
    status, code = "failed", int(Exit.FINDINGS)
    result = None
    try:
        with listening(session, run.warn):
            result = act(session, lambda _plan: None)
    except FnctlError as error:
        run.stream.findings(error.diagnostics)
        code = int(error.exit)
    except KeyboardInterrupt:
        status, code = "cancelled", int(Exit.INTERRUPTED)
    finally:
        if result is None:
            run.stream.end(status, code)
    if result is None:
        return code
    run.stream.result(result)
    return result.exit


def _show(run: Run, plan: Plan) -> None:
    from fnctl.views.plan import render

    run.progress.pause()
    run.progress.expect(plan)
    if plan.changes or plan.notes:
        run.say(render(plan, color=run.colour(run.world.stderr), width=run.width, unicode=run.unicode(run.world.stderr)))


def _conclude(run: Run, result: Result, *, took: float, timings: bool) -> None:
    from fnctl.views import tables
    from fnctl.views.theme import painter

    talk = painter(color=run.colour(run.world.stderr))
    run.findings(result.diagnostics)
    (run.warn if result.exit else run.say)(tables.closing(result, talk, took))
    if timings:
        run.say(tables.timings(result.timings, talk))
    if result.outputs and result.status != "cancelled":
        run.show(tables.outputs(result.outputs, run.paint))

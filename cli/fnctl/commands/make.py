"""`build` itself, without typer: a build in which nothing changed must be over before anybody looks up."""

from __future__ import annotations

from fnctl.commands.run import Run
from fnctl.errors import Exit


def make(run: Run, *, verify: bool, imports: bool) -> int:
    """Build, and say what came of it."""
    built = run.world.maker.build(run.session(imports=imports), verify=verify)
    run.finish()
    if run.json:
        from fnctl.views import machine

        run.document(machine.build(built))
        return Exit.OK
    from fnctl.views import tables

    run.show(tables.build(built, run.paint))
    if verify:
        run.say("A second build elsewhere, at another time and in another order, came to the same bytes.")
    return Exit.OK

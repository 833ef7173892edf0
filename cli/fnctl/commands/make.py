"""`build` itself, without typer: a build in which nothing changed must be over before anybody looks up."""

from __future__ import annotations

from fnctl.commands.interrupt import listening
from fnctl.commands.run import Run
from fnctl.errors import Exit


def make(run: Run, *, verify: bool, imports: bool) -> int:
    """Build, and say what came of it."""
    session = run.session(imports=imports)
    with listening(session, run.say):  # told to end, also by a CI that is called off, it takes its temporary files along
        built = run.world.maker.build(session, verify=verify)
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

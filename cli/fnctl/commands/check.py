"""`validate` itself, without typer: the verb that editors, hooks and people run most must be there at once."""

from __future__ import annotations

import time

from fnctl import kept
from fnctl.commands.run import Run
from fnctl.dataclass import replace
from fnctl.diagnostics import Diagnostic, has_errors, summary
from fnctl.errors import Exit


def check(run: Run, *, strict: bool, files: bool, built: bool = False, select: str = "", ignore: str = "", name: str = "") -> int:
    """Check the manifest and show what was found. Exit 1 on an error, with `strict` on a warning too. Raises UsageError for codes of no rule.

    `name` is how one of several manifests is called where there is nothing to find.
    """
    session = run.session()
    session.options = replace(session.options, built=built, select=codes(select), ignore=codes(ignore))
    checked = run.world.checker.validate(session, files=files)
    return _shown(run, sorted({service.target for service in checked.services}), checked.diagnostics, strict=strict, name=name)


def check_and_keep(run: Run, words: list[str], *, strict: bool, files: bool, select: str, ignore: str) -> int:
    """Check, and keep the answer for the next run of the same words."""
    from fnctl.commands import keeping

    since, session = time.time(), run.session()
    session.options = replace(session.options, select=codes(select), ignore=codes(ignore))
    session.environ = environ = keeping.Noted(session.environ)
    checked = run.world.checker.validate(session, files=files)
    code = _shown(run, sorted({service.target for service in checked.services}), checked.diagnostics, strict=strict)
    keeping.keep(words, environ, run.world, checked, since=since)
    return code


def answer(run: Run, found: kept.Answer, *, strict: bool) -> int:
    """Show what was kept."""
    from fnctl.commands.keeping import read

    return _shown(run, found[0], tuple(read(one) for one in found[1]), strict=strict)


def _shown(run: Run, targets: list[str], diagnostics: tuple[Diagnostic, ...], *, strict: bool, name: str = "") -> int:
    if run.settings.output != "text":
        from fnctl.commands.findings import written

        run.write(written(run.settings.output, diagnostics, run.world, run.settings.manifest, strict=strict))
    else:
        run.findings(diagnostics)
        if not diagnostics:
            run.say(kept.verdict(targets).replace("The manifest", name or "The manifest", 1))
    failed = has_errors(diagnostics) or (strict and summary(diagnostics)["warning"] > 0)
    return Exit.FINDINGS if failed else Exit.OK


def codes(given: str) -> tuple[str, ...]:
    """Read what --select and --ignore were given: codes of rules, or their beginnings."""
    asked = tuple(code.strip() for code in given.split(",") if code.strip())
    if asked:
        from fnctl import catalogue  # it loads every adapter

        catalogue.known(asked)
    return asked

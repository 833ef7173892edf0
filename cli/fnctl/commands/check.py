"""`validate` itself, without typer: the verb that editors, hooks and people run most must be there at once."""

from __future__ import annotations

from fnctl.commands.run import Run
from fnctl.dataclass import replace
from fnctl.diagnostics import has_errors, summary
from fnctl.errors import Exit


def check(run: Run, *, strict: bool, files: bool, built: bool = False, select: str = "", ignore: str = "") -> int:
    """Check the manifest and show what was found. Exit 1 on an error, with `strict` on a warning too. Raises UsageError for codes of no rule."""
    session = run.session()
    session.options = replace(session.options, built=built, select=codes(select), ignore=codes(ignore))
    checked = run.world.checker.validate(session, files=files)
    counts = summary(checked.diagnostics)
    if run.settings.output != "text":
        from fnctl.commands.findings import written

        run.write(written(run.settings.output, checked.diagnostics, run.world, run.settings.manifest, strict=strict))
    else:
        run.findings(checked.diagnostics)
        if not checked.diagnostics:
            run.say(_verdict(sorted({service.target for service in checked.services})))
    failed = has_errors(checked.diagnostics) or (strict and counts["warning"] > 0)
    return Exit.FINDINGS if failed else Exit.OK


def codes(given: str) -> tuple[str, ...]:
    """Read what --select and --ignore were given: codes of rules, or their beginnings."""
    asked = tuple(code.strip() for code in given.split(",") if code.strip())
    if asked:
        from fnctl import catalogue  # it loads every adapter

        catalogue.known(asked)
    return asked


def _verdict(targets: list[str]) -> str:
    return f"The manifest is fine for {', '.join(targets)}." if targets else "The manifest is fine, and names no target to check it for."

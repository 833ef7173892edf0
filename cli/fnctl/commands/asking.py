"""Questions to a person, and what answers them where there is none."""

from __future__ import annotations

from fnctl.commands.run import Run
from fnctl.errors import UsageError


def confirm(run: Run, question: str, expect: str | None, confirmed: str | None = None) -> bool:
    """Agree or not. --yes agrees to everything but what has to be typed out (`expect`), which --confirm answers.

    Raises:
        UsageError: there is nobody to ask and no option has answered.
    """
    if expect is None:
        return run.settings.yes or _asked(run, f"{question} [y/N] ", question, "--yes").lower() in {"y", "yes"}
    if confirmed is not None:
        return _agrees(confirmed, expect)
    return _asked(run, f"{question}\nIt is protected. Type '{expect}' to go on: ", question, f"--confirm {expect}") == expect


def _agrees(confirmed: str, expect: str) -> bool:
    if confirmed == expect:
        return True
    message = f"--confirm says '{confirmed}', and this is '{expect}'"
    raise UsageError(message, help=f"nothing was changed; to go on:\n--confirm {expect}")


def _asked(run: Run, prompt: str, question: str, option: str) -> str:
    if run.settings.no_input or not run.world.asks:
        message = "this needs an answer, and there is nobody to ask"
        raise UsageError(message, code="FN903", notes=(f"question: {question}",), help=f"agree on the command line:\n{option}")
    run.finish()
    return line(run, prompt)


def line(run: Run, prompt: str) -> str:
    """Read one line; the question goes to stderr, because stdout is data. The end of input answers nothing."""
    run.world.stderr.write(prompt)
    run.world.stderr.flush()
    return run.world.stdin.readline().strip()

"""Questions to a person, and what answers them where there is none."""

from __future__ import annotations

from fnctl.commands.table import Settings
from fnctl.commands.world import World
from fnctl.errors import UsageError


def confirm(world: World, settings: Settings, question: str, expect: str | None, confirmed: str | None = None) -> bool:
    """Agree or not. --yes agrees to everything but what has to be typed out (`expect`), which --confirm answers.

    Raises:
        UsageError: there is nobody to ask and no option has answered.
    """
    if expect is None:
        return settings.yes or _asked(world, settings, f"{question} [y/N] ", question, "--yes").lower() in {"y", "yes"}
    if confirmed is not None:
        return _agrees(confirmed, expect)
    return _asked(world, settings, f"{question}\nIt is protected. Type '{expect}' to go on: ", question, f"--confirm {expect}") == expect


def _agrees(confirmed: str, expect: str) -> bool:
    if confirmed == expect:
        return True
    message = f"--confirm says '{confirmed}', and this is '{expect}'"
    raise UsageError(message, help=f"nothing was changed; to go on:\n--confirm {expect}")


def _asked(world: World, settings: Settings, prompt: str, question: str, option: str) -> str:
    if settings.no_input or not world.asks:
        message = "this needs an answer, and there is nobody to ask"
        raise UsageError(message, code="FN903", notes=(f"question: {question}",), help=f"agree on the command line:\n{option}")
    return line(world, prompt)


def line(world: World, prompt: str) -> str:
    """Read one line; the question goes to stderr, because stdout is data. The end of input answers nothing."""
    world.stderr.write(prompt)
    world.stderr.flush()
    return world.stdin.readline().strip()

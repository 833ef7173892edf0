"""Signs and colours, and when there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Paint: TypeAlias = Callable[[str, str], str]

SIGNS: Mapping[str, str] = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
PLAIN_SIGNS: Mapping[str, str] = {**SIGNS, "replace": "+/-"}
"""For a terminal or pipe that cannot say ±."""

STYLES: Mapping[str, str] = {
    "create": "32",
    "update": "33",
    "replace": "1;35",
    "delete": "31",
    "error": "1;31",
    "warning": "1;33",
    "advice": "1;36",
    "good": "32",
    "bold": "1",
    "dim": "2",
    "link": "36",
}


def wants_colour(environ: Mapping[str, str], *, terminal: bool, no_color: bool = False) -> bool:
    """Decide once: the flag, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then what the stream is and CLICOLOR and TERM say about it."""
    if no_color or environ.get("NO_COLOR"):
        return False
    force = environ.get("FORCE_COLOR") or environ.get("CLICOLOR_FORCE")
    if force:
        return force != "0"
    return terminal and environ.get("CLICOLOR") != "0" and environ.get("TERM") != "dumb"


def painter(*, color: bool) -> Paint:
    """Return a function (text, style) -> text."""
    if not color:
        return lambda text, _style: text
    return lambda text, style: f"\x1b[{STYLES[style]}m{text}\x1b[0m" if text else text


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write `1 function`, `2 functions`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def seconds(value: float) -> str:
    """Write a duration for people: `40 ms`, `1.4 s`, `12 s`, `3 min 05 s`."""
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def size(number: int) -> str:
    """Write bytes for people, in the platforms' own binary units: `812 B`, `3.4 KB`, `12 MB`."""
    value = float(number)
    for unit in ("B", "KB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"


def printable(text: str) -> str:
    """Take out what could steer a terminal: a log line or a platform's message must not move the cursor or set the title."""
    return "".join(char if char.isprintable() or char in "\t\n" else "�" for char in text)

"""Five-field cron in EventBridge Scheduler's six fields: names for weekdays, `?` for the day that is not said, lists for steps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fnctl.manifest.schedule import Field, cron

DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
"""By name, because Scheduler counts weekdays from 1 where cron counts them from 0."""


@lru_cache(maxsize=1024)
def scheduler_cron(text: str) -> str:
    """`0 3 * * 1-5` -> `0 3 ? * MON-FRI *`. Raises ValueError where Scheduler has no words for it."""
    asked = cron(text)
    if not (asked.day.any or asked.weekday.any):
        # cron means "either of the two", and Scheduler takes only one of them.
        msg = "a day of the month and a weekday at once"
        raise ValueError(msg)
    day = _numbers(asked.day) if asked.weekday.any else "?"
    weekday = "?" if asked.weekday.any else _runs(asked.weekday.values, DAYS)
    return f"{_numbers(asked.minute)} {_numbers(asked.hour)} {day} {_numbers(asked.month)} {weekday} *"


def _numbers(field: Field) -> str:
    return "*" if field.any else _runs(field.values, [str(number) for number in range(60)])


def _runs(values: Iterable[int], words: list[str] | tuple[str, ...]) -> str:
    """Join neighbours: 1,2,3,5 -> `1-3,5`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1][1] = value
        else:
            runs.append([value, value])
    return ",".join(words[a] if a == b else f"{words[a]}-{words[b]}" for a, b in runs)

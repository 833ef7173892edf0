"""The trigger of timers: NCRONTAB, six fields with seconds first, in UTC; and time spans, counted from the start."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fnctl_azure.standin.hosts import inputs
from fnctl_azure.standin.hosts.app import App, Ask, Stopped, span
from fnctl_azure.standin.hosts.model import Found

REASON = "Timer fired at {}"
FAR = timedelta(days=366 * 8)
"""How far ahead a next time is looked for: the 29th of February may be eight years away."""

LATE = timedelta(seconds=30)
"""A timer that fires later than this is past due, as after a machine has slept."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


class ScheduleError(ValueError):
    """A schedule that is none: the host would not start the function's listener."""


@dataclass(frozen=True)
class Schedule:
    """When a timer is due: the values of each of six fields, or a rate."""

    fields: tuple[frozenset[int], ...] = ()
    rate: timedelta = timedelta()

    def after(self, moment: datetime) -> datetime:
        """Return the next time behind a moment. Raises ScheduleError when there is none."""
        if not self.fields:
            return moment + self.rate
        seconds, minutes, hours, days, months, weekdays = self.fields
        at = moment.replace(microsecond=0) + timedelta(seconds=1)
        while at < moment + FAR:
            if at.month not in months or at.day not in days or at.isoweekday() % 7 not in weekdays:
                at = at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif at.hour not in hours:
                at = at.replace(minute=0, second=0) + timedelta(hours=1)
            elif at.minute not in minutes:
                at = at.replace(second=0) + timedelta(minutes=1)
            elif at.second not in seconds:
                at += timedelta(seconds=1)
            else:
                return at
        words = "it is never due"
        raise ScheduleError(words)


def read(text: str, settings: Mapping[str, str]) -> Schedule:
    """Read a schedule: NCRONTAB with six fields (with five, seconds are 0), a time span, or the name of a setting between percent signs.

    Raises:
        ScheduleError: it is none of these.
    """
    said = re.sub(r"%([^%]+)%", lambda found: settings.get(found[1], found[0]), text).strip()
    if re.fullmatch(r"(\d+\.)?\d{1,2}:\d{1,2}:\d{1,2}", said):
        return Schedule(rate=timedelta(seconds=span(said)))
    words = said.lower().split()
    words = ["0", *words] if len(words) == 5 else words
    if len(words) != len(_BOUNDS):
        told = f"The schedule expression '{said}' was not recognized as a valid cron expression or timespan string."
        raise ScheduleError(told)
    fields = [_field(word, *bounds) for word, bounds in zip(words, _BOUNDS, strict=True)]
    fields[5] = frozenset(day % 7 for day in fields[5])
    return Schedule(tuple(fields))


def _field(word: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in word.split(","):
        found = re.fullmatch(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", part)
        if found is None or found[4] == "0":
            raise ScheduleError(part)
        first = low if found[1] else _number(found[2])
        last = high if found[1] or (found[4] and not found[3]) else _number(found[3] or found[2])
        if not low <= first <= last <= high:
            raise ScheduleError(part)
        values |= set(range(first, last + 1, int(found[4] or 1)))
    return frozenset(values)


def _number(word: str) -> int:
    for names, offset in ((_MONTHS, 1), (_DAYS, 0)):
        if word[:3] in names and word.isalpha():
            return names.index(word[:3]) + offset
    if not word.isdigit():
        raise ScheduleError(word)
    return int(word)


def listen(app: App, found: Found, stop: threading.Event) -> None:
    """Fire one function's timer until `stop`. Times that pass while it runs are left out, as by the host."""
    try:
        schedule = read(str(found.trigger["schedule"]), app.settings)
        due = datetime.now(UTC) if found.trigger.get("runOnStartup") else schedule.after(datetime.now(UTC))
    except ScheduleError as error:
        app.say(f"The listener for function 'Functions.{found.name}' was unable to start: {error}", "Error", "Host.Startup", found.name)
        return
    last: datetime | None = None
    while not stop.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
        fired = datetime.now(UTC)
        data = inputs.timer(last, due, past=fired - due > LATE)
        ask = Ask(data, {"TimerTrigger": {"string": f"{due:%m/%d/%Y %H:%M:%S}"}}, reason=REASON.format(fired.isoformat()))
        with suppress(Stopped):
            app.deliver(found.name, ask, lambda seconds: not stop.wait(seconds))
        last, due = fired, schedule.after(max(fired, due, datetime.now(UTC)))
